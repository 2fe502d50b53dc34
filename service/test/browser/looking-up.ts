import assert from "node:assert/strict";
import { test } from "node:test";
import { eq } from "drizzle-orm";
import { HOUR, MINUTE } from "../../src/common/durations.js";
import { devices } from "../../src/database/schema/keys.js";
import { DailyTask } from "../../src/jobs/daily-task.js";
import { MetricsWriter } from "../../src/metrics/metrics-writer.js";
import { barriersOf, picture } from "../support/browser.js";
import { isTooWide, type World } from "./world.js";

/** What an administrator looks up: the state, one device, one user, one afternoon. */
export function lookingUpTests(world: World): void {
  test("the state of the daily task, of tampering and of locks is shown, and how the others do", async () => {
    const { dashboard, service } = world;
    const word = (part: string) => dashboard.locator(`#${part} .word`);
    await world.refresh();
    assert.equal(await word("key-service").textContent(), "Key file");
    assert.equal(await word("database").textContent(), "Answers");
    assert.equal(await word("daily-task").textContent(), "Never run");
    assert.equal(await word("tampering").textContent(), "Not checked");
    assert.equal(await word("locked-secrets").textContent(), "1 locked");
    const lock = dashboard.locator("#locks tbody tr");
    assert.match((await lock.textContent())!, /^alice\s*Transaction PIN\d+\w+ \d+, \d\d:\d\d$/);

    await runDailyTask();
    assert.equal(await word("daily-task").textContent(), "Done");
    assert.equal(await word("tampering").textContent(), "None found");
    const orm = service.database.orm;
    const [device] = await orm.select().from(devices).limit(1);
    const change = (appVersion: string) =>
      orm.update(devices).set({ appVersion }).where(eq(devices.id, device!.id));
    await change("9.9");
    await runDailyTask();
    assert.equal(await word("tampering").textContent(), "1 row");
    assert.deepEqual(await barriersOf(dashboard), []);
    await picture(dashboard, "dashboard-state");
    await change(device!.appVersion);

    await dashboard.route("**/state", async (route) => {
      const state = await (await route.fetch()).json();
      state.keyService.state = state.database.state = "unavailable";
      await route.fulfill({ json: { ...state, dailyTask: null, tampering: null, locks: null } });
    });
    await world.refresh();
    assert.equal(await word("key-service").textContent(), "Unavailable");
    assert.equal(await word("database").textContent(), "Unavailable");
    assert.equal(await word("tampering").textContent(), "Not known");
    assert.deepEqual(await barriersOf(dashboard), []);
    await dashboard.unroute("**/state");
    await world.refresh();
  });

  test("a long id is cut, and copied whole", async () => {
    const { dashboard } = world;
    const cell = dashboard.locator("#problem-keys td").first();
    assert.equal(await cell.textContent(), "0196f2a4…000001");
    const full = "0196f2a4-7c1e-7b3a-9d7f-odd000000001";
    await cell.getByRole("button", { name: `Copy the key ${full}` }).click();
    await dashboard.getByText("Copied.").waitFor({ state: "attached" });
    assert.equal(await dashboard.evaluate(() => navigator.clipboard.readText()), full);
  });

  test("from the dashboard one comes to a device, and from it to its owner", async () => {
    const { dashboard } = world;
    await dashboard.locator("#problem-keys a").first().click();
    await dashboard.getByRole("heading", { name: /^Device device-/ }).waitFor();
    await dashboard.locator("#hours-chart:visible").waitFor();
    assert.equal(await dashboard.locator("#entries tbody tr").count(), 50);
    assert.deepEqual(await barriersOf(dashboard), []);
    await dashboard.getByRole("button", { name: "Show older ones" }).click();
    await dashboard.locator("#entries tbody tr").nth(50).waitFor();

    await dashboard.getByRole("link", { name: "Dashboard" }).click();
    await dashboard.locator("#locks a").click();
    await dashboard.getByRole("heading", { name: /^User alice/ }).waitFor();
    const secret = dashboard.locator("#credentials tbody tr");
    assert.match((await secret.textContent())!, /^Transaction PINLocked\d+\w+ \d+, \d\d:\d\d$/);
    assert.deepEqual(await barriersOf(dashboard), []);
    await dashboard.locator("#devices a", { hasText: "demo-" }).click();
    await dashboard.getByRole("heading", { name: /^Device demo-/ }).waitFor();
    await dashboard.locator("#facts a", { hasText: "alice" }).waitFor();
    await picture(dashboard, "device");
    await dashboard.setViewportSize({ width: 390, height: 900 });
    assert.equal(await isTooWide(dashboard), false);
    await dashboard.setViewportSize({ width: 1366, height: 900 });

    await dashboard.getByLabel("Id", { exact: true }).fill("<b>nobody</b>");
    await dashboard.getByRole("button", { name: "Look up" }).click();
    await dashboard.getByText("Nobody registered it").waitFor();
    await dashboard.getByText("Its keys were not used in the last 7 days").waitFor();
    await dashboard.getByText("<b>nobody</b>").waitFor();
    await dashboard.getByRole("link", { name: "Dashboard" }).click();
  });

  test("a range of one's own can be asked for, and what is wrong with one is said", async () => {
    const { dashboard, service } = world;
    const attempts = dashboard.locator("#attempts");
    await attempts.filter({ hasText: /\d/ }).waitFor();
    const day = await attempts.textContent();
    await dashboard.getByRole("radio", { name: "Custom" }).check();
    const [from, until] = [dashboard.getByLabel("From"), dashboard.getByLabel("until")];
    assert.match(await from.inputValue(), /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
    const end = endOfTwoHours(service.clock.now());
    const written = (time: Date) => time.toISOString().slice(0, 16).replace("T", " ");
    const show = dashboard.getByRole("button", { name: "Show", exact: true });
    await from.fill("yesterday");
    await show.click();
    await dashboard.getByText("Write both times as in 2026-11-28 14:30.").waitFor();
    assert.deepEqual(await barriersOf(dashboard), []);
    await from.fill(written(end));
    await until.fill(written(new Date(end.getTime() - HOUR)));
    await show.click();
    await dashboard.getByText("The range must begin before it ends.").waitFor();
    await from.fill(written(new Date(end.getTime() - 2 * HOUR)));
    await until.fill(written(end));
    await show.click();
    await attempts.filter({ hasNotText: day! }).filter({ hasText: /\d/ }).waitFor();
    const interval = (await dashboard.locator("#interval").textContent())!;
    assert.ok(interval.includes(` – ${written(end).slice(11)} (UTC)`), interval);
    assert.match(interval, /Each bar is 2 minutes/);
    await picture(dashboard, "dashboard-range");
    await dashboard.getByRole("radio", { name: "24 h" }).check();
    await dashboard.locator("body:not(.loading)").waitFor();
  });

  test("numbers and times have one locale, whatever that of the browser is", async () => {
    const options = { locale: "de-DE", timezoneId: "Asia/Kolkata" };
    const context = await world.newContext(options);
    const page = await world.openDashboard(context);
    await page.locator("#problem-keys code").first().waitFor();
    assert.match((await page.locator("#attempts").textContent())!, /^\d,\d{3}$/);
    assert.match(
      (await page.locator("#interval").textContent())!,
      /^[A-Z][a-z]{2} \d+, \d\d:\d\d – [A-Z][a-z]{2} \d+, \d\d:\d\d \(Asia\/\w+, GMT\+5:30\)/,
    );
    await context.close();
  });

  async function runDailyTask(): Promise<void> {
    const { app, clock } = world.service;
    // Runs of the same moment have no order.
    clock.advance(MINUTE);
    await app.get(MetricsWriter).flush();
    await app.get(DailyTask).runByHand(new AbortController().signal);
    await world.refresh();
  }
}

/** Returns a full hour, ten to twelve hours ago, up to which two hours are of one day: the page names no day then. */
function endOfTwoHours(now: Date): Date {
  const end = new Date(Math.floor(now.getTime() / HOUR) * HOUR - 10 * HOUR);
  if (end.getUTCHours() < 2) end.setUTCHours(-1);
  return end;
}
