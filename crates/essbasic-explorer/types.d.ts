/** Types of the page. For `tsc` only; not loaded by the browser. */
import type { JsonObject, Language, Route } from "../essbasic-page/types.js";

export type { Json, JsonObject, Language, Route } from "../essbasic-page/types.js";

export type Mode = "emulator" | "test" | "production" | "offline";

export interface ActionSummary {
  name: string;
  title: string;
  title_en: string;
  group: string;
  effect: "read" | "write";
  deprecated: boolean;
  idempotent: boolean;
  modeled: boolean | null;
  required_fields: number;
}

export interface Catalogue {
  service: string;
  version: string;
  mode: Mode;
  endpoint: string;
  allow_writes: boolean;
  has_credential: boolean;
  can_save: boolean;
  /** Whether the page is part of the admin page of essbasic-server, which is one level above. */
  is_mounted: boolean;
  has_emulator: boolean;
  agent: JsonObject | null;
  groups: string[];
  actions: ActionSummary[];
  objects: string[];
  values: string[];
  codes: string[];
}

export type Kind = "action" | "object" | "field" | "value" | "code";

export interface Hit {
  kind: Kind;
  name: string;
  title: string | null;
  text: string;
  target: string;
}

export interface SearchResult {
  query: string;
  total: number;
  took_ms: number;
  groups: { kind: Kind; total: number }[];
  hits: Hit[];
}

export interface FieldType {
  kind: "string" | "int64" | "uint64" | "float" | "bool" | "object" | "array";
  object?: string;
  items?: FieldType;
}

export interface Limits {
  min_items?: number;
  max_items?: number;
  min_chars?: number;
  max_chars?: number;
  max_bytes?: number;
  min?: number;
  max?: number;
}

export interface Field {
  name: string;
  type: FieldType;
  doc: string;
  required: boolean;
  internal: boolean;
  sensitive: boolean;
  base64: boolean;
  deprecated: string | null;
  values: string | null;
  limits: Limits;
}

export interface ObjectItem {
  name: string;
  doc: string;
  fields: Field[];
  rules?: string[];
}

export interface ValueSet {
  name: string;
  doc: string;
  values: { wire: string | number; doc: string }[];
}

/** What `/api/items/NAME` returns; `kind` decides which fields exist. */
export interface Item {
  kind: "action" | "object" | "values" | "code";
  name: string;
  title: string;
  doc: string;
  group: string;
  feature: string;
  effect: "read" | "write";
  deprecated: boolean | string | null;
  idempotent: boolean;
  host: string | null;
  rate_limit: number | null;
  pages: JsonObject | null;
  request: string;
  response: string;
  objects: Record<string, ObjectItem>;
  values: Record<string, ValueSet> | ValueSet["values"];
  errors: { code: string; doc: string; hint: string | null }[];
  related: string[];
  example: JsonObject;
  used_in?: string[];
  hint?: string | null;
  returned_by?: string[];
}

export interface Violation {
  path: string;
  message: string;
}

export interface Check {
  ok: boolean;
  violations: Violation[];
  line: number | null;
  column: number | null;
  extracted?: boolean;
}

export interface Preview {
  method: string;
  url: string;
  headers: [string, string][];
  body: string;
  masked: string[];
}

export interface CallError {
  code: string;
  message: string;
  hint: string | null;
  kind: string;
  is_outcome_unknown: boolean;
}

export interface Call {
  id: number;
  action: string;
  ok: boolean;
  status: number | null;
  request_id: string | null;
  attempts: number;
  duration_ms: number;
  headers: [string, string][];
  response: JsonObject | null;
  error: CallError | null;
  raw: string | null;
}

export interface HistoryEntry {
  id: number;
  at: string;
  action: string;
  effect: "read" | "write";
  ok: boolean;
  status: number | null;
  request_id: string | null;
  error_code: string | null;
  duration_ms: number;
  attempts: number;
  request: JsonObject;
  response: JsonObject | null;
  error: CallError | null;
}

export interface Saved {
  name: string;
  action: string;
  bytes: number;
  saved_at: string;
}

export interface Session {
  agent: JsonObject | null;
  lastPreview: Preview | null;
  files: import("./assets/files.js").Files;
  draft(action: string): string;
  setDraft(action: string, text: string): void;
  on(event: "agent" | "draft", listener: () => void): () => void;
}

export interface Context {
  api: typeof import("../essbasic-page/assets/api.js");
  catalogue: Catalogue;
  route: Route;
  lang: Language;
  t: typeof import("../essbasic-page/assets/i18n.js").t;
  navigate: typeof import("../essbasic-page/assets/router.js").navigate;
  session: Session;
  describe(name: string): Promise<Item>;
}

export interface Party {
  name: string;
  organization: string | null;
  status: string;
  signed_at: number | null;
  reminded: boolean;
}

/** Contract of the emulator. */
export interface Flow {
  flow: string;
  name: string;
  status: string;
  reason: string;
  created: number;
  deadline: number;
  composed: number;
  parties: Party[];
}

export interface Fault {
  kind: string;
  rate: number;
  action: string | null;
  times: number | null;
}

/** Callback of the emulator with its outcome. */
export interface CallbackEntry {
  at: number;
  msg_type: string;
  flow: string | null;
  url: string;
  outcome: "pending" | "acknowledged" | "given_up";
  attempts: number;
  status: number | null;
  error: string | null;
}

export interface Overview {
  now: number;
  speed: number;
  total: number;
  flows: Flow[];
  faults: Fault[];
  fault_kinds: { kind: string; doc: string }[];
  callbacks: CallbackEntry[];
  stats: { calls: Record<string, number>; rejected: Record<string, number>; faults: Record<string, number> };
}

/** What the sections of the emulator's page share; `post` sends a command and refreshes the page. */
export interface Panel {
  context: Context;
  post(command: string, body: unknown): Promise<any>;
  overview(): Overview | null;
}

/** A page: fills the container and may return a function that ends it. */
export type Render = (container: HTMLElement, context: Context) => Promise<void | (() => void)>;
