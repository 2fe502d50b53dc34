'use strict';

// Drives every function, class and option of the public API with hostile values. Each call gives an
// `EnvelopeError` with a known code, or what a right call gives. HOSTILE_MS says for how long (10
// seconds by default). CI makes the same calls in each run, however fast it is; elsewhere the seed is new, and
// HOSTILE_SEED repeats a run. HOSTILE_MS=1200000 node --test __test__/hostile/hostile.property.test.js
// looks for new faults for twenty minutes.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const fc = require('fast-check');

const api = require('../..');
const { methodNames } = require('../../scripts/public-api.js');
const { CALLS, DRIVEN, OWN } = require('../support/hostile-calls');
const { MAKERS, hostile } = require('../support/hostile-values');

const FIXED = Boolean(process.env.CI) && process.env.HOSTILE_MS === undefined;
const DURATION_MS = FIXED ? Infinity : Number(process.env.HOSTILE_MS ?? 10_000);
const CALLS_OF_A_ROUND = 2000;
const MOST_ROUNDS = FIXED ? 10 : Infinity;
const SEED = Number(process.env.HOSTILE_SEED ?? (process.env.CI ? 1 : Date.now() % 2 ** 31));
/** What waits longer hangs. */
const DEADLINE_MS = 30_000;

const root = path.join(__dirname, '..', '..');
const types = fs.readFileSync(path.join(root, 'types/errors.d.ts'), 'utf8');
const CODES = new Set(types.match(/(?<=\| ")ERR_ENVELOPE_\w+(?=")/g));

describe('the calls that are driven', () => {
  it('are all that the package exports', () => {
    const callable = Object.keys(api).filter((name) => typeof api[name] === 'function');
    assert.ok(callable.length > 20, `${callable.length}`);
    assert.deepEqual(
      callable.filter((name) => !DRIVEN.has(name)),
      [],
    );
    for (const [name, type] of Object.entries(api)) {
      if (!/^[A-Z]/.test(name) || name === 'EnvelopeError') continue;
      const methods = [
        ...methodNames(type),
        ...Object.keys(Object.getOwnPropertyDescriptors(type)),
      ].filter((method) => !['length', 'name', 'prototype'].includes(method));
      const missing = methods.filter((method) => !DRIVEN.has(`${name}.${method}`));
      assert.deepEqual(missing, [], name);
    }
  });

  it('have all options that the types name', () => {
    const options = fs.readFileSync(path.join(root, 'types/options.d.ts'), 'utf8');
    const keyrings = fs.readFileSync(path.join(root, 'types/keyrings.d.ts'), 'utf8');
    const fields = fs.readFileSync(path.join(root, 'types/fields.d.ts'), 'utf8');
    const given =
      /export interface (\w+(?:Options?|Context|Range|Source|Filter))\b[^{]*\{([^]*?)\n\}/g;
    const names = [...`${options}\n${keyrings}\n${fields}`.matchAll(given)].flatMap(([, , body]) =>
      [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map(([, name]) => name),
    );
    assert.ok(names.length > 40, `${names.length}`);
    const missing = new Set(names.filter((name) => !DRIVEN.has(`option ${name}`)));
    assert.deepEqual([...missing], []);
  });
});

describe('any value, given anywhere', () => {
  it('gives an EnvelopeError or a right result, and nothing worse', async (t) => {
    t.diagnostic(`HOSTILE_SEED=${SEED} repeats it`);
    const counts = { calls: 0, results: 0, errors: 0 };
    const rejections = [];
    const unhandled = (reason) => rejections.push(reason);
    process.on('unhandledRejection', unhandled);
    const until = Date.now() + DURATION_MS;
    const kinds = new Set();
    const codes = new Map();
    const property = fc.asyncProperty(
      fc.constantFrom(...CALLS),
      fc.array(hostile, { minLength: 4, maxLength: 4 }),
      fc.infiniteStream(fc.nat(999)),
      async (call, values, choices) => {
        const next = () => choices.next().value;
        values.forEach(([kind]) => kinds.add(kind));
        const made = values.map(
          ([kind, seed]) =>
            () =>
              MAKERS[kind](seed),
        );
        counts.calls++;
        const outcome = await settled(() => call.run(made, next));
        assert.notEqual(outcome, HANGS, `${call.name} hangs`);
        if ('error' in outcome) {
          const { error } = outcome;
          if (OWN.has(error)) return;
          assert.ok(isOurs(error), `${call.name}: ${show(error)}`);
          assert.ok(CODES.has(error.code), error.code);
          assert.notEqual(error.code, 'ERR_ENVELOPE_INTERNAL', `${call.name}: ${show(error)}`);
          codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
          counts.errors++;
        } else {
          counts.results++;
        }
        assert.deepEqual(rejections.map(show), [], call.name);
      },
    );
    for (let round = 0; round < MOST_ROUNDS && Date.now() < until; round++) {
      const left = Math.max(1, until - Date.now());
      await fc
        .assert(property, {
          seed: SEED + round,
          numRuns: CALLS_OF_A_ROUND,
          ...(FIXED ? {} : { interruptAfterTimeLimit: left }),
          endOnFailure: true,
        })
        .catch((error) => {
          // The report has the seed and the values; its cause says what was wrong.
          throw new Error(`${show(error.cause)}\n${error.message}`);
        });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off('unhandledRejection', unhandled);
    assert.deepEqual(rejections.map(show), []);
    const { calls, results, errors } = counts;
    t.diagnostic(`${calls} calls: ${results} right results, ${errors} EnvelopeErrors`);
    t.diagnostic(`${kinds.size} kinds of values, codes: ${JSON.stringify([...codes])}`);
    assert.ok(results > 0 && errors > 0);
  });
});

const HANGS = Symbol('hangs');

/** How a call ends: its result, its error, or that it hangs. */
async function settled(call) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, DEADLINE_MS, HANGS);
  });
  const ended = (async () => call())().then(
    (result) => ({ result }),
    (error) => ({ error }),
  );
  const outcome = await Promise.race([ended, late]);
  clearTimeout(timer);
  return outcome;
}

/** Whether an error is ours, by its class and not by a look at what a hostile one says. */
function isOurs(error) {
  return error instanceof api.EnvelopeError && typeof error.message === 'string';
}

function show(error) {
  try {
    return String(error?.stack ?? error);
  } catch {
    return 'an error that cannot be shown';
  }
}
