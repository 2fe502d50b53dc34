'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { checkImportCircles } = require('./javascript-circles.js');
const { checkLengths, filesUnder } = require('./check-lengths.js');
const { importCircles } = require('./import-circles.js');

/** The rooms of src/, lowest first. A room imports from lower lines only, not from its own. */
const LAYERS = [
  ['error', 'folder', 'foreign_text', 'kms_arn', 'secret_memory'],
  ['approved', 'threads'],
  ['context', 'parallel', 'suite'],
  ['crypto', 'format'],
  ['fields', 'materials'],
  ['branch_keys'],
  ['keyring'],
  ['message'],
  ['client', 'file', 's3_object'],
  ['operation'],
  ['node'],
];
const CRYPTO_CRATES =
  'aws_lc_rs|aes|aes_gcm|aes_gcm_siv|aes_kw|aes_siv|cbc|chacha20poly1305|cmac|ctr|getrandom|ghash|hkdf|p256|p384|p521|rsa|sha1|sha2';
/** Words that belong to one place; `where` is matched against the path. */
const CONFINED = [
  { pattern: /\bnapi(_derive)?\b/g, where: /^src\/node\//, what: 'napi' },
  {
    pattern: /\b(aws_sdk_\w+|aws_config|aws_credential_types|aws_smithy\w*)\b/g,
    where: /^src\/keyring\/aws_kms/,
    what: 'the AWS SDK',
  },
  {
    pattern: new RegExp(`(?<![\\w.]|\\w::)(${CRYPTO_CRATES})::|\\buse (${CRYPTO_CRATES})\\b`, 'g'),
    where: /^src\/crypto\b/,
    what: 'cryptography crates',
  },
  {
    pattern: /\bunsafe\b/g,
    where: /^src\/(crypto\/fips_tests|node\/(bytes|ending|signals)|secret_memory)\.rs$/,
    what: 'unsafe',
  },
];

// Comments and, as a `//` inside them is none, strings (in Rust also raw ones, and characters).
const RUST_NOISE =
  /\/\/.*|\/\*[^]*?\*\/|\bb?r(#*)"[^]*?"\1|"(?:\\[^]|[^"\\])*"|'(?:\\'|\\[^\n']+|[^'\\\n])'/g;
const JS_NOISE = /\/\/.*|\/\*[^]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;

/**
 * Returns where the tree at `root` breaks the layering, imports in a circle, or has too long a file.
 *
 * @param {string} root
 * @returns {{ file: string, line: number, message: string }[]}
 */
function checkLayers(root) {
  const files = filesUnder(root, 'src', /\.rs$/);
  const rust = files.flatMap((file) => checkRust(file, read(root, file)));
  const glue = filesUnder(root, 'lib', /\.js$/).flatMap((file) =>
    checkGlue(file, read(root, file)),
  );
  const sources = files.map((file) => {
    const code = withoutInlineModules(read(root, file).replace(RUST_NOISE, blank));
    return { file, module: modulePath(file), code };
  });
  const circles = [...importCircles(sources), ...checkImportCircles(root)];
  return [...rust, ...circles, ...glue, ...checkLengths(root)];
}

function checkRust(file, source) {
  const code = source.replace(RUST_NOISE, blank);
  return [...checkImports(file, code), ...checkConfined(file, code)];
}

function checkImports(file, code) {
  const own = modulePath(file);
  const [room] = own;
  // lib.rs is the root, which re-exports.
  if (room === undefined) return [];
  if (rankOf(room) < 0) {
    return [{ file, line: 1, message: `give ${room} its place in LAYERS of check-layers.js` }];
  }
  return importedRooms(own, code)
    .filter(({ name }) => name !== room && !(rankOf(name) >= 0 && rankOf(name) < rankOf(room)))
    .map(({ name, offset }) => ({
      file,
      line: lineAt(code, offset),
      message:
        rankOf(name) < 0
          ? `import from the room that ${name} lives in, not from the root`
          : `${room} must not import ${name}: move what both need below them`,
    }));
}

/**
 * Returns the rooms named by `crate::room` and `crate::{room, ...}`, also where `super` is the root.
 */
function importedRooms(own, code) {
  const inline = inlineModules(code);
  const depthAt = (at) => own.length + inline.filter(([from, to]) => from < at && at < to).length;
  return [...code.matchAll(/\b(crate|(?:super\s*::\s*)*super)\s*::\s*/g)]
    .filter(({ 1: from, index }) => from === 'crate' || from.split('::').length >= depthAt(index))
    .flatMap((match) => firstNames(code, match.index + match[0].length));
}

/** Returns the first name of a path, or of each branch of a `{...}` group. */
function firstNames(code, start) {
  if (code[start] !== '{') {
    const found = /^(\w+|\*)/.exec(code.slice(start));
    return found ? [{ name: found[0], offset: start }] : [];
  }
  const end = closing(code, start);
  const names = [];
  let depth = 0;
  for (let at = start; at < end; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}') depth--;
    if (depth !== 1 || !'{,'.includes(code[at])) continue;
    const gap = /^\s*/.exec(code.slice(at + 1))[0].length;
    names.push(...firstNames(code, at + 1 + gap));
  }
  return names;
}

/** Those of tests may import what they like. */
function withoutInlineModules(code) {
  for (const [from, to] of inlineModules(code)) {
    code = code.slice(0, from) + blank(code.slice(from, to)) + code.slice(to);
  }
  return code;
}

function inlineModules(code) {
  return [...code.matchAll(/\bmod\s+\w+\s*\{/g)].map((match) => {
    const open = match.index + match[0].length - 1;
    return [open, closing(code, open)];
  });
}

function closing(code, open) {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return at;
  }
  return code.length;
}

function checkConfined(file, code) {
  return CONFINED.filter(({ where }) => !where.test(file)).flatMap(({ pattern, where, what }) =>
    [...code.matchAll(pattern)].map((match) => ({
      file,
      line: lineAt(code, match.index),
      message: `${what} (${match[0]}) belongs in ${where.source}: move it there`,
    })),
  );
}

/**
 * The library needs no package, so lib/ takes Node's own modules, its siblings and the binding.
 */
function checkGlue(file, source) {
  const code = source.replace(JS_NOISE, (text) => (text.startsWith('/') ? blank(text) : text));
  // A method may be called `import`.
  const loads = [
    ...code.matchAll(/(?<!async |\.)\b(?:require|import)\s*\(\s*(?:(['"])([^'"]*)\1\s*\))?/g),
  ];
  const strays = loads.filter(({ 2: name }) => !glueMayLoad(file, name ?? ''));
  return strays.map(({ 2: name = 'a computed name', index }) => ({
    file,
    line: lineAt(code, index),
    message: `lib/ loads only node: modules, its own files and the binding, not ${name}`,
  }));
}

function glueMayLoad(file, name) {
  if (name.startsWith('node:')) return true;
  if (!name.startsWith('./') && !name.startsWith('../')) return false;
  const loaded = path.posix.join(path.posix.dirname(file), name);
  return loaded.startsWith('lib/') || /^binding(\.js)?$/.test(loaded);
}

/** Spaces instead of a text, so that what follows keeps its offset and line. */
function blank(text) {
  return text.replace(/[^\n]/g, ' ');
}

function modulePath(file) {
  const parts = file
    .replace(/^src\//, '')
    .replace(/\.rs$/, '')
    .split('/');
  if (['mod', 'lib', 'main'].includes(parts.at(-1))) parts.pop();
  return parts;
}

function rankOf(room) {
  return LAYERS.findIndex((rooms) => rooms.includes(room));
}

function lineAt(text, offset) {
  return text.slice(0, offset).split('\n').length;
}

function read(root, file) {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

if (require.main === module) {
  const violations = checkLayers(path.join(__dirname, '..'));
  for (const { file, line, message } of violations) console.log(`${file}:${line}: ${message}`);
  console.log(`layers: ${violations.length} violations`);
  if (violations.length > 0) process.exitCode = 1;
}

module.exports = { checkLayers };
