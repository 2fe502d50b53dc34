import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { MetricsRecorder } from "../src/metrics/metrics-recorder.js";
import { startTestKms } from "./support/kms.js";
import { startTestService, type TestService } from "./support/app.js";

/** Seen from dist/test. */
const GRAFANA_DASHBOARD = new URL("../../ops/grafana-dashboard.json", import.meta.url);
const METRICS_TOKEN = "of Prometheus alone, and long enough";

const GENERATE = `mutation {
  generateClientEncryptionKey(input: { deviceId: "phone", appVersion: "1.0" }) { keyId }
}`;

describe("health", () => {
  let service: TestService;

  before(async () => {
    service = await startTestService({ METRICS_TOKEN });
  });
  after(() => service.close());

  test("/livez answers everybody", async () => {
    const response = await fetch(`${service.url}/livez`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { status: "ok" });
  });

  test("/readyz tells of the database and of the key service", async () => {
    assert.deepEqual(await readiness(service), {
      status: 200,
      database: "ok",
      keyService: "ok",
      clock: "ok",
      ending: false,
    });
  });

  test("/metrics counts operations, and tells of keys and of the key service", async () => {
    await service.graphql(GENERATE, {}, await service.token("alice"));
    service.app.get(MetricsRecorder).record({
      operation: "decrypt",
      outcome: "failure",
      reason: "PAYLOAD_INVALID",
      durationMs: 30,
    });

    const response = await scrape(METRICS_TOKEN);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    for (const line of [
      'kms_service_operations_total{operation="generate",outcome="success",reason=""} 1',
      'kms_service_operations_total{operation="decrypt",outcome="failure",reason="PAYLOAD_INVALID"} 1',
      'kms_service_operation_duration_seconds_bucket{le="0.025",operation="decrypt",outcome="failure"} 0',
      'kms_service_operation_duration_seconds_bucket{le="0.05",operation="decrypt",outcome="failure"} 1',
      'kms_service_keys{state="active"} 1',
      "kms_service_metric_rows_dropped_total 0",
      "kms_envelope_key_service_calls_total 0",
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    assert.match(text, /\nprocess_resident_memory_bytes \d+\n/);
  });

  test("the dashboard for Grafana asks for metrics that there are", async () => {
    const text = await (await scrape(METRICS_TOKEN)).text();
    const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const dashboard = JSON.parse(readFileSync(GRAFANA_DASHBOARD, "utf8"));
    const expressions: string[] = dashboard.panels.flatMap(
      ({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr),
    );
    assert.ok(expressions.length > 12);
    for (const expression of expressions) {
      const names = expression.match(/\b(kms|process|nodejs)_\w+/g) ?? [];
      assert.ok(names.length > 0, expression);
      for (const name of names) assert.ok(there.has(name.replace(/_bucket$/, "")), name);
    }
  });

  test("/metrics is for Prometheus and for those who may see metrics", async () => {
    const status = async (token?: string) => (await scrape(token)).status;
    assert.equal(await status(), 401);
    assert.equal(await status(`${METRICS_TOKEN}!`), 401);
    assert.equal(await status(await service.token("alice")), 403);
    assert.equal(await status(await service.token("watcher", "metrics")), 200);
    assert.equal(await status(await service.token("root", "admin")), 200);
  });

  test("tells when the key service is away, and does not call itself unready for it", async () => {
    const kms = await startTestKms();
    const alone = await startTestService(kms.settings);
    assert.equal((await readiness(alone)).keyService, "ok");
    await kms.stop();
    try {
      const user = await alone.token("alice");
      for (let attempt = 0; attempt < 6; attempt++) {
        const { errors } = await alone.graphql(GENERATE, {}, user);
        assert.equal(errors?.[0]?.extensions.code, "KMS_UNAVAILABLE");
      }
      const { status, keyService } = await readiness(alone);
      assert.deepEqual([status, keyService], [200, "unavailable"]);
      const text = await (await scrape(await alone.token("root", "admin"), alone)).text();
      assert.match(text, /\nkms_envelope_circuit_open\{region="[\w-]*"\} 1\n/);
      assert.match(text, /\nkms_envelope_key_service_failures_total [1-9]/);
    } finally {
      await alone.close();
    }
  });

  test("/readyz says so when the database is away, and /livez goes on", async () => {
    const broken = await startTestService();
    try {
      await broken.database.close();
      const { status, database } = await readiness(broken);
      assert.deepEqual([status, database], [503, "unavailable"]);
      assert.equal((await fetch(`${broken.url}/livez`)).status, 200);
    } finally {
      await broken.close().catch(() => {});
    }
  });

  async function readiness({ url }: TestService) {
    const response = await fetch(`${url}/readyz`);
    const report = (await response.json()) as {
      database: string;
      keyService: string;
      ending: boolean;
    };
    return { ...report, status: response.status };
  }

  function scrape(token?: string, { url } = service): Promise<Response> {
    const headers: HeadersInit = token ? { authorization: `Bearer ${token}` } : {};
    return fetch(`${url}/metrics`, { headers });
  }
});
