import assert from "node:assert/strict";
import { test } from "node:test";
import type { Request } from "playwright-core";
import { barriersOf, picture } from "../support/browser.js";
import { drawnAgain, type World } from "./world.js";

/** Answers that are late, fail or never come, and scripts that do not load. */
export function failureTests(world: World): void {
  const choose = (name: string) =>
    world.dashboard.getByRole("radio", { name, exact: true }).check();

  test("an answer that comes late does not replace that of the timeframe chosen after it", async () => {
    const { dashboard } = world;
    await choose("24 h");
    await dashboard.locator("body:not(.loading)").waitFor();
    const attempts = dashboard.locator("#attempts");
    const day = await attempts.textContent();
    let answer!: () => void;
    const held = new Promise<void>((resolve) => (answer = resolve));
    const over = new Promise<void>((resolve) => {
      const note = (request: Request) => request.url().endsWith("hours=168") && resolve();
      dashboard.on("requestfinished", note).on("requestfailed", note);
    });
    await dashboard.route("**/summary?hours=168", async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    await choose("7 d");
    await dashboard.getByText("Loading the last 7 days…").waitFor();
    // Numbers of a day do not stand under the name of a week.
    assert.equal(await attempts.isVisible(), false);
    assert.equal(await dashboard.locator("#by-operation tbody").isVisible(), false);
    assert.deepEqual(await barriersOf(dashboard), []);
    await picture(dashboard, "dashboard-loading");

    await choose("1 h");
    await dashboard.locator("body:not(.loading)").waitFor();
    await attempts.filter({ hasNotText: day! }).waitFor();
    const hour = await attempts.textContent();
    answer();
    await over;
    await drawnAgain(dashboard);
    assert.equal(await attempts.textContent(), hour);
    await dashboard.unroute("**/summary?hours=168");
  });

  test("the dashboard says which numbers could not be had, and of when those shown are", async () => {
    const { dashboard } = world;
    const attempts = await dashboard.locator("#attempts").textContent();
    const problem = dashboard.locator("#problem");
    await dashboard.route("**/summary?*", (route) => route.fulfill({ status: 503 }));
    await dashboard.route("**/state", (route) => route.abort());
    await choose("30 d");
    await problem.filter({ hasText: "Could not load the last 30 days." }).waitFor();
    assert.match(
      (await problem.textContent())!,
      / Still showing the last hour, as of \d\d:\d\d:\d\d\. The service answered 503\.$/,
    );
    assert.equal(await dashboard.locator("#attempts").textContent(), attempts);
    assert.ok(await dashboard.locator("#attempts").isVisible());
    await dashboard.locator("#database .word", { hasText: "Not known" }).waitFor();
    assert.equal(await dashboard.locator("#locks tbody").textContent(), "Not known");
    assert.deepEqual(await barriersOf(dashboard), []);
    await picture(dashboard, "dashboard-problem");
  });

  test("what goes on failing is read out once, and what is focused stays so", async () => {
    const { dashboard } = world;
    const copy = dashboard.locator("#problem-keys .copy").first();
    await copy.focus();
    await dashboard.evaluate(() => {
      const said: string[] = [];
      Object.assign(globalThis, { said });
      const observer = new MutationObserver((changes) => {
        for (const { target } of changes) said.push(target.textContent ?? "");
      });
      for (const region of document.querySelectorAll("[role=alert], [role=status], [aria-live]")) {
        observer.observe(region, { childList: true, characterData: true, subtree: true });
      }
    });
    for (let times = 0; times < 2; times++) await refreshInVain();
    await dashboard.unroute("**/summary?*");
    await dashboard.unroute("**/state");
    await choose("24 h");
    await dashboard.locator("#problem").waitFor({ state: "hidden" });
    await copy.focus();
    await world.refresh();
    assert.deepEqual(
      await dashboard.evaluate(() => (globalThis as unknown as { said: string[] }).said),
      [],
    );
    assert.ok(await copy.evaluate((button) => button === document.activeElement));
  });

  test("without the script of the charts, the numbers and tables are there", async () => {
    const page = await world.openDashboard(world.context, (page) =>
      page.route("**/assets/chart.js", (route) => route.abort()),
    );
    await page.getByText("The charts could not be drawn.").waitFor();
    await page.locator("#by-operation tbody tr").nth(4).waitFor();
    assert.match((await page.locator("#attempts").textContent())!, /^\d,\d{3}$/);
    assert.equal(await page.locator("canvas:visible").count(), 0);
    assert.deepEqual(await barriersOf(page), []);
    await page.close();
  });

  test("a page whose own script does not load says so", async () => {
    const page = await world.openDashboard(world.context, (page) =>
      page.route("**/assets/format.js", (route) => route.abort()),
    );
    await page.getByText("The scripts of this page have not run.").waitFor();
    assert.deepEqual(await barriersOf(page), []);
    await page.close();
  });

  test("the dashboard says that the session has ended, and asks who it is", async () => {
    const { dashboard, context, service } = world;
    await context.clearCookies();
    await dashboard.getByRole("radio", { name: "7 d" }).click();
    await dashboard.getByText("Your session has ended: sign in again.").waitFor();
    assert.deepEqual(await barriersOf(dashboard), []);
    await world.signIn(await service.token("root", "admin"));
    await dashboard.getByRole("heading", { name: "Problem keys" }).waitFor();
    assert.equal(await dashboard.getByText("Your session has ended").count(), 0);
  });

  /** As `world.refresh`, where no answer comes. */
  async function refreshInVain(): Promise<void> {
    const { dashboard } = world;
    const failed = dashboard.waitForResponse((response) => response.status() === 503);
    await dashboard.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await failed;
    await drawnAgain(dashboard);
  }
}
