import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import express from "express";
import type { Browser, Page } from "playwright-core";
import { startTestService, type TestService } from "./support/app.js";
import { startBrowser } from "./support/browser.js";

/** The compiled client, seen from dist/test. */
const CLIENT = fileURLToPath(new URL("../client", import.meta.url));

describe("a web application of another origin", () => {
  let known: WebApplication;
  let unknown: WebApplication;
  let service: TestService;
  let browser: Browser;

  before(async () => {
    [known, unknown] = await Promise.all([startWebApplication(), startWebApplication()]);
    service = await startTestService({ CORS_ORIGINS: `https://app.example, ${known.origin}` });
    browser = await startBrowser();
  });
  after(async () => {
    known.server.close();
    unknown.server.close();
    await browser?.close();
    await service.close();
  });

  test("uses the client, and learns the time of the service", async () => {
    const page = await open(known);
    assert.deepEqual(await verifyIn(page, await service.token("alice")), {
      verified: true,
      sawDate: true,
    });
  });

  test("is refused by the browser where the service does not know it", async () => {
    const page = await open(unknown);
    await assert.rejects(
      verifyIn(page, await service.token("bob")),
      /the service could not be reached/,
    );
  });

  test("is told that it asks too often, as others are", async () => {
    const limited = await startTestService({
      CORS_ORIGINS: known.origin,
      LIMIT_USER_REQUESTS_PER_MINUTE: "1",
    });
    try {
      const page = await open(known);
      const token = await limited.token("alice");
      await assert.rejects(verifyIn(page, token, limited), /Too many requests from this user/);
    } finally {
      await limited.close();
    }
  });

  async function open({ origin }: WebApplication): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(origin);
    return page;
  }

  function verifyIn(page: Page, token: string, { url } = service) {
    return page.evaluate(
      async ({ url, token }) => {
        const { KeyServiceClient } = (await import(
          "/client/index.js" as string
        )) as typeof import("../client/index.js");
        let sawDate = false;
        const client = new KeyServiceClient({
          url,
          token,
          deviceId: crypto.randomUUID(),
          appVersion: "1.0",
          attempts: 1,
          fetch: async (...request) => {
            const response = await fetch(...request);
            sawDate = response.headers.has("date");
            return response;
          },
        });
        await client.setPin("271828");
        const { verified } = await client.verifyPin("271828");
        return { verified, sawDate };
      },
      { url: `${url}/graphql`, token },
    );
  }
});

interface WebApplication {
  readonly origin: string;
  readonly server: Server;
}

async function startWebApplication(): Promise<WebApplication> {
  const application = express()
    .get("/", (_request, response) =>
      response.type("html").send("<!doctype html><title>App</title>"),
    )
    .use("/client", express.static(CLIENT));
  const server = application.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
