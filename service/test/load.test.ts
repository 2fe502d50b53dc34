import assert from "node:assert/strict";
import { test } from "node:test";
import { runLoad } from "./load/load.js";

test("under load nothing fails and memory stays; without KMS it says so, and comes back", async () => {
  const report = await runLoad({ clients: 20, seconds: 10, outageSeconds: 6 });
  for (const phase of [report.working, report.recovered]) {
    assert.deepEqual(phase.failures, {});
    assert.ok(phase.requests > 0, "nothing was asked for");
  }
  const { first, last } = report.memory;
  assert.ok(last < first * 1.15, `${first} MiB at first, ${last} MiB at last`);
  const { outage } = report;
  assert.deepEqual(Object.keys(outage.failures), ["KMS_UNAVAILABLE"]);
  // What the circuit breaker names, rather than one call that failed.
  assert.ok(outage.longestRetryAfterSeconds > 1, `${outage.longestRetryAfterSeconds} s`);
  assert.equal(report.keyServiceDuringOutage, "unavailable");
});
