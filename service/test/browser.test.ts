import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContext, Locator, Page, Request } from "playwright-core";
import { HOUR, MINUTE } from "../src/common/durations.js";
import { MetricsRecorder } from "../src/metrics/metrics-recorder.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { startTestService, type TestService } from "./support/app.js";
import { barriersOf, complaintsOf, picture, startBrowser } from "./support/browser.js";

const PIN = "271828";
/** For machines that are busy. */
const PATIENCE_MS = 90_000;

describe("in a browser", () => {
  let service: TestService;
  let browser: Browser;
  let context: BrowserContext;
  let dashboard: Page;
  let demo: Page;
  const complaints: string[][] = [];

  before(async () => {
    service = await startTestService();
    browser = await startBrowser();
    context = await browser.newContext({
      colorScheme: "light",
      viewport: { width: 1366, height: 900 },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    dashboard = await openPage();
    demo = await openPage();
  });
  after(async () => {
    await browser?.close();
    await service.close();
  });

  test("the dashboard asks who it is", async () => {
    await dashboard.goto(`${service.url}/dashboard`);
    await picture(dashboard, "sign-in");
    await signIn("forged.forged.forged");
    await dashboard.getByText("does not accept this token").waitFor();
    await signIn(await service.token("alice"));
    await dashboard.getByText("not one of an administrator").waitFor();
    assert.deepEqual(await barriersOf(dashboard), []);

    await signIn(await service.token("root", "admin"));
    await dashboard.getByRole("heading", { name: "Problem keys" }).waitFor();
    assert.equal(await dashboard.evaluate(() => document.cookie), "");
  });

  test("the dashboard says so while there is nothing to show", async () => {
    await dashboard.getByText("0 succeeded").waitFor();
    assert.equal(await dashboard.locator("canvas:visible").count(), 0);
    assert.equal(await dashboard.locator(".empty:visible").count(), 4);
    assert.deepEqual(await barriersOf(dashboard), []);
    await picture(dashboard, "dashboard-empty");
  });

  test("a PIN is encrypted in the page, and verified by the service", async () => {
    const sent: string[] = [];
    demo.on("request", (request) => sent.push(request.postData() ?? ""));
    await demo.goto(`${service.url}/demo`);
    await demo.getByLabel("Bearer token").fill(await service.token("alice"));
    await press("Set PIN", PIN, "The PIN is set.");
    await press("Verify PIN", PIN, "The service has verified this PIN.");
    await picture(demo, "demo");
    await press("Verify PIN", "314159", "This is not the PIN");
    await press("New key", "", "The device has a new key.");
    await press("Verify PIN", PIN, "The service has verified this PIN.");

    const submitted = sent.filter((body) => body.includes("encryptedPin"));
    assert.equal(submitted.length, 4);
    assert.ok(!sent.some((body) => body.includes(PIN) || body.includes("314159")));
    const { input } = JSON.parse(submitted.at(-1)!).variables;
    assert.equal(Buffer.from(input.encryptedPin, "base64").length, 256);
    assert.equal(await demo.locator("#key-id").textContent(), input.keyId);
    assert.deepEqual(await barriersOf(demo), []);
  });

  test("the charts move", async () => {
    const attempts = dashboard.locator("#attempts");
    const chart = dashboard.locator("#operations-chart");
    await described(chart, "Generate 1, Rotate 1, Encrypt 2, Set 1, Decrypt 4, Verify 3");
    assert.equal(await attempts.textContent(), "12");
    const drawn = await pixelsOf(chart);
    assert.ok(new Set(drawn).size > 3, "the chart has colours");

    // Nobody reloads the page: it asks by itself.
    await press("Verify PIN", PIN, "The service has verified this PIN.");
    await described(chart, "Decrypt 5, Verify 4");
    assert.equal(await attempts.textContent(), "14");
    assert.notDeepEqual(await pixelsOf(chart), drawn);
  });

  test("it tells of a day, in light and in dark, on a wide and on a narrow screen", async () => {
    await pretendDay();
    for (const [scheme, width] of [
      ["light", 1366],
      ["dark", 1366],
      ["dark", 390],
    ] as const) {
      await dashboard.emulateMedia({ colorScheme: scheme });
      await dashboard.setViewportSize({ width, height: 900 });
      await dashboard.reload();
      await dashboard.locator("#problem-keys code").first().waitFor();
      assert.deepEqual(await barriersOf(dashboard), [], scheme);
      const tooWide = await dashboard.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      assert.equal(tooWide, false, `${width} pixels are enough`);
      await picture(dashboard, `dashboard-${scheme}-${width}`);
    }
  });

  test("the timeframe, the operation and the theme can be chosen", async () => {
    await dashboard.emulateMedia({ colorScheme: "light" });
    await dashboard.setViewportSize({ width: 1366, height: 900 });
    const day = await dashboard.locator("#attempts").textContent();
    await dashboard.getByRole("radio", { name: "1 h" }).check();
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
  });

  test("an answer that comes late does not replace that of the timeframe chosen after it", async () => {
    await dashboard.getByRole("radio", { name: "24 h" }).check();
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
    await dashboard.getByRole("radio", { name: "7 d" }).check();
    await dashboard.getByRole("radio", { name: "1 h" }).check();
    await attempts.filter({ hasNotText: day! }).waitFor();
    const hour = await attempts.textContent();
    answer();
    await over;
    await drawnAgain();
    assert.equal(await attempts.textContent(), hour);
    await dashboard.unroute("**/summary?hours=168");
  });

  test("the dashboard says which numbers could not be had, and of when those shown are", async () => {
    const attempts = await dashboard.locator("#attempts").textContent();
    const problem = dashboard.getByRole("alert");
    await dashboard.route("**/summary?*", (route) => route.fulfill({ status: 503 }));
    await dashboard.getByRole("radio", { name: "30 d" }).check();
    await problem.filter({ hasText: "of the last 30 d could not be had" }).waitFor();
    assert.match(
      (await problem.textContent())!,
      /What is shown is of \d\d:\d\d:\d\d\. The service answered 503\.$/,
    );
    assert.equal(await dashboard.locator("#attempts").textContent(), attempts);
    assert.deepEqual(await barriersOf(dashboard), []);
    await dashboard.unroute("**/summary?*");
    await dashboard.getByRole("radio", { name: "1 h" }).check();
    await problem.waitFor({ state: "hidden" });
  });

  test("the dashboard says that the session has ended, and asks who it is", async () => {
    await context.clearCookies();
    await dashboard.getByRole("radio", { name: "7 d" }).click();
    await dashboard.getByText("Your session has ended: sign in again.").waitFor();
    await signIn(await service.token("root", "admin"));
    await dashboard.getByRole("heading", { name: "Problem keys" }).waitFor();
    assert.equal(await dashboard.getByText("Your session has ended").count(), 0);
  });

  test("whoever signs out sees nothing more", async () => {
    await dashboard.getByRole("button", { name: "Sign out" }).click();
    await dashboard.getByLabel("Bearer token").waitFor();
  });

  test("no page broke its policy, or failed", () => {
    assert.deepEqual(complaints.flat(), []);
  });

  async function openPage(): Promise<Page> {
    const page = await context.newPage();
    complaints.push(complaintsOf(page));
    return page;
  }

  /** After two frames, a page shows what it was told before. */
  function drawnAgain(): Promise<void> {
    return dashboard.evaluate(
      () =>
        new Promise((resolve) =>
          requestAnimationFrame(() => requestAnimationFrame(() => resolve())),
        ),
    );
  }

  async function signIn(token: string): Promise<void> {
    await dashboard.getByLabel("Bearer token").fill(token);
    await dashboard.getByRole("button", { name: "Sign in" }).click();
  }

  async function press(button: string, pin: string, answer: string): Promise<void> {
    // Browsers have a clock of their own, and a slow machine takes longer than clocks may differ.
    service.clock.advance(Math.max(0, Date.now() - service.clock.now().getTime()));
    await demo.bringToFront();
    await demo.getByLabel("Transaction PIN").fill(pin);
    await demo.getByRole("button", { name: button }).click();
    await demo.locator("#answer", { hasText: answer }).waitFor();
    await demo.locator("button:enabled").first().waitFor();
    await service.app.get(MetricsWriter).flush();
  }

  /** Waits until the chart says so; the page, while it is in front, asks for news every 10 seconds. */
  async function described(chart: Locator, part: string): Promise<void> {
    await dashboard.bringToFront();
    await chart.and(dashboard.locator(`[aria-label*="${part}"]`)).waitFor();
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

  /** A day like any other: busier at noon, a key service that is away for an hour, two bad keys. */
  async function pretendDay(): Promise<void> {
    const recorder = service.app.get(MetricsRecorder);
    const durations = { generate: 90, rotate: 110, decrypt: 2.4, set: 60, verify: 45 };
    for (let minute = 0; minute < 24 * 60; minute += 10) {
      const load = 1.1 + Math.sin((minute / (24 * 60)) * 2 * Math.PI - Math.PI / 2);
      for (const [operation, usual] of Object.entries(durations)) {
        const often = operation === "decrypt" || operation === "verify" ? 12 : 2;
        for (let n = 0; n < often * load; n++) {
          const bad = n % 17 === 16;
          const away = operation === "decrypt" && minute > 900 && minute < 960;
          const reason = away ? "KMS_UNAVAILABLE" : bad ? reasonOf(operation) : undefined;
          recorder.record({
            operation: operation as "decrypt",
            outcome: reason ? "failure" : "success",
            ...(reason && { reason }),
            durationMs: usual * (0.8 + 0.5 * Math.random() + (n % 9 === 0 ? 2 * Math.random() : 0)),
            keyId: bad ? `0196f2a4-7c1e-7b3a-9d7f-${n % 2 ? "bad" : "odd"}000000001` : `key-${n}`,
            deviceId: `device-${n}`,
            userId: "ada",
          });
        }
      }
      service.clock.advance(10 * MINUTE);
    }
    service.clock.advance(HOUR / 6);
    await service.app.get(MetricsWriter).flush();
  }

  function reasonOf(operation: string): string {
    if (operation === "verify") return "WRONG_SECRET";
    return operation === "decrypt" ? "PAYLOAD_EXPIRED" : "KEY_LIMIT_REACHED";
  }
});
