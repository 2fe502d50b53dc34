'use strict';

const { digits, duration, groupOf, ratioOf, throughput } = require('./figures');
const { summaryRows } = require('./summary');
const { TARGETS } = require('./targets');

/** More than this, and a figure is only roughly right. */
const WIDE = 0.2;

/**
 * Returns the targets and what was measured of them, as Markdown.
 *
 * @param {{ cases: Record<string, any> }} results
 * @param {{ measuredOnly?: boolean }} [options] measuredOnly: without the other rows
 */
async function targetTable({ cases }, { measuredOnly = false } = {}) {
  const head = ['case', 'against', 'ours', 'theirs', 'measured', 'target', 'met'];
  const targets = TARGETS.filter(({ find }) => !measuredOnly || find(cases));
  const rows = targets.map(({ label, against, target, find }) => {
    const found = find(cases);
    if (!found) return [label, against, '', '', 'not measured', target, ''];
    const { ours = '', theirs = '', measured, spread = 0, met } = found;
    const note = spread > WIDE ? ` (spread ${digits(100 * spread)} %)` : '';
    return [
      found.label ?? label,
      against,
      ours,
      theirs,
      measured + note,
      target,
      { true: 'yes', false: '**no**' }[met] ?? '',
    ];
  });
  return table([head, ...rows], ['l', 'l', 'r', 'r', 'r', 'l', 'l']);
}

/** Returns what the README shows, as Markdown; nothing if there is nothing. */
async function summaryTable(cases) {
  const rows = summaryRows(cases);
  return rows.length > 1 ? table(rows, ['l', 'r', 'r', 'r']) : '';
}

/** Returns all sides of each group of a case, as Markdown. */
async function caseTable(cases, name) {
  const parts = [];
  for (const group of cases[name]?.groups ?? []) {
    if (!group.sides) continue;
    const [first] = Object.keys(group.sides);
    const head = [
      group.name,
      'time',
      ...(group.bytes ? ['rate'] : []),
      `against ${first}`,
      'spread',
    ];
    const rows = Object.entries(group.sides).map(([side, { median: time }]) => {
      const { ratio, spread } = ratioOf(cases, name, group.name, side, first);
      const rate = group.bytes ? [throughput(group.bytes, time)] : [];
      return [side, duration(time), ...rate, digits(ratio), `${digits(100 * spread)} %`];
    });
    parts.push(
      await table(
        [head, ...rows],
        head.map((_, i) => (i === 0 ? 'l' : 'r')),
      ),
    );
  }
  return parts.join('\n\n');
}

/** Figures of all groups of a case, side by side: a row for each that is measured. */
async function sizeTable(cases, name) {
  const groups = cases[name]?.groups ?? [];
  if (groups.length === 0) return '';
  const head = ['', ...groups.map((group) => group.name)];
  const rows = Object.keys(groups[0].figures).map((party) => [
    party,
    ...groups.map(({ figures }) => String(figures[party])),
  ]);
  return table(
    [head, ...rows],
    head.map((_, i) => (i === 0 ? 'l' : 'r')),
  );
}

/** Figures of the groups of a case that have some, one row each. */
async function figureTable(cases, names, head, format) {
  const rows = names.flatMap(([caseName, groupName]) =>
    Object.entries(groupOf(cases, caseName, groupName)?.figures ?? {}).map(([name, value]) => [
      groupName,
      name,
      format(value),
    ]),
  );
  return rows.length > 0 ? table([head, ...rows], ['l', 'l', 'r']) : '';
}

async function table(rows, align) {
  const { markdownTable } = await import('markdown-table');
  return markdownTable(rows, { align, padding: true, alignDelimiters: false });
}

module.exports = { caseTable, figureTable, sizeTable, summaryTable, targetTable };
