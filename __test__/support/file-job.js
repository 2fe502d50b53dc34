'use strict';

// `file-job.js OPERATION SOURCE DESTINATION`: does one of the operations below with files. Prints
// {} when it begins and, when it has ended, as JSON: the code of its error, the names in the folder
// of the destination, and the peak of this process's memory in bytes.
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');

const MIB = 1024 * 1024;
const [, , operation, source, destination] = process.argv;
const overwrite = fs.existsSync(destination);
const operations = {
  copy: () => pipe(),
  encryptStream: () => pipe(envelope().encryptStream()),
  decryptStream: () => pipe(envelope().decryptStream()),
  encryptWebStream: () => pipeWeb(envelope().encryptWebStream()),
  decryptWebStream: () => pipeWeb(envelope().decryptWebStream()),
  encryptFile: () => envelope().encryptFile(source, destination, { overwrite }),
  decryptFile: () => envelope().decryptFile(source, destination, { overwrite }),
  decryptRange: () => envelope().decryptRange(source, { start: 100 * MIB, end: 101 * MIB }),
};

async function main() {
  const ended = operations[operation]().then(
    () => undefined,
    (reason) => reason,
  );
  console.log('{}');
  const error = await ended;
  const left = fs.readdirSync(path.dirname(destination));
  console.log(JSON.stringify({ code: error && (error.code ?? String(error)), left, peak: peak() }));
}

function pipe(...transforms) {
  const sink = fs.createWriteStream(destination);
  return pipeline(fs.createReadStream(source), ...transforms, sink);
}

/** Without `Readable.toWeb`, which reads far ahead by itself. */
async function pipeWeb(transform) {
  const from = await fs.promises.open(source);
  const to = await fs.promises.open(destination, 'w');
  const readable = new ReadableStream({
    async pull(controller) {
      const { bytesRead, buffer } = await from.read(Buffer.allocUnsafe(64 * 1024));
      if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
      await from.close();
      controller.close();
    },
  });
  const writable = new WritableStream({
    write: (piece) => to.writeFile(piece),
    close: () => to.close(),
  });
  await readable.pipeThrough(transform).pipeTo(writable);
}

/** Loads the addon only where it is used, so that a copy is measured without it. */
function envelope() {
  const { Envelope, RawAesKeyring } = require('../..');
  const wrappingKey = Buffer.alloc(32, 1);
  const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'key', wrappingKey });
  return new Envelope({ keyring });
}

/** The most memory that this process has had. */
function peak() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return Number(kibibytes) * 1024;
}

main();
