import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HOUR } from "../src/common/durations.js";
import { Readiness } from "../src/health/readiness.js";
import { DailyTask } from "../src/jobs/daily-task.js";
import { startTestService, type TestService } from "./support/app.js";

describe("dashboard", () => {
  let service: TestService;

  before(async () => {
    service = await startTestService();
  });
  after(() => service.close());

  test("shows strangers nothing but how to sign in", async () => {
    const page = await get("/");
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<form class="card" id="sign-in">/);
    assert.equal((await get("/summary?hours=24")).status, 401);
    for (const file of ["/index.html", "/assets/index.html", "/assets/../index.html", "/assets/"]) {
      assert.equal((await get(file)).status, 404, file);
    }
  });

  test("lets administrators in, and out again", async () => {
    const response = await signIn(await service.token("root", "admin"));
    assert.equal(response.status, 204);
    const [cookie] = response.headers.getSetCookie();
    assert.match(
      cookie ?? "",
      /^dashboard-session=[\w.-]+; Path=\/dashboard; HttpOnly; SameSite=Strict$/,
    );

    const session = cookie!.split(";", 1)[0]!;
    assert.match(await (await get("/", session)).text(), /<canvas id="operations-chart"/);
    const summary = await get("/summary?hours=168", session);
    assert.equal(summary.status, 200);
    assert.equal(((await summary.json()) as { timeframeHours: number }).timeframeHours, 168);

    const out = await fetch(`${service.url}/dashboard/session`, { method: "DELETE" });
    assert.match(
      out.headers.getSetCookie()[0] ?? "",
      /^dashboard-session=; .*Expires=Thu, 01 Jan 1970/,
    );
  });

  test("lets nobody else in", async () => {
    const status = async (token: string) => (await signIn(token)).status;
    assert.equal(await status(await service.token("alice")), 403);
    assert.equal(await status(await service.token("watcher", "metrics")), 403);
    assert.equal(await status("forged.forged.forged"), 401);
    const users = await service.token("alice");
    assert.equal((await get("/summary?hours=24", `dashboard-session=${users}`)).status, 403);
  });

  test("ends a session with its token", async () => {
    const session = `dashboard-session=${await service.token("root", "admin")}`;
    assert.equal((await get("/summary?hours=1", session)).status, 200);
    service.clock.advance(3651 * 24 * 3600 * 1000);
    assert.equal((await get("/summary?hours=1", session)).status, 401);
  });

  test("tells administrators alone of the state, of devices and of users", async () => {
    const session = `dashboard-session=${await service.token("root", "admin")}`;
    const paths = ["/state", "/device?id=a", "/user?id=a", "/entries?user=a&before=1"];
    for (const path of paths) {
      assert.equal((await get(path)).status, 401, path);
      assert.equal((await get(path, session)).status, 200, path);
    }
    for (const path of [
      "/device",
      "/device?id=",
      "/device?id=a&id=b",
      `/user?id=${"a".repeat(256)}`,
      "/entries?before=1",
      "/entries?user=a&before=x",
    ]) {
      assert.equal((await get(path, session)).status, 400, path);
    }
    assert.match(await (await get("/subject?kind=user&id=a")).text(), /id="sign-in"/);
    assert.match(await (await get("/subject?kind=user&id=a", session)).text(), /id="entries"/);
  });

  test("tells a device's owner and keys, and no secret of either", async () => {
    const session = `dashboard-session=${await service.token("root", "admin")}`;
    const mutation =
      'mutation { generateClientEncryptionKey(input: { deviceId: "phone", appVersion: "1" }) { keyId } }';
    const { data } = await service.graphql(mutation, {}, await service.token("ada"));
    const text = await (await get("/device?id=phone", session)).text();
    const { device, keys } = JSON.parse(text);
    assert.equal(device.userId, "ada");
    assert.equal(keys[0].keyId, data.generateClientEncryptionKey.keyId);
    assert.doesNotMatch(text, /mac|privateKey|hash/);
  });

  test("says what the service stands on, and what is not known while the database is away", async () => {
    const session = `dashboard-session=${await service.token("root", "admin")}`;
    const state = async () => (await (await get("/state", session)).json()) as any;
    assert.equal((await state()).dailyTask.state, "never");
    await service.app.get(DailyTask).runByHand(new AbortController().signal);
    const ran = await state();
    assert.deepEqual([ran.dailyTask.state, ran.tampering.state], ["ok", "ok"]);
    service.clock.advance(27 * HOUR);
    assert.equal((await state()).dailyTask.state, "late");
    const readiness = service.app.get(Readiness);
    const check = readiness.check.bind(readiness);
    readiness.check = async () => ({ ...(await check()), database: "unavailable" });
    const away = await state();
    readiness.check = check;
    assert.equal(away.database.state, "unavailable");
    assert.deepEqual([away.dailyTask, away.tampering, away.locks], [null, null, null]);
  });

  test("refuses a timeframe that is none", async () => {
    const session = `dashboard-session=${await service.token("root", "admin")}`;
    for (const hours of [
      "",
      "?hours=",
      "?hours=0",
      "?hours=1.5",
      "?hours=all",
      "?hours=1e9",
      "?from=2026-11-25T12:00:00Z",
      "?from=2026-11-25&until=2026-11-26",
      "?from=2026-13-25T12:00:00Z&until=2026-11-26T12:00:00Z",
    ]) {
      assert.equal((await get(`/summary${hours}`, session)).status, 400, hours);
    }
  });

  test("sends pages that run nothing but their own scripts", async () => {
    const page = await get("/");
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none';script-src 'self';style-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    for (const file of ["chart.js", "main.js", "style.css", "icon.svg"]) {
      const asset = await get(`/assets/${file}`);
      assert.equal(asset.status, 200, file);
      assert.equal(asset.headers.get("x-content-type-options"), "nosniff", file);
    }
  });

  test("in production, keeps sessions to TLS, and has no page to try the client or requests", async () => {
    assert.equal((await fetch(`${service.url}/demo/`)).status, 200);
    const production = await startTestService({}, { isProduction: true, GRAPHIQL: "off" });
    try {
      const token = await production.token("root", "admin");
      const headers = { authorization: `Bearer ${token}` };
      const signedIn = await fetch(`${production.url}/dashboard/session`, {
        method: "POST",
        headers,
      });
      assert.match(signedIn.headers.getSetCookie()[0] ?? "", /; Secure/);
      for (const path of ["/demo/", "/demo/client/index.js", "/demo/assets/demo.js"]) {
        assert.equal((await fetch(`${production.url}${path}`)).status, 404, path);
      }
      for (const path of ["/graphql", "/graphql/assets/graphiql.js"]) {
        const answer = await fetch(`${production.url}${path}`, {
          headers: { accept: "text/html" },
        });
        assert.doesNotMatch(await answer.text(), /graphiql/i, path);
      }
    } finally {
      await production.close();
    }
  });

  test("in development, answers browsers with GraphiQL, and programs with GraphQL", async () => {
    const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
    const page = await fetch(`${service.url}/graphql`, { headers });
    assert.match(await page.text(), /<main id="graphiql">/);
    const query = new URLSearchParams({ query: "{ __typename }" });
    const answer = await fetch(`${service.url}/graphql?${query}`, {
      headers: { ...headers, "apollo-require-preflight": "yes" },
    });
    assert.deepEqual(await answer.json(), { data: { __typename: "Query" } });
  });

  function get(path: string, cookie = ""): Promise<Response> {
    return fetch(`${service.url}/dashboard${path}`, { headers: { cookie } });
  }

  function signIn(token: string): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${service.url}/dashboard/session`, { method: "POST", headers });
  }
});
