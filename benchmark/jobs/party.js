'use strict';

// `party.js NAME LENGTH [cached]`: one party of a comparison, in a process of its own, so that nobody
// collects another's garbage. Its parent asks for samples, and is told their nanoseconds.
const crypto = require('node:crypto');

const { scheduled } = require('../lib/clock');
const { isSync, verified } = require('../lib/parties');
const { inFlight, synchronous } = require('../lib/rounds');

async function main(name, length, cached) {
  const data = crypto.randomBytes(Number(length));
  const { party, message } = await verified(name, data, cached === 'cached');
  process.on('message', async ({ operation, width, count }) => {
    const input = operation === 'encrypt' ? data : message;
    const once = () => party[operation](input);
    const side = isSync(name) ? synchronous(once) : inFlight(once, width);
    process.send({ elapsed: await side.sample(count), scheduled: scheduled() });
  });
  process.send('ready');
}

main(...process.argv.slice(2));
