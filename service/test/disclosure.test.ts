import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestService } from "./support/app.js";
import { codeOf } from "./support/device.js";

test("in production nobody is told the schema, or given a page", async () => {
  const production = await startTestService({}, { isProduction: true, GRAPHIQL: "off" });
  try {
    const token = await production.token("ada");
    const schema = await production.graphql("{ __schema { types { name } } }", {}, token);
    assert.equal(codeOf(schema), "GRAPHQL_VALIDATION_FAILED");
    const page = await fetch(`${production.url}/graphql`, { headers: { accept: "text/html" } });
    assert.notEqual(page.status, 200);
  } finally {
    await production.close();
  }
});

test("what fails unexpectedly tells nothing", async () => {
  const broken = await startTestService();
  const { token } = broken;
  const admin = await token("root", "admin");
  // What the daily task has done is read through connections of its own.
  const { background } = broken.database;
  const execute = background.select;
  try {
    background.select = () => {
      throw new Error("password authentication failed for user postgres");
    };
    const answer = await broken.graphql("{ dailyTaskRuns { id } }", {}, admin);
    assert.equal(codeOf(answer), "INTERNAL");
    assert.ok(!/password|stack|select/i.test(JSON.stringify(answer)));
    const lines = broken
      .logged()
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text));
    const failed = lines.find(({ msg }) => msg === "a request failed");
    assert.equal(failed.userId, "root");
    // Under the id that the client was given.
    assert.ok(lines.some(({ req }) => req?.id === failed.id));
  } finally {
    background.select = execute;
    await broken.close();
  }
});
