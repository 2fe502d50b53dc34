'use strict';

const fs = require('node:fs');
const path = require('node:path');

const FILES = ['python', 'js', 'rust', 'negative', 'crafted', 'legacy-sorting'];
const MAX_MESSAGE = 100_000;

/** `node scripts/select-vectors.js FROM TO`: the part of the vectors that the repository holds. */
function main([from, to]) {
  fs.mkdirSync(to, { recursive: true });
  const suites = new Map();
  for (const file of FILES) {
    const set = read(from, file);
    for (const item of set.cases) suites.set(item.id, item.message?.suite ?? '');
    const cases = set.cases.map((item) => inline(from, item)).filter((item) => wanted(item, suites));
    fs.writeFileSync(path.join(to, `${file}.json`), `${JSON.stringify({ ...set, cases }, null, 1)}\n`);
  }
  const { schema, keys } = read(from, 'keys');
  const aes = Object.fromEntries(Object.entries(keys).filter(([, key]) => key.kind === 'aes'));
  fs.writeFileSync(path.join(to, 'keys.json'), `${JSON.stringify({ schema, keys: aes }, null, 1)}\n`);
}

/** Raw AES and suite 0x0478, or made from such a message. */
function wanted(item, suites) {
  const message = Buffer.from(item.ciphertext_base64, 'base64');
  const suite = suites.get(item.base) || message.toString('hex', 1, 3);
  return item.keyring.type === 'raw-aes' && suite === '0478' && message.length <= MAX_MESSAGE;
}

function inline(from, { ciphertext, plaintext, ...item }) {
  if (ciphertext) item.ciphertext_base64 = base64(from, ciphertext);
  if (plaintext) item.plaintext_base64 = base64(from, plaintext);
  return item;
}

function base64(from, file) {
  return fs.readFileSync(path.join(from, file)).toString('base64');
}

function read(from, name) {
  return JSON.parse(fs.readFileSync(path.join(from, `${name}.json`), 'utf8'));
}

main(process.argv.slice(2));
