-- One schema for both databases. {id}: an identity column. {key}: text in the order of its bytes. {int}: 64 bits. {bytes}: bytes.
-- {hot}: options of tables whose rows are updated often.
-- Times are in milliseconds since 1970, by the clock of the store.

-- `probe`: bytes that are written to find out whether the store accepts changes again.
CREATE TABLE store (id TEXT NOT NULL, probe {bytes});

CREATE TABLE worker (
    id {key} PRIMARY KEY,
    name TEXT NOT NULL,
    entered_at {int} NOT NULL,
    alive_until {int} NOT NULL,
    -- Length of the lease: `alive_until` is further in the future only if the clock went back.
    lease {int} NOT NULL,
    -- 1 if its latest claim was of a contract alone.
    alone {int} NOT NULL,
    -- Refused callbacks of the process, and the time of the last one.
    refused {int} NOT NULL,
    refused_at {int},
    -- 1 once the end of the lease was counted.
    is_counted {int} NOT NULL
){hot};

-- Unfinished contracts only, so that it stays small.
CREATE TABLE contract_open (
    flow_id {key} PRIMARY KEY,
    status TEXT NOT NULL,
    status_at {int} NOT NULL,
    task TEXT NOT NULL,
    due {int} NOT NULL,
    owner {key},
    attempt {int} NOT NULL,
    reason TEXT,
    dead_at {int},
    added_at {int} NOT NULL,
    events {int} NOT NULL,
    -- Number of the latest claim.
    claims {int} NOT NULL,
    -- Number of the latest claims in a row whose workers were lost, without the present claim.
    lost {int} NOT NULL
){hot};
CREATE INDEX contract_open_due ON contract_open (task, due, flow_id) WHERE dead_at IS NULL;
CREATE INDEX contract_open_lost ON contract_open (task, due, flow_id) WHERE dead_at IS NULL AND lost > 0;
CREATE INDEX contract_open_owner ON contract_open (owner) WHERE owner IS NOT NULL;
CREATE INDEX contract_open_dead ON contract_open (reason, flow_id) WHERE dead_at IS NOT NULL;

CREATE TABLE contract_done (
    flow_id {key} PRIMARY KEY,
    status TEXT NOT NULL,
    status_at {int} NOT NULL,
    finish TEXT NOT NULL,
    attempt {int} NOT NULL,
    added_at {int} NOT NULL,
    finished_at {int} NOT NULL,
    evidence TEXT,
    events {int} NOT NULL,
    claims {int} NOT NULL
);
CREATE INDEX contract_done_finished ON contract_done (finished_at);

-- The latest 50 events of a contract: a ring, whose slot is the number of the event modulo 50. They stay as long as the contract, also
-- after it is finished.
CREATE TABLE event (
    flow_id {key} NOT NULL,
    slot {int} NOT NULL,
    number {int} NOT NULL,
    at {int} NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (flow_id, slot)
);

CREATE TABLE message (
    seq {id},
    id {key} NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    flow_id {key},
    received_at {int} NOT NULL,
    -- Encrypted by the caller.
    body {bytes}
);
CREATE INDEX message_received ON message (received_at);
CREATE INDEX message_body ON message (received_at) WHERE body IS NOT NULL;
CREATE INDEX message_flow ON message (flow_id, seq) WHERE flow_id IS NOT NULL;

CREATE TABLE outbox (
    seq {id},
    target {key} NOT NULL,
    message {int} NOT NULL,
    flow_id {key},
    replay {int} NOT NULL,
    -- 1 until it is delivered or dead.
    pending {int} NOT NULL,
    -- 1 if no earlier forward of its contract to its target is pending, so that it may be claimed; 1 of a replay.
    head {int} NOT NULL,
    due {int} NOT NULL,
    owner {key},
    attempt {int} NOT NULL,
    queued_at {int} NOT NULL,
    delivered_at {int},
    dead TEXT,
    -- Time at which a replay replaced a dead forward, which does not count as dead since then.
    replayed_at {int},
    -- Time and cause of the last attempt that failed.
    failed_at {int},
    error TEXT
){hot};
-- Only heads, so that the cost of a claim does not depend on the number of forwards that wait for another one.
CREATE INDEX outbox_due ON outbox (target, due, seq) WHERE pending = 1 AND head = 1;
CREATE INDEX outbox_order ON outbox (target, flow_id, replay, seq) WHERE pending = 1;
CREATE INDEX outbox_owner ON outbox (owner) WHERE owner IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (target, message) WHERE dead IS NOT NULL AND replayed_at IS NULL;
CREATE INDEX outbox_message ON outbox (message);
-- The latest delivery and the latest failure of a target.
CREATE INDEX outbox_delivered ON outbox (target, delivered_at) WHERE delivered_at IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (target, failed_at, seq) WHERE failed_at IS NOT NULL;

-- Targets of the configurations of the servers. `missing_since`: no server has announced the target since then.
CREATE TABLE forward_target (name {key} PRIMARY KEY, seen_at {int} NOT NULL, missing_since {int});

-- The moments of each action, separated by commas, and the time of the latest booking.
CREATE TABLE pace (action {key} PRIMARY KEY, moments TEXT NOT NULL, at {int} NOT NULL){hot};

CREATE TABLE pause (
    name {key} PRIMARY KEY,
    cause TEXT NOT NULL,
    since {int} NOT NULL,
    probe_at {int} NOT NULL
);

CREATE TABLE sample (
    minute {int} PRIMARY KEY,
    open {int} NOT NULL,
    dead {int} NOT NULL,
    finished {int} NOT NULL,
    messages {int} NOT NULL,
    backlog {int} NOT NULL
);

-- The number of rows of `contract_done`.
CREATE TABLE total (finished {int} NOT NULL);
INSERT INTO total (finished) VALUES (0);
