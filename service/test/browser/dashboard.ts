import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator } from "playwright-core";
import { barriersOf, picture } from "../support/browser.js";
import { pretendDay } from "../support/pretend-day.js";
import { isTooWide, PIN, type World } from "./world.js";

/** Who may see it, and what it says before there is anything to tell. */
export function signInTests(world: World): void {
  test("the dashboard asks who it is", async () => {
    const { dashboard, service } = world;
    await dashboard.goto(`${service.url}/dashboard`);
    await picture(dashboard, "sign-in");
    await world.signIn("forged.forged.forged");
    await dashboard.getByText("does not accept this token").waitFor();
    await world.signIn(await service.token("alice"));
    await dashboard.getByText("not one of an administrator").waitFor();
    assert.deepEqual(await barriersOf(dashboard), []);

    await world.signIn(await service.token("root", "admin"));
    await dashboard.getByRole("heading", { name: "Problem keys" }).waitFor();
    assert.equal(await dashboard.evaluate(() => document.cookie), "");
  });

  test("the dashboard says that there is nothing to show", async () => {
    const { dashboard } = world;
    await dashboard.getByText("0 succeeded").waitFor();
    await dashboard.locator("#key-service .word", { hasText: "Key file" }).waitFor();
    await dashboard.locator(".empty:visible").first().waitFor();
    assert.equal(await dashboard.locator("canvas:visible").count(), 0);
    assert.equal(await dashboard.locator(".empty:visible").count(), 4);
    assert.deepEqual(await barriersOf(dashboard), []);
    await picture(dashboard, "dashboard-empty");
  });
}

/** What it shows of what the demo just did. */
export function movingTests(world: World): void {
  test("the charts show new numbers by themselves", async () => {
    const { dashboard } = world;
    const attempts = dashboard.locator("#attempts");
    const chart = dashboard.locator("#operations-chart");
    await described(chart, "Generate 1, Rotate 1, Encrypt 2, Set 1, Decrypt 4, Verify 3");
    assert.equal(await attempts.textContent(), "12");
    const drawn = await pixelsOf(chart);
    assert.ok(new Set(drawn).size > 3, "the chart has colours");

    // Nobody reloads the page: it asks by itself.
    await world.press("Verify PIN", PIN, "The service has verified this PIN.");
    await described(chart, "Decrypt 5, Verify 4");
    assert.equal(await attempts.textContent(), "14");
    assert.notDeepEqual(await pixelsOf(chart), drawn);
  });

  /** Waits until the chart says so; the page, while it is in front, asks for news every 10 seconds. */
  async function described(chart: Locator, part: string): Promise<void> {
    await world.dashboard.bringToFront();
    await chart.and(world.dashboard.locator(`[aria-label*="${part}"]`)).waitFor();
  }
}

