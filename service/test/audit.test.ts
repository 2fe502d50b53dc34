import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { sql } from "drizzle-orm";
import { HOUR } from "../src/common/durations.js";
import { auditLog } from "../src/database/schema/metrics.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

const METRICS_TOKEN = "of Prometheus alone, and long enough";
const PIN = "271828";
const AUDIT = `query ($filter: AuditFilter, $count: Int, $before: ID) {
  auditLog(filter: $filter, count: $count, before: $before) {
    id recordedAt requestId operation outcome code userId subjectId deviceId keyId times
  }
}`;

describe("the audit log", () => {
  let service: TestService;
  let admin: string;
  let phone: Device;

  before(async () => {
    service = await startTestService({ METRICS_TOKEN });
    admin = await service.token("root", "admin");
    phone = new Device(service, await service.token("ada"), "phone");
    const tablet = new Device(service, await service.token("bob"), "tablet");
    await phone.submit("setTransactionPin", PIN);
    service.clock.advance(HOUR);
    await phone.submit("verifyTransactionPin", "314159");
    await tablet.key();
    const root = new Device(service, admin, "desk");
    await root.submit("setTransactionPin", "161803", { userId: "bob" });
  });
  after(() => service.close());

  test("is queried by user, device, key, operation, code and time", async () => {
    const { keyId } = await phone.key();
    const told = async (filter: object) =>
      (await find(filter)).map(({ operation, code }) =>
        code ? `${operation} ${code}` : operation,
      );
    const hers = (await told({ userId: "ada" })).filter((each) => each !== "generate");
    assert.deepEqual(hers, ["verify WRONG_SECRET", "decrypt", "set", "decrypt", "encrypt"]);
    assert.deepEqual(await told({ userId: "ada", code: "WRONG_SECRET" }), ["verify WRONG_SECRET"]);
    assert.deepEqual(await told({ code: "failure" }), ["verify WRONG_SECRET"]);
    assert.deepEqual(await told({ keyId, operation: "decrypt" }), ["decrypt", "decrypt"]);
    assert.deepEqual(
      new Set((await find({ deviceId: "tablet" })).map((row) => row.userId)),
      new Set(["bob"]),
    );
    const since = new Date(service.clock.now().getTime() - HOUR / 2).toISOString();
    assert.deepEqual(await told({ userId: "ada", until: since, operation: "set" }), ["set"]);
    assert.deepEqual(await told({ userId: "ada", from: since, operation: "set" }), []);
  });

  test("an entry has the id that the answer had, and the request is found by it", async () => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${phone.token}` },
      body: JSON.stringify({
        query: `mutation { rotateClientEncryptionKey(input: { deviceId: "phone", appVersion: "1" }) { keyId } }`,
      }),
    });
    const requestId = response.headers.get("x-request-id");
    const entries = await find({ requestId });
    assert.deepEqual(entries.map(({ operation }) => operation).sort(), ["encrypt", "rotate"]);
    assert.equal(entries[0].requestId, requestId);
  });

  test("what becomes of devices, and of the secrets of the service, is found in it", async () => {
    const register = `mutation { registerDevice(input: { appVersion: "1" }) { deviceId } }`;
    const { data } = await service.graphql(register, {}, phone.token);
    const { deviceId } = data.registerDevice;
    const change = (mutation: string, token: string) =>
      service.graphql(`mutation { ${mutation} { deviceId } }`, {}, token);
    await change(`releaseDevice(deviceId: "${deviceId}")`, phone.token);
    await change(`transferDevice(deviceId: "${deviceId}", userId: "bob")`, admin);
    await change(`revokeDevice(deviceId: "${deviceId}")`, admin);
    const entries = (await find({ deviceId })).reverse();
    assert.deepEqual(
      entries.map((entry) => [entry.operation, entry.userId, entry.subjectId]),
      [
        ["register-device", "ada", null],
        ["release-device", "ada", null],
        ["transfer-device", "root", "bob"],
        ["revoke-device", "root", "bob"],
      ],
    );
    const foreign = await change(`revokeDevice(deviceId: "${deviceId}")`, phone.token);
    assert.equal(codeOf(foreign), "DEVICE_NOT_FOUND");
    const [refused] = await find({ userId: "ada", operation: "revoke-device" });
    assert.equal(refused.code, "DEVICE_NOT_FOUND");

    const rotate = "mutation { rotateServiceSecret(purpose: PEPPER) { version } }";
    assert.equal((await service.graphql(rotate, {}, admin)).errors, undefined);
    const [rotated] = await find({ operation: "rotate-service-secret" });
    assert.deepEqual([rotated.userId, rotated.outcome], ["root", "success"]);
  });

  test("what an administrator does for a user is found under both", async () => {
    const [entry] = await find({ userId: "bob", operation: "set" });
    assert.deepEqual([entry.userId, entry.subjectId], ["root", "bob"]);
    await service.graphql("mutation { runDailyTask { id } }", {}, admin);
    const [run] = await find({ userId: "root", operation: "run-daily-task" });
    assert.equal(run.outcome, "success");
  });

  test("is read in pages, each entry once", async () => {
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      const page = await find({}, { count: 3, before });
      seen.push(...page.map(({ id }) => id));
      if (page.length < 3) break;
      before = page.at(-1)!.id;
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(seen.length, await service.database.orm.$count(auditLog));
  });

  test("is for administrators", async () => {
    const codes = async (token?: string) => codeOf(await service.graphql(AUDIT, {}, token));
    assert.equal(await codes(), "UNAUTHENTICATED");
    assert.equal(await codes(phone.token), "FORBIDDEN");
    assert.equal(await codes(await service.token("watcher", "metrics")), "FORBIDDEN");
    const bad = await service.graphql(AUDIT, { filter: { userId: "\u0000" } }, admin);
    assert.equal(codeOf(bad), "BAD_USER_INPUT");
  });

  test("refuses every change and deletion in the database", async () => {
    for (const statement of [
      "UPDATE audit_log SET user_id = 'eve'",
      "DELETE FROM audit_log",
      "TRUNCATE audit_log",
    ]) {
      await assert.rejects(
        service.database.orm.execute(sql.raw(statement)),
        (error: Error) => /never changed/.test(String(error.cause)),
        statement,
      );
    }
  });

  test("has no secret in it", async () => {
    await service.app.get(MetricsWriter).flush();
    const { rows } = (await service.database.orm.execute(
      sql.raw("SELECT audit_log::text AS row FROM audit_log"),
    )) as unknown as { rows: { row: string }[] };
    const text = rows.map(({ row }) => row).join("\n");
    for (const secret of [PIN, "314159", "161803", phone.token.slice(0, 40)]) {
      const digest = createHash("sha256").update(secret).digest("hex");
      assert.ok(!text.includes(secret) && !text.includes(digest));
    }
  });

  test("rubbish of strangers is neither an error in the log nor a row", async () => {
    await service.app.get(MetricsWriter).flush();
    const rows = await service.database.orm.$count(auditLog);
    const before = service.logged().length;
    const post = (body: string, headers = {}) =>
      fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
    const answers = [
      await post("{"),
      await post("null"),
      await post("[]"),
      await post('{"query": "{ nothing }"}'),
      await post('{"query": "{{{"}'),
      await post('{"query": "{ whoAmI { userId } }"}'),
      await post('{"query": "subscription { whoAmI { userId } }"}'),
      await post('{"query": "{ whoAmI { userId } }"}', { authorization: "Bearer a.b.c" }),
      await post("{}", { "content-encoding": "gzip" }),
      await post("{}", { "content-encoding": "rubbish" }),
      await post("{}", { "content-type": "application/json; charset=rubbish" }),
      await post("x".repeat(20_000)),
      await post("query=x", { "content-type": "text/plain" }),
      await fetch(`${service.url}/wp-login.php?%00=%ff`),
      await fetch(`${service.url}/dashboard/summary?hours=24`),
      await fetch(`${service.url}/graphql`, { method: "PUT" }),
      await fetch(`${service.url}/%`),
    ];
    for (const answer of answers) {
      assert.ok(answer.status < 500, `${answer.url} ${answer.status} ${await answer.text()}`);
    }
    // One who goes away amid his request.
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => {
        socket.write("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
        socket.write("content-length: 100\r\n\r\n{");
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on("close", () => setTimeout(resolve, 100));
    });
    const logged = service.logged().slice(before);
    assert.doesNotMatch(logged, /"level":"(error|warn)"/);
    await service.app.get(MetricsWriter).flush();
    assert.equal(await service.database.orm.$count(auditLog), rows);
  });

  test("Prometheus is told of requests, refusals, connections and the daily task", async () => {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const text = await (await fetch(`${service.url}/metrics`, { headers })).text();
    assert.match(text, /\nkms_service_http_requests_total\{path="\/graphql",status="200"\} \d+/);
    assert.match(text, /\nkms_service_http_requests_total\{path="other",status="404"\} \d+/);
    assert.match(text, /\nkms_service_http_request_duration_seconds_count\{path="\/graphql"\} \d+/);
    assert.match(text, /\nkms_service_errors_total\{code="UNAUTHENTICATED"\} \d+/);
    assert.match(text, /\nkms_service_errors_total\{code="FORBIDDEN"\} \d+/);
    assert.match(text, /\nkms_service_daily_task_finished_timestamp_seconds \d{10}/);
    assert.match(text, /\nkms_service_daily_task_tampered_rows 0/);
    if (service.config.DATABASE_URL) {
      assert.match(text, /\nkms_service_database_connections\{pool="metrics",state="waiting"\} 0/);
    }
    assert.doesNotMatch(text, /wp-login/);
  });

  async function find(filter: object, page: object = { count: 100 }): Promise<any[]> {
    await service.app.get(MetricsWriter).flush();
    const { data, errors } = await service.graphql(AUDIT, { filter, ...page }, admin);
    assert.equal(errors, undefined);
    return data.auditLog;
  }
});
