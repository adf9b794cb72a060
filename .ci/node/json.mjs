// Tests json.js: digits and names stay as typed, errors have positions, and requests are found inside of logs.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2] ?? ".");
const { extract, format, getAt, parse, parsePath, pathText, setAt } = await import(pathToFileURL(join(folder, "json.js")).href);

for (const text of [
  '{"a":9007199254740993,"b":1.0,"c":1e400,"d":-0,"e":0.10,"f":18446744073709551615}',
  '{"__proto__":{"a":1},"constructor":2,"toString":null}',
  '[true,false,null,"\\"\\\\\\n",[],{}]',
  '{"合同":"😀"}',
]) assert.equal(format(parse(text), 0), text);

for (const [text, reason, line, column] of [
  ["", "json.end", 1, 1],
  ['{"a":1,}', "json.key", 1, 8],
  ['{\n  "合同" 1}', "json.colon", 2, 8],
  ['{"a":01}', "json.comma", 1, 7],
  ['{"a":1,"a":2}', "json.duplicate", 1, 8],
  ['{"a":"\n"}', "json.control", 1, 7],
  ['{"a":"\\x"}', "json.escape", 1, 8],
  ["[1", "json.end", 1, 3],
  ["{} x", "json.trailing", 1, 4],
  ["[".repeat(300), "json.depth", 1, 202],
]) {
  assert.throws(() => parse(text), (error) => {
    assert.deepEqual([error.reason, error.line, error.column], [reason, line, column], text);
    return true;
  });
}

for (const [text, found] of [
  ['INFO body={"a":12345678901234567890} 200', '{"a":12345678901234567890}'],
  ['body="{\\"a\\":{\\"b\\":1}}" 200', '{"a":{"b":1}}'],
  ['{bad {"a":1}', '{"a":1}'],
  ["nothing", undefined],
  ["{", undefined],
]) assert.equal(extract(text)?.text, found, text);

const path = ["Flows", 0, "Name"];
assert.equal(pathText(path), "Flows[0].Name");
assert.deepEqual(parsePath("Flows[0].Name"), path);
const value = parse('{"Flows":[{"Name":"a","Id":9007199254740993}],"Other":1.0}');
assert.equal(format(setAt(value, path, "b"), 0), '{"Flows":[{"Name":"b","Id":9007199254740993}],"Other":1.0}');
assert.equal(format(setAt(value, ["Flows", 0], undefined), 0), '{"Flows":[],"Other":1.0}');
assert.equal(getAt(value, path), "a");
assert.equal(getAt(value, ["Flows", 1, "Name"]), undefined);
const spans = new Map();
parse('{"a": [1, 22]}', spans);
assert.deepEqual(spans.get("a[1]"), [10, 12]);
console.log("json: passed");