/** What it shows of a day. */
export function numbersTests(world: World): void {
  test("the dashboard shows a day in light, dark and forced colours, on a wide and on a narrow screen", async () => {
    const { dashboard, service } = world;
    await pretendDay(service);
    for (const [mode, width] of [
      ["light", 1366],
      ["dark", 1366],
      ["forced", 1366],
      ["dark", 390],
    ] as const) {
      await dashboard.emulateMedia({
        colorScheme: mode === "light" ? "light" : "dark",
        forcedColors: mode === "forced" ? "active" : "none",
      });
      await dashboard.setViewportSize({ width, height: 900 });
      await dashboard.reload();
      await dashboard.locator("#problem-keys code").first().waitFor();
      await dashboard.locator("#operations-chart:visible").waitFor();
      assert.deepEqual(await barriersOf(dashboard), [], mode);
      assert.equal(await isTooWide(dashboard), false, `${width} pixels are enough`);
      assert.ok(new Set(await pixelsOf(dashboard.locator("#operations-chart"))).size > 5);
      if (mode === "forced") assert.notEqual(await backgroundOf("24 h"), await backgroundOf("1 h"));
      await picture(dashboard, `dashboard-${mode}-${width}`);
    }
  });

  test("on a narrow screen a table scrolls by itself, as far as its last column", async () => {
    const { dashboard } = world;
    const table = dashboard.getByRole("region", { name: "Problem keys" });
    const last = table.locator("tbody tr").first().locator("td").last();
    const right = async (part: Locator) => {
      const { x, width } = (await part.boundingBox())!;
      return x + width;
    };
    assert.ok((await right(last)) > 390, "it is wider than the screen");
    await table.focus();
    await dashboard.keyboard.press("End");
    await table.evaluate((element) => element.scrollTo({ left: element.scrollWidth }));
    assert.ok((await right(last)) <= 390);
    assert.equal(await isTooWide(dashboard), false);
    await dashboard.emulateMedia({ colorScheme: "light", forcedColors: "none" });
    await dashboard.setViewportSize({ width: 1366, height: 900 });
  });

  test("the failures of the service are told from those of callers", async () => {
    const { dashboard } = world;
    const note = await dashboard.locator("#success-rate-note").textContent();
    const [, service, caller] = /^(\d+) service, (\d+) caller failures$/.exec(note!)!.map(Number);
    assert.ok(service! > 0 && caller! > 0);
    const attempts = Number((await dashboard.locator("#attempts").textContent())!.replace(",", ""));
    const rate = `${((1 - service! / attempts) * 100).toFixed(1)}%`;
    assert.equal(await dashboard.locator("#success-rate").textContent(), rate);
    const row = (reason: string) => dashboard.locator("#by-reason tr", { hasText: reason });
    assert.match((await row("KMS unavailable").textContent())!, /Service/);
    assert.match((await row("Wrong secret").first().textContent())!, /Caller/);
  });

  test("a reason has one colour, whatever else there is", async () => {
    const { dashboard } = world;
    // Drawn again in the colours of now.
    await world.refresh();
    const patch = dashboard.locator("#by-reason tr", { hasText: "Wrong secret" }).locator(".patch");
    const color = () =>
      patch.first().evaluate((element) => getComputedStyle(element).backgroundColor);
    const [amongMany, legend] = [await color(), await fillOf("failures-chart", "Wrong secret")];
    assert.equal(legend, amongMany);
    await dashboard.route("**/summary?*", async (route) => {
      const answer = await (await route.fetch()).json();
      answer.byReason = answer.byReason.filter((each: { reason: string }) =>
        ["WRONG_SECRET", "DEVICE_REVOKED"].includes(each.reason),
      );
      await route.fulfill({ json: answer });
    });
    await world.refresh();
    assert.equal(await dashboard.locator("#by-reason tbody tr").count(), 1);
    assert.equal(await color(), amongMany);
    await dashboard.unroute("**/summary?*");
    await world.refresh();
  });

  test("the interval, the length of a bar, the zone, and bars that are not complete are shown", async () => {
    const { dashboard } = world;
    assert.match(
      (await dashboard.locator("#interval").textContent())!,
      /^\w+ \d+, \d\d:\d\d – \w+ \d+, \d\d:\d\d \(UTC\)\. Each bar is 1 hour; hatched bars are not complete\.$/,
    );
    const fills = await dashboard.evaluate(() => {
      const { Chart } = globalThis as unknown as { Chart: typeof import("chart.js").Chart };
      const [dataset] = Chart.getChart("operations-chart")!.data.datasets;
      return (dataset!.backgroundColor as unknown[]).map((fill) => typeof fill);
    });
    assert.equal(fills.at(-1), "object", "a pattern");
    assert.equal(fills.at(-2), "string");
  });

  test("the timeframe, the operation and the theme can be chosen", async () => {
    const { dashboard } = world;
    const day = await dashboard.locator("#attempts").textContent();
    await dashboard.getByRole("radio", { name: "1 h", exact: true }).check();
    await dashboard.locator("#attempts").filter({ hasNotText: day! }).waitFor();

    const latency = dashboard.locator("#latency-chart");
    const all = await latency.getAttribute("aria-label");
    await dashboard.getByLabel("Operation", { exact: true }).selectOption("decrypt");
    assert.notEqual(await latency.getAttribute("aria-label"), all);

    const background = () =>
      dashboard.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await background();
    await dashboard.getByRole("button", { name: "Theme: system" }).click();
    await dashboard.getByRole("button", { name: "Theme: light" }).click();
    assert.notEqual(await background(), light);
    await dashboard.reload();
    await dashboard.getByRole("button", { name: "Theme: dark" }).waitFor();
    assert.notEqual(await background(), light);
    await dashboard.getByRole("button", { name: "Theme: dark" }).click();
  });

  function backgroundOf(choice: string): Promise<string> {
    const label = world.dashboard.locator(".choice span", { hasText: new RegExp(`^${choice}$`) });
    return label.evaluate((element) => getComputedStyle(element).backgroundColor);
  }

  function fillOf(chart: string, label: string): Promise<string> {
    return world.dashboard.evaluate(
      ([chart, label]) => {
        const { Chart } = globalThis as unknown as { Chart: typeof import("chart.js").Chart };
        const { datasets } = Chart.getChart(chart!)!.data;
        return (datasets.find((each) => each.label === label) as unknown as { fill: string }).fill;
      },
      [chart, label],
    );
  }
}

function pixelsOf(canvas: Locator): Promise<number[]> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const drawing = (element as HTMLCanvasElement)
      .getContext("2d")!
      .getImageData(0, 0, width, height);
    return [...new Uint32Array(drawing.data.buffer)];
  });
}
