import assert from "node:assert/strict";
import { test } from "node:test";
import { picture } from "../support/browser.js";
import type { World } from "./world.js";

/** The page to try requests on. */
export function graphiqlTests(world: World): void {
  test("GraphiQL asks this service alone, knows the schema, and sends a request with a token", async () => {
    const { service } = world;
    const page = await world.newPage();
    const hosts = new Set<string>();
    page.on("request", (request) => {
      if (!request.url().startsWith("data:")) hosts.add(new URL(request.url()).origin);
    });
    const response = await page.goto(`${service.url}/graphql`);
    const policy = (await response!.headerValue("content-security-policy"))!;
    assert.match(policy, /default-src 'none';script-src 'self';style-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|https?:/);
    const headers = page.locator(".graphiql-editor-tool .CodeMirror textarea").last();
    await headers.focus();
    await page.keyboard.press("ControlOrMeta+A");
    const token = await service.token("alice");
    await page.keyboard.insertText(JSON.stringify({ authorization: `Bearer ${token}` }));
    await page.getByRole("button", { name: /Execute query/ }).click();
    const answer = page.getByRole("region", { name: /result/i });
    await answer
      .getByText("BEGIN PUBLIC KEY")
      .or(answer.getByText("RSA-OAEP-256"))
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.getByText("A GraphQL schema provides a root type").waitFor();
    assert.deepEqual([...hosts], [service.url]);
    await picture(page, "graphiql");
    await page.close();
  });
}
