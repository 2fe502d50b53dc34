import assert from "node:assert/strict";
import { test } from "node:test";
import { barriersOf, picture } from "../support/browser.js";
import { PIN, type World } from "./world.js";

/** The page to try the client with. */
export function demoTests(world: World): void {
  test("a PIN is encrypted in the page, and verified by the service", async () => {
    const { demo, service } = world;
    const sent: string[] = [];
    demo.on("request", (request) => sent.push(request.postData() ?? ""));
    await demo.goto(`${service.url}/demo`);
    await demo.getByLabel("Bearer token").fill(await service.token("alice"));
    await world.press("Set PIN", PIN, "The PIN is set.");
    await world.press("Verify PIN", PIN, "The service has verified this PIN.");
    await picture(demo, "demo");
    await world.press("Verify PIN", "314159", "This is not the PIN");
    await world.press("New key", "", "The device has a new key.");
    await world.press("Verify PIN", PIN, "Before it, 1 attempt failed, the last at ");

    const submitted = sent.filter((body) => body.includes("encryptedPin"));
    assert.equal(submitted.length, 4);
    assert.ok(!sent.some((body) => body.includes(PIN) || body.includes("314159")));
    const { input } = JSON.parse(submitted.at(-1)!).variables;
    assert.equal(Buffer.from(input.encryptedPin, "base64").length, 256);
    assert.equal(await demo.locator("#key-id").textContent(), input.keyId);
    assert.deepEqual(await barriersOf(demo), []);
  });
}

/** What it does with a PIN that is there already, and with one that is locked. */
export function currentPinTests(world: World): void {
  test("the demo knows the PIN that it has set, and asks for one that it does not know", async () => {
    const { demo, service } = world;
    const current = demo.getByLabel("Current PIN");
    await world.press("Set PIN", "141421", "The PIN is changed.");
    await demo.reload();
    await demo.getByLabel("Bearer token").fill(await service.token("alice"));
    assert.equal(await current.isVisible(), false);
    await world.press("Set PIN", PIN, "A PIN is set already. Give the current one, too");
    assert.ok(await current.evaluate((field) => field === document.activeElement));
    assert.deepEqual(await barriersOf(demo), []);
    await picture(demo, "demo-current");
    await current.fill("999999");
    await world.press("Set PIN", PIN, "The current PIN is wrong.");
    await current.fill("141421");
    await world.press("Set PIN", PIN, "The PIN is changed.");
    assert.equal(await current.isVisible(), false);
  });

  test("the demo says how long a lock lasts, and counts it down where nobody is read it", async () => {
    const { demo } = world;
    for (let failures = 1; failures <= 6; failures++) {
      await world.press("Verify PIN", "314159", "This is not the PIN");
    }
    const answer = demo.locator("#answer");
    assert.match((await answer.textContent())!, /Try again in 2 days, at \w+ \d+, \d\d:\d\d\.$/);
    await world.press("Verify PIN", PIN, "Too many attempts have failed: the PIN is locked.");
    assert.match(
      (await answer.textContent())!,
      /Try again in (2 days|1 day 23 hours), at \w+ \d+, \d\d:\d\d\.$/,
    );
    const left = demo.locator("#waiting", { hasText: /^1 day 23 hours left$/ });
    await left.waitFor();
    assert.equal(await left.getAttribute("role"), "timer");
    assert.deepEqual(await barriersOf(demo), []);
    await picture(demo, "demo-locked");
  });
}
