import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

/** The titles of the tests of a file, and of the folder by its name, as they stand in the sources. */
function titlesIn(file: string): Set<string> {
  const tests = new URL("../../test/", import.meta.url);
  const folder = new URL(`${file}/`, tests);
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => new URL(name, folder)) : [];
  const titles = [new URL(`${file}.test.ts`, tests), ...parts]
    .map((source) => readFileSync(source, "utf8"))
    .flatMap((source) => [...source.matchAll(/\btest\(\s*"((?:[^"\\]|\\.)+)"/g)]);
  return new Set(titles.map(([, title]) => JSON.parse(`"${title}"`) as string));
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
