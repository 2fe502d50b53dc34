'use strict';

const fs = require('node:fs');
const path = require('node:path');

const FILES = ['python', 'js', 'rust', 'kms', 'negative', 'crafted', 'legacy-sorting'];
/** In base64; what long messages show, the tests of the whole set show. */
const MAX_MESSAGE = 3000;
/** Of what is there many times over, one in so many. */
const SAMPLED = [
  { pattern: /^(py|js)-/, every: 2 },
  { pattern: /^negative-(flip|cut)-/, every: 3 },
];

/** `node scripts/select-vectors.js FROM TO`: the part of the vectors that the repository holds. */
function main([from, to]) {
  fs.mkdirSync(to, { recursive: true });
  for (const file of FILES) {
    const set = read(from, file);
    const cases = set.cases
      .map((item) => inline(from, item))
      .filter(isShort)
      .filter(sampled());
    write(to, file, { ...set, cases });
  }
  write(to, 'keys', read(from, 'keys'));
}

function isShort({ ciphertext_base64: message }) {
  return message.length <= MAX_MESSAGE;
}

function sampled() {
  const seen = SAMPLED.map(() => 0);
  return ({ id }) =>
    SAMPLED.every(({ pattern, every }, i) => !pattern.test(id) || seen[i]++ % every === 0);
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

function write(to, name, content) {
  fs.writeFileSync(path.join(to, `${name}.json`), `${JSON.stringify(content, null, 1)}\n`);
}

main(process.argv.slice(2));
