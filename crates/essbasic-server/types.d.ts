/** Types of the admin page. For `tsc` only; not loaded by the browser. */
import type { JsonNumber } from "./assets/json.js";

export type Json = null | boolean | number | string | JsonNumber | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export type Language = "en" | "zh";
export type State = "open" | "claimed" | "done" | "dead";

/** Loop that is paused by an error that affects every contract. */
export interface Paused {
  name: string;
  cause: string;
  since: string;
  probe_at: string;
  hint: string | null;
}

export interface DeadReason {
  reason: string;
  count: number;
  hint: string | null;
}

/** What `GET /api/status` returns. Times are in RFC 3339, by the clock of the store. */
export interface Status {
  now: string;
  version: string;
  store: string;
  writable: boolean;
  ready: boolean;
  draining: boolean;
  contracts: Record<State, number>;
  dead: DeadReason[];
  oldest_due_seconds: number | null;
  forward_backlog: number;
  forward_dead: number;
  workers: number;
  paused: Paused[];
  /** Dead forwards by target. */
  dead_forwards?: { target: string; count: number; reasons?: DeadReason[] }[];
  callbacks_refused?: { count: number; last_at: string | null };
  explorer: string | null;
}

export interface Contract {
  flow_id: string;
  state: State;
  task: "poll" | "archive" | null;
  status: string;
  status_at: string | null;
  due: string | null;
  attempts: number;
  reason: string | null;
  hint: string | null;
  added_at: string;
  finished_at: string | null;
  result: "archived" | "ended" | "dropped" | null;
  files: { bytes: number; sha256: string }[];
  request_id: string | null;
}

export interface TimelineEvent {
  number: number;
  at: string;
  kind: string;
  detail: string;
}

export interface ContractDetail extends Contract {
  events: TimelineEvent[];
}

export interface Forward {
  seq: number;
  target: string;
  replay: boolean;
  attempts: number;
  due: string;
  delivered_at: string | null;
  dead: string | null;
  hint?: string | null;
  /** Time at which a replay replaced a dead forward. */
  replayed_at?: string | null;
  error?: string | null;
  failed_at?: string | null;
}

export interface Message {
  seq: number;
  id: string;
  type: string;
  flow_id: string | null;
  received_at: string;
  has_body: boolean;
  body?: "stored" | "expired" | "not_stored";
  dead_forwards?: number;
  forwards: Forward[];
}

export interface Target {
  name: string;
  host: string;
  types: string[];
  backlog: number;
  dead: number;
  state: "ok" | "failing" | "idle";
  last_delivered_at: string | null;
  last_error: string | null;
  last_error_at?: string | null;
  configured: boolean;
}

export interface Worker {
  id: string;
  name: string;
  entered_at: string;
  alive_until: string;
  claimed: number;
  self: boolean;
}

export interface Rate {
  per_action: number;
  actions: { action: string; used: number; free: number }[];
}

export interface Sample {
  minute: string;
  open: number;
  dead: number;
  finished: number;
  messages: number;
  backlog: number;
}

/** Samples of one bar of the chart; `null` without samples. Times are in milliseconds. */
export interface Bucket {
  start: number;
  end: number;
  sums: { finished: number; messages: number; open: number; dead: number; backlog: number } | null;
}

export interface Selected {
  flow_id: string;
  result: "done" | "not_found" | "not_dead" | "added" | "known" | "invalid" | "finished";
}

export interface Route {
  path: string;
  query: URLSearchParams;
}

export interface Context {
  api: typeof import("./assets/api.js");
  route: Route;
  lang: Language;
  t: typeof import("./assets/i18n.js").t;
  navigate: typeof import("./assets/router.js").navigate;
}

/** Fills the page; the returned function ends it. */
export type Render = (container: HTMLElement, context: Context) => Promise<(() => void) | undefined>;
