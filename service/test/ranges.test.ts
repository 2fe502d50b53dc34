import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DAY, HOUR, MINUTE } from "../src/common/durations.js";
import { MetricsRecorder } from "../src/metrics/metrics-recorder.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { Summaries } from "../src/metrics/summaries.js";
import { startTestService, type TestService } from "./support/app.js";

/** Operations every 7 hours and 13 minutes, for ten days. */
const PAUSE_MS = 7 * HOUR + 13 * MINUTE;

describe("a summary of the time between two moments", () => {
  let service: TestService;
  const times: number[] = [];

  before(async () => {
    service = await startTestService();
    const recorder = service.app.get(MetricsRecorder);
    for (let span = 0; span < 10 * DAY; span += PAUSE_MS) {
      times.push(service.clock.now().getTime());
      const operation = { operation: "decrypt", durationMs: 2 } as const;
      recorder.record({ ...operation, outcome: "success" });
      service.clock.advance(PAUSE_MS);
    }
    await service.app.get(MetricsWriter).flush();
  });
  after(() => service.close());

  test("has each operation of it once, whether minutes, hours or days are read", async () => {
    const now = service.clock.now().getTime();
    for (const [begin, end] of [
      [DAY / 2, HOUR],
      [DAY, DAY / 3],
      [3 * DAY, DAY],
      [9 * DAY, 8 * DAY - 5 * HOUR],
      [10 * DAY, 5 * DAY],
      [80 * DAY, 4 * DAY],
      [80 * DAY, 0],
    ] as const) {
      const whole = begin > 2 * DAY ? HOUR : MINUTE;
      const from = Math.floor((now - begin) / whole) * whole;
      const until = end === 0 ? now : Math.ceil((now - end) / whole) * whole;
      const expected = times.filter((time) => time >= from && time < until).length;
      const { totals, series } = await summarize(now - begin, now - end);
      assert.equal(totals.attempts, expected, `${begin / DAY} to ${end / DAY} days ago`);
      const sum = series.reduce((total, piece) => total + piece.attempts, 0);
      assert.equal(sum, expected, `the pieces from ${begin / DAY} days ago`);
    }
  });

  test("is widened to whole hours where minutes are not kept any more", async () => {
    const now = service.clock.now().getTime();
    const begin = Math.floor((now - 5 * DAY) / HOUR) * HOUR;
    const { from, until } = await summarize(begin + 10 * MINUTE, begin + 130 * MINUTE);
    assert.deepEqual([from.getTime(), until.getTime()], [begin, begin + 3 * HOUR]);
  });

  test("is refused where there can be none, with a reason", async () => {
    const now = service.clock.now().getTime();
    await assert.rejects(summarize(now - HOUR, now - HOUR), /must begin before it ends/);
    await assert.rejects(summarize(now + HOUR, now + 2 * HOUR), /must not begin in the future/);
    await assert.rejects(summarize(now - 91 * DAY, now), /kept for 90 days/);
  });

  function summarize(from: number, until: number) {
    return service.app.get(Summaries).summarize({ from: new Date(from), until: new Date(until) });
  }
});
