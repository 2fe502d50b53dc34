import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { MetricsWriter } from "../../src/metrics/metrics-writer.js";
import { startTestService, type TestService } from "../support/app.js";
import { complaintsOf, startBrowser } from "../support/browser.js";

/** For machines that are busy. */
const PATIENCE_MS = 90_000;

export const PIN = "271828";

/** One service and one browser for all tests, with a page for the dashboard and one for the demo. */
export class World {
  readonly complaints: string[][] = [];
  service!: TestService;
  dashboard!: Page;
  demo!: Page;
  context!: BrowserContext;
  private browser: Browser | undefined;

  async open(): Promise<void> {
    this.service = await startTestService({
      // Locked without a delay before, and for longer than these tests pretend to last.
      CREDENTIAL_FREE_ATTEMPTS: "5",
      CREDENTIAL_LOCK_AFTER: "6",
      CREDENTIAL_LOCK_HOURS: "48",
    });
    this.browser = await startBrowser();
    this.context = await this.newContext({ colorScheme: "light" });
    await this.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    this.dashboard = await this.newPage();
    this.demo = await this.newPage();
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.service.close();
  }

  /** A browser of somebody else. */
  async newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const viewport = { width: 1366, height: 900 };
    const context = await this.browser!.newContext({ viewport, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  }

  async newPage(context = this.context): Promise<Page> {
    const page = await context.newPage();
    this.complaints.push(complaintsOf(page));
    return page;
  }

  /** The dashboard in another page or browser, signed in. */
  async openDashboard(
    context = this.context,
    prepare: (page: Page) => Promise<unknown> = async () => {},
  ): Promise<Page> {
    await this.giveSession(context);
    const page = await this.newPage(context);
    await prepare(page);
    await page.goto(`${this.service.url}/dashboard/`);
    return page;
  }

  async giveSession(context = this.context): Promise<void> {
    const token = await this.service.token("root", "admin");
    const headers = { authorization: `Bearer ${token}` };
    await context.request.post(`${this.service.url}/dashboard/session`, { headers });
  }

  async signIn(token: string): Promise<void> {
    await this.dashboard.getByLabel("Bearer token").fill(token);
    await this.dashboard.getByRole("button", { name: "Sign in" }).click();
  }

  /** Presses a button of the demo, and waits for what it answers. */
  async press(button: string, pin: string, answer: string): Promise<void> {
    const { demo, service } = this;
    // Browsers have a clock of their own, and a slow machine takes longer than clocks may differ.
    service.clock.advance(Math.max(0, Date.now() - service.clock.now().getTime()));
    await demo.bringToFront();
    await demo.getByLabel("Transaction PIN").fill(pin);
    await demo.getByRole("button", { name: button }).click();
    await demo.locator("#answer", { hasText: answer }).waitFor();
    await demo.locator("button:enabled").first().waitFor();
    await service.app.get(MetricsWriter).flush();
  }

  /** Lets a page that is in front ask for news now. */
  async refresh(page = this.dashboard): Promise<void> {
    await page.bringToFront();
    const answered = page.waitForResponse((response) => response.url().includes("/summary?"));
    const told = page.waitForResponse((response) => response.url().endsWith("/state"));
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await Promise.all([answered, told]);
    await drawnAgain(page);
  }
}

/** After two frames, a page shows what it was told before. */
export function drawnAgain(page: Page): Promise<void> {
  return page.evaluate(
    () =>
      new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
}
