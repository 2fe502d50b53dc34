'use strict';

// Every native function, with right and wrong input, for what watches the memory of this process.
// Buffers are of the very length that is needed, and not from a pool: a byte more is then seen.

// First, as it replaces what the others take from the addon.
const { notCalled } = require('./calls');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const scenarios = {
  ...require('./messages'),
  ...require('./streams-and-files'),
  ...require('./fields'),
  ...require('./keys'),
  ...require('./services'),
  ...require('./misuse'),
};

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-'));
  try {
    for (const [name, scenario] of Object.entries(scenarios)) {
      await scenario(folder);
      global.gc();
      console.log(`exercised: ${name}`);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  // Finalizers run at a later turn.
  await new Promise(setImmediate);
  assert.deepEqual(notCalled(), [], 'every function of the addon is called');
  console.log('exercised: all');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
