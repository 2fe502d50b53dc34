import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { MetricsRecorder } from "../src/metrics/metrics-recorder.js";
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
    const response = await fetch(`${service.url}/readyz`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      status: "ok",
      database: "ok",
      keyService: "ok",
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

  test("/readyz says so when the database is away, and /livez goes on", async () => {
    const broken = await startTestService();
    try {
      await broken.database.close();
      const response = await fetch(`${broken.url}/readyz`);
      assert.equal(response.status, 503);
      assert.equal(((await response.json()) as { database: string }).database, "unavailable");
      assert.equal((await fetch(`${broken.url}/livez`)).status, 200);
    } finally {
      await broken.close().catch(() => {});
    }
  });

  function scrape(token?: string): Promise<Response> {
    const headers: HeadersInit = token ? { authorization: `Bearer ${token}` } : {};
    return fetch(`${service.url}/metrics`, { headers });
  }
});
