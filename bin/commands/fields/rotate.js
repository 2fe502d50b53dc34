'use strict';

const { setTimeout: sleep } = require('node:timers/promises');

const { OF_BRANCH_KEY } = require('../../support/branch-key-options.js');
const { purposeOf, refusePositionals, withFields } = require('../../support/field-keys.js');
const { jsonLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  refusePositionals('rotate', positionals);
  const purpose = purposeOf(values);
  await withFields(values, { signal }, async (fields) => {
    for (;;) {
      const step = await fields.rotate(purpose, { signal });
      await write(values.json ? jsonLine({ tenant: fields.tenant, purpose, ...step }) : told(step));
      if (step.promoted || !values.wait) return;
      await sleep(step.waitMs, undefined, { signal });
    }
  });
}

/** @param {{ keyId: number, promoted: boolean, waitMs: number }} step */
function told({ keyId, promoted, waitMs }) {
  if (promoted) return `key ${keyId} encrypts from now on\n`;
  const seconds = Math.ceil(waitMs / 1000);
  return `key ${keyId} was added; run the command again in ${seconds} s to let it encrypt\n`;
}

module.exports = {
  summary: 'Take the next step of a rotation: add a key, later let it encrypt',
  usage: '--tenant NAME [OPTION...]',
  details: `A new key encrypts only once every process must have it, which takes twice the
refresh time of the keys. The command adds a key; run again after that time, it
lets that key encrypt. With --wait one run does both. Values stay under the key
that encrypted them, until "fields migrate" encrypts them again.
`,
  options: /** @type {const} */ ([
    'key',
    ...OF_BRANCH_KEY,
    'store',
    'tenant',
    'purpose',
    'wait',
    'json',
    'help',
  ]),
  run,
};
