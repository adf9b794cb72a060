// Compares the tables of i18n-en.js and i18n-zh.js: the same keys, the same placeholders, and no empty text. Arguments: the folder
// of the page, and that of the files that all pages use.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// A page serves the files of both folders from one.
const folder = mkdtempSync(join(tmpdir(), "assets-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const from of process.argv.slice(2)) cpSync(from, folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{"type":"module"}');

/**
 * Returns the key and text of each entry of the first object that the module exports.
 * @param {string} name
 * @returns {Promise<Map<string, string>>}
 */
async function table(name) {
  const module = await import(pathToFileURL(join(folder, name)).href);
  const entries = Object.values(module).find((value) => typeof value === "object" && value !== null);
  if (!entries) throw new Error(`${name} exports no table`);
  return new Map(Object.entries(entries));
}

/** @param {string} text */
const placeholders = (text) => (text.match(/\{\w*\}/g) ?? []).sort().join();

const [english, chinese] = [await table("i18n-en.js"), await table("i18n-zh.js")];
const faults = [];
for (const [key, text] of english) {
  const translation = chinese.get(key);
  if (translation === undefined) faults.push(`i18n-zh.js lacks ${key}`);
  else if (placeholders(text) !== placeholders(translation)) faults.push(`${key}: different placeholders`);
  if (text === "" || translation === "") faults.push(`${key}: empty`);
}
for (const key of chinese.keys()) if (!english.has(key)) faults.push(`i18n-en.js lacks ${key}`);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`translations: ${english.size} texts`);
