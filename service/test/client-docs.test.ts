import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startTestService, type TestService } from "./support/app.js";

/** Seen from dist/test. */
const DOCS = new URL("../../docs/client.md", import.meta.url);
/** Inside the package, so that it finds the package by its name. */
const PROGRAM = fileURLToPath(new URL("client-docs-program.js", import.meta.url));

describe("docs/client.md", () => {
  let service: TestService;

  before(async () => {
    service = await startTestService();
  });
  after(async () => {
    rmSync(PROGRAM, { force: true });
    await service.close();
  });

  test("prints what it says", async () => {
    const text = readFileSync(DOCS, "utf8");
    const program = /```js\n([\s\S]+?)```/.exec(text)?.[1] ?? "";
    const said = [...(/It prints `(\w+)`, then `(\w+)`/.exec(text) ?? [])].slice(1);
    writeFileSync(PROGRAM, program);
    const env = {
      ...process.env,
      SERVICE_URL: `${service.url}/graphql`,
      TOKEN: await service.token("alice"),
    };
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], { env });
    assert.deepEqual(stdout.trim().split("\n"), said);
    assert.equal(said.length, 2);
  });
});
