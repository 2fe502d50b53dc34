'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { CASES } = require('../cases');
const { readHistory } = require('../lib/history');
const { digits, duration, mebibytes, megabytes } = require('./figures');
const { plots } = require('./plots');
const { caseTable, figureTable, sizeTable, summaryTable, targetTable } = require('./tables');

const ROOT = path.join(__dirname, '..', '..');
const PICTURES = path.join(ROOT, 'docs', 'benchmarks');
const DOCUMENTS = ['README.md', 'docs/benchmarks.md', 'docs/fields.md'];

/**
 * Draws the plots anew, and puts the tables into the documents, each between
 * `<!-- benchmark NAME -->` and `<!-- end -->`.
 *
 * @param {import('../lib/results').Results} results
 */
async function draw(results) {
  fs.mkdirSync(PICTURES, { recursive: true });
  for (const [file, text] of await drawn(results)) fs.writeFileSync(file, text);
}

/**
 * Fails if the plots and the documents are not what the results draw.
 *
 * @param {import('../lib/results').Results} results
 */
async function check(results) {
  for (const [file, text] of await drawn(results)) {
    if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) continue;
    const name = path.relative(ROOT, file);
    throw new Error(`${name} does not show the results: run \`node benchmark/run.js --draw\``);
  }
}

/** Returns what the results make of each file. */
async function drawn(results) {
  const drawings = Object.entries(plots(results.cases, readHistory(ROOT)));
  const pictures = drawings.map(([name, svg]) => [path.join(PICTURES, `${name}.svg`), svg]);
  const texts = await textsOf(results);
  const documents = DOCUMENTS.map((document) => {
    const file = path.join(ROOT, document);
    return [file, fillIn(fs.readFileSync(file, 'utf8'), texts, document)];
  });
  return [...pictures, ...documents];
}

/** Returns what can stand between the marks, by its name. */
async function textsOf(results) {
  const { cases, environment } = results;
  const texts = {
    machine: machine(environment, cases),
    summary: await summary(cases),
    targets: await targetTable(results),
  };
  for (const name of Object.keys(CASES)) texts[name] = await caseTable(cases, name);
  const transfers = (cases.memory?.groups ?? []).map(({ name }) => ['memory', name]);
  texts.memory = await figureTable(
    cases,
    transfers,
    ['operation', 'who', 'the peak rises by'],
    mebibytes,
  );
  const sizes = ['addon', 'installed', 'code in the addon'].map((name) => ['size', name]);
  texts.size = await figureTable(cases, sizes, ['of what', '', 'bytes'], megabytes);
  texts['field-bytes'] = await sizeTable(cases, 'field-bytes');
  const calls = (cases['kms-calls']?.groups ?? []).map(({ name }) => ['kms-calls', name]);
  texts['kms-processor'] = await figureTable(cases, calls, ['', 'who', 'a call'], duration);
  const refused = [['outage', 'refused at once']];
  texts.outage = await figureTable(cases, refused, ['callers', '', 'waited'], duration);
  texts['outage-callers'] = await figureTable(
    cases,
    [['outage', 'how many']],
    ['', 'callers', ''],
    digits,
  );
  return texts;
}

/** Returns the picture and the table of the README. */
async function summary(cases) {
  const rows = await summaryTable(cases);
  if (!rows) return '';
  const picture = '![Times as fast as @aws-crypto/client-node](docs/benchmarks/overview.svg)';
  return `${picture}\n\n${rows}`;
}

/** Returns where it was measured, and how quiet it was there. */
function machine(environment, cases) {
  if (!environment) return '';
  const { processor, cores, memoryGiB, system, rust } = environment;
  const all = Object.values(cases);
  const nodes = [...new Set(all.map(({ node }) => node))].sort().join(', ');
  const last = all
    .map(({ measured }) => measured)
    .sort()
    .at(-1);
  const timed = all.filter(({ groups }) => groups.some(({ sides }) => sides));
  const most = digits(100 * Math.max(...timed.map(({ waited }) => waited)));
  return [
    `${processor}, ${cores} cores, ${memoryGiB} GiB; ${system}; Rust ${rust}; Node.js ${nodes}.`,
    `Last measured on ${last}. Other programs had the processors for at most ${most} % of the time`,
    'that a case could have run; where that is much, what runs on several threads is only roughly right.',
  ].join('\n');
}

function fillIn(document, texts, name) {
  const marked = /(<!-- benchmark ([\w-]+) -->\n)[^]*?(<!-- end -->)/g;
  return document.replace(marked, (_all, start, wanted, end) => {
    const text = texts[wanted];
    if (text === undefined) throw new Error(`${name} wants ${wanted}; there is no such case`);
    return `${start}\n${text || 'Not measured.'}\n\n${end}`;
  });
}

module.exports = { check, draw, targetTable };
