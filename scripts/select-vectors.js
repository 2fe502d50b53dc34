'use strict';

const fs = require('node:fs');
const path = require('node:path');

const FILES = ['python', 'js', 'rust', 'kms', 'negative', 'crafted', 'legacy-sorting'];
/** Longer messages are left out, in base64 characters; tests read them where the whole set is. */
const MAX_MESSAGE_LENGTH = 3000;
/** Groups with many cases alike, by their ids: of `every` cases, one is taken. */
const SAMPLED = [
  { pattern: /^(py|js)-/, every: 2 },
  { pattern: /^negative-(flip|cut)-/, every: 3 },
];

/** Of the cases with branch keys, one of so many is taken, by group; all of a group that is not named. */
const BRANCH_KEYS_EVERY = {
  negative: 4,
  crafted: 3,
  versions: 3,
  suites: 3,
  ids: 3,
  multi: 3,
  'kms-configuration': 3,
};

/** `node scripts/select-vectors.js FROM TO`: copies the part of the vectors that the repository holds. */
function main([from, to]) {
  selectMessages(path.join(from, 'cases'), path.join(to, 'cases'));
  selectBranchKeys(path.join(from, 'hierarchy'), path.join(to, 'hierarchy'));
}

function selectMessages(from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const file of FILES) {
    const set = read(from, file);
    const cases = set.cases
      .map((item) => withContents(from, item))
      .filter(isShort)
      .filter(sampled());
    write(to, file, { ...set, cases });
  }
  write(to, 'keys', read(from, 'keys'));
}

function selectBranchKeys(from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const name of ['keys', 'store', 'store-cases', 'requests', 'known-answers']) {
    fs.writeFileSync(
      path.join(to, `${name}.json`),
      fs.readFileSync(path.join(from, `${name}.json`)),
    );
  }
  const { cases, ...set } = read(from, 'cases');
  const seen = {};
  const chosen = cases.filter(({ group, result }) => {
    seen[group] = (seen[group] ?? 0) + 1;
    // All cases with an open result: the SDKs differ there, and the tests decide each.
    return result === 'open' || (seen[group] - 1) % (BRANCH_KEYS_EVERY[group] ?? 1) === 0;
  });
  const lines = chosen.map((item) => `\n${JSON.stringify(item)}`);
  const text = JSON.stringify({ ...set, cases: [] }).replace(/\[\]\}$/, `[${lines.join()}\n]}\n`);
  fs.writeFileSync(path.join(to, 'cases.json'), text);
}

function isShort({ ciphertext_base64: message }) {
  return message.length <= MAX_MESSAGE_LENGTH;
}

/** Returns a filter that keeps one of `every` cases of the groups in SAMPLED. */
function sampled() {
  const seen = SAMPLED.map(() => 0);
  return ({ id }) =>
    SAMPLED.every(({ pattern, every }, i) => !pattern.test(id) || seen[i]++ % every === 0);
}

/** Returns a case with the contents of the files that it names. */
function withContents(from, { ciphertext, plaintext, ...item }) {
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
