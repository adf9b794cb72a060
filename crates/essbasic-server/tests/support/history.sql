-- A store with a history: {count} archived contracts, each with a timeline, a message and its delivered forward, of the last 6 days.
-- For SQLite and PostgreSQL. {now}: milliseconds since 1970.

INSERT INTO contract_done (flow_id, status, status_at, finish, attempt, added_at, finished_at, evidence, events, claims)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
SELECT 'yDHistory' || CAST(1000000000 + i AS TEXT), 'ALL', {now} - 1000 - i % 518400000, 'archived', 1,
    {now} - 60000 - i % 518400000, {now} - i % 518400000,
    '{"files":[{"bytes":62000,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],"request_id":"e2b5b1c8-8a7c-4d3f-9f0e-0123456789ab"}',
    4, 1
FROM n;

INSERT INTO event (flow_id, slot, number, at, kind, detail)
WITH RECURSIVE k (number, kind, detail) AS (
    SELECT 1, 'added', '' UNION ALL SELECT 2, 'message', 'FlowStatusChange'
    UNION ALL SELECT 3, 'status', 'ALL' UNION ALL SELECT 4, 'archived', '1 file'
)
SELECT d.flow_id, k.number, k.number, d.finished_at, k.kind, k.detail FROM contract_done AS d, k
WHERE d.flow_id LIKE 'yDHistory%';

INSERT INTO message (id, kind, flow_id, received_at)
SELECT 'history' || d.flow_id, 'FlowStatusChange', d.flow_id, d.finished_at - 1000 FROM contract_done AS d
WHERE d.flow_id LIKE 'yDHistory%';

INSERT INTO outbox (target, message, flow_id, replay, pending, head, due, attempt, queued_at, delivered_at)
SELECT 'billing', m.seq, m.flow_id, 0, 0, 1, m.received_at, 1, m.received_at, m.received_at FROM message AS m
WHERE m.id LIKE 'history%';

UPDATE total SET finished = finished + {count};
