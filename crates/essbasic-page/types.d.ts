/** Types of the assets that all pages use. For `tsc` only; not loaded by the browser. */
import type { JsonNumber } from "./assets/json.js";

export type Json = null | boolean | number | string | JsonNumber | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export type Language = "en" | "zh";

export interface Route {
  path: string;
  query: URLSearchParams;
}
