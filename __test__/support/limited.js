'use strict';

const fs = require('node:fs');
const path = require('node:path');

/** Prints, as JSON, the outcome of each kind of call in a process that can start few threads. */
async function main() {
  const folder = fs.mkdtempSync(path.join(__dirname, 'work-'));
  const [plain, message] = [path.join(folder, 'plain'), path.join(folder, 'message')];
  fs.writeFileSync(plain, Buffer.alloc(3_000_000));
  // From here on `few_threads.c` counts; Node.js has its own threads.
  process.env.FAIL_NOW = '1';
  const { CustomKeyring, Envelope, RawAesKeyring } = require('./index.js');
  const key = { keyNamespace: 'a', keyName: 'b', wrappingKey: Buffer.alloc(32) };
  const raw = new Envelope({ keyring: new RawAesKeyring(key) });
  const data = Buffer.alloc(8 * 1024 * 1024);
  let dataKey;
  const custom = new Envelope({
    keyring: new CustomKeyring({
      providerId: 'limited',
      async wrapDataKey({ dataKey: fresh }) {
        dataKey = Buffer.from(fresh);
        return { ciphertext: Buffer.from('0'), keyName: 'k' };
      },
      unwrapDataKey: async () => Buffer.from(dataKey),
    }),
  });
  console.log(
    JSON.stringify({
      asynchronous: await outcome(async () => custom.decrypt(await custom.encrypt('works'))),
      file: await outcome(() => raw.encryptFile(plain, message)),
      synchronous: await outcome(() => raw.decryptSync(raw.encryptSync(data))),
    }),
  );
}

async function outcome(call) {
  try {
    await call();
    return 'works';
  } catch ({ code, retryable, message }) {
    return code === undefined ? message : `${code} ${retryable} ${message}`;
  }
}

main();
