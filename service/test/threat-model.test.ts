import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** Seen from dist/test. */
const readDocs = (name: string) =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");

function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\| (\d+|[a-z]) \|/.test(line))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

/** The titles of the tests of a file, or of a part of one in a folder, as they stand in its source. */
function titlesIn(file: string): Set<string> {
  const name = file.includes("/") ? `${file}.ts` : `${file}.test.ts`;
  const source = readFileSync(new URL(`../../test/${name}`, import.meta.url), "utf8");
  const titles = source.matchAll(/\btest\(\s*"((?:[^"\\]|\\.)+)"/g);
  return new Set([...titles].map(([, title]) => JSON.parse(`"${title}"`) as string));
}

const attacks = rowsOf(readDocs("threat-model")).map(([number]) => number);
const claims = rowsOf(readDocs("threat-model-tests"));

test("each attack of the threat model has a test by name, and no test is for an attack that is not there", () => {
  assert.ok(attacks.length > 20);
  assert.deepEqual(
    attacks,
    attacks.map((_, place) => String(place + 1)),
  );
  const tested = new Set(claims.map(([number]) => number!).filter((number) => /\d/.test(number)));
  assert.deepEqual([...tested], attacks);
});

test("each test that the threat model names is in the sources", () => {
  const missing = claims.filter(
    ([, , file, title]) => !titlesIn(file!.replaceAll("`", "")).has(title!),
  );
  assert.deepEqual(missing, []);
});
