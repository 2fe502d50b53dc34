'use strict';

// The kinds of rows that the table of targets has; each names the case that it reads.
const figures = require('./figures');
const { binarySize, digits, duration, groupOf, mebibytes, ratioOf, timeOf } = figures;

const MIB = 2 ** 20;
/** The size of what is large, unless a quick run took less. */
const FULL_SIZE = '1 GiB';

/** At least so many times as fast as another. */
function faster(label, caseName, group, ours, theirs, times) {
  return compared(label, caseName, group, ours, theirs, {
    target: `at least ${times} times as fast`,
    ratio: [theirs, ours],
    meets: (ratio) => ratio >= times,
  });
}

/** At most so many times as long as another. */
function noLonger(label, caseName, group, ours, theirs, times) {
  return compared(label, caseName, group, ours, theirs, {
    target: `at most ${times} times as long`,
    ratio: [ours, theirs],
    meets: (ratio) => ratio <= times,
  });
}

function compared(label, caseName, group, ours, theirs, { target, ratio: [above, below], meets }) {
  return {
    label,
    against: theirs,
    target,
    find(cases) {
      const found = ratioOf(cases, caseName, group, above, below);
      if (!found) return undefined;
      return {
        label: ofSize(label, groupOf(cases, caseName, group).bytes),
        measured: digits(found.ratio),
        met: meets(found.ratio),
        spread: found.spread,
        ours: duration(timeOf(cases, caseName, group, ours)),
        theirs: duration(timeOf(cases, caseName, group, theirs)),
      };
    },
  };
}

/** Returns a figure that must stay below a bound. */
function within(label, target, bound, format, figure) {
  return {
    label,
    against: '',
    target,
    find(cases) {
      const value = figure(cases);
      return value && { measured: format(value), met: value <= bound };
    },
  };
}

function rangeTime() {
  const label = `64 KiB out of ${FULL_SIZE}, \`decryptRange\``;
  const row = within(label, 'less than 1 ms', 1e6, duration, (cases) =>
    timeOf(cases, 'ranges', 'range', 'kms-envelope, decryptRange'),
  );
  return {
    ...row,
    find(cases) {
      const found = row.find(cases);
      return found && { ...found, label: ofSize(label, groupOf(cases, 'ranges', 'range').total) };
    },
  };
}

/** Returns what a row measures, with the size that it measured. */
function ofSize(label, bytes) {
  return bytes ? label.replace(FULL_SIZE, binarySize(bytes)) : label;
}

function rangeReads() {
  return {
    label: 'Bytes read for it',
    against: '',
    target: 'header (4 KiB at once), final frame, at most 2 more frames',
    find(cases) {
      const figures = groupOf(cases, 'ranges', 'range')?.figures;
      if (!figures) return undefined;
      const { allowed, 'asked of a source': asked } = figures;
      const [read, most] = [asked, allowed].map((count) => count.toLocaleString('en'));
      return { measured: `${read} of ${most}`, met: asked <= allowed };
    },
  };
}

function records(op) {
  return {
    label: `256 B, \`${op}Batch\`: the cryptography alone, one core`,
    against: '',
    target: 'at least 500,000 records/s',
    find(cases) {
      const group = groupOf(cases, 'core', 'batch');
      if (!group) return undefined;
      const rate = group.records / (group.sides[`${op}, one core`].median / 1e9);
      return { measured: `${digits(rate)} records/s`, met: rate >= 500_000 };
    },
  };
}

/** What comes on top of the cryptography, which one core does in a time that the core case tells. */
function boundary(op) {
  return {
    label: `256 B, \`${op}Batch\` from JavaScript`,
    against: '',
    target: 'what the boundary adds',
    find(cases) {
      const group = groupOf(cases, 'batch', `${op}, batch`);
      if (!group) return undefined;
      const whole = group.sides['kms-envelope, batch'].median / group.records;
      const core = groupOf(cases, 'core', 'batch');
      const alone = core && core.sides[`${op}, all cores`].median / core.records;
      const added = alone ? `${duration(whole - alone)} more than in Rust, ` : '';
      return { measured: `${duration(whole)} a record, ${added}${digits(1e9 / whole)} records/s` };
    },
  };
}

/** Values of a column in one call: what the addon does of it. */
function values() {
  return {
    label: '10,000 fields of 32 bytes, `encryptMany`: in Rust alone, one core',
    against: '',
    target: 'at least 1,500,000 values/s',
    find(cases) {
      const found = manyFields(cases);
      const rate = found && 1e9 / found.alone;
      return found && { measured: `${digits(rate)} values/s`, met: rate >= 1_500_000 };
    },
  };
}

/** What JavaScript does before and after it. */
function valuesBoundary() {
  return {
    label: '10,000 fields of 32 bytes, `encryptMany` from JavaScript',
    against: '',
    target: 'what the boundary adds',
    find(cases) {
      const found = manyFields(cases);
      if (!found) return undefined;
      const { whole, alone } = found;
      const added = `${duration(whole - alone)} more than in Rust`;
      return { measured: `${duration(whole)} a value, ${added}, ${digits(1e9 / whole)} values/s` };
    },
  };
}

/** Returns the nanoseconds of one value. */
function manyFields(cases) {
  const group = groupOf(cases, 'fields', 'many fields');
  const time = (side) => group.sides[side].median / group.records;
  return group && { whole: time('encryptMany'), alone: time('encryptMany, in Rust alone') };
}

function onePieceMemory(op) {
  return {
    label: `Memory, 256 MiB in one piece, \`${op}\``,
    against: '',
    target: 'the output and at most 16 MiB',
    find(cases) {
      const figures = groupOf(cases, 'memory', `${op}, one piece`)?.figures;
      if (!figures) return undefined;
      const more = figures['kms-envelope'] - figures['the output itself'];
      return { measured: `the output and ${mebibytes(more)}`, met: more <= 16 * MIB };
    },
  };
}

/** The rise of the peak over 1 GiB, beside that of a copy without encryption. */
function streamMemory(op) {
  return {
    label: `Memory, 1 GiB, \`${op}Stream\``,
    against: 'bare copy',
    target: 'at most 16 MiB more',
    find(cases) {
      const rise = (name) =>
        groupOf(cases, 'memory', `file to file, ${name}`)?.figures[`${op}, long`];
      const [ours, theirs] = [rise('kms-envelope'), rise('bare copy')];
      if (ours === undefined) return undefined;
      const more = ours - theirs;
      return {
        measured: more < 0 ? `${mebibytes(-more)} less` : `${mebibytes(more)} more`,
        ours: mebibytes(ours),
        theirs: mebibytes(theirs),
        met: more <= 16 * MIB,
      };
    },
  };
}

/** What the bare copy's own memory grows by is Node.js's: the garbage that it lets lie. */
function flat(label, party, op) {
  return {
    label,
    against: 'bare copy',
    target: 'flat: grows by no more than 32 MiB',
    find(cases) {
      const growth = (name) => {
        const figures = groupOf(cases, 'memory', `file to file, ${name}`)?.figures;
        return figures && figures[`${op}, long`] - figures[`${op}, short`];
      };
      const [ours, theirs] = [growth(party), growth('bare copy')];
      if (ours === undefined) return undefined;
      return {
        measured: `grows by ${mebibytes(ours)}`,
        theirs: mebibytes(theirs),
        met: ours <= Math.max(theirs, 32 * MIB),
      };
    },
  };
}

module.exports = {
  boundary,
  faster,
  flat,
  noLonger,
  onePieceMemory,
  rangeReads,
  rangeTime,
  records,
  streamMemory,
  values,
  valuesBoundary,
  within,
};
