'use strict';

// `kms-party.js NAME ENDPOINT`: one side of the case `kms-cost`, in a process of its own. Its parent
// asks for samples, and is told the processor time of this process and the time of the clock, in nanoseconds.
const { inFlight } = require('../lib/rounds');
const { PARTIES } = require('../peers/kms-callers');

async function main(name, endpoint) {
  const call = await PARTIES[name](endpoint);
  process.on('message', async ({ count, width }) => {
    const before = process.cpuUsage();
    const elapsed = await inFlight(call, width).sample(count);
    const { user, system } = process.cpuUsage(before);
    process.send({ elapsed, processor: (user + system) * 1000 });
  });
  process.send('ready');
}

main(...process.argv.slice(2));
