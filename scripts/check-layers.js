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
  { pattern: /\bnapi(_derive)?\b/g, where: /^src\/node\//, subject: 'napi' },
  {
    pattern: /\b(aws_sdk_\w+|aws_config|aws_credential_types|aws_smithy\w*)\b/g,
    where: /^src\/keyring\/aws_kms/,
    subject: 'the AWS SDK',
  },
  {
    pattern: new RegExp(`(?<![\\w.]|\\w::)(${CRYPTO_CRATES})::|\\buse (${CRYPTO_CRATES})\\b`, 'g'),
    where: /^src\/crypto\b/,
    subject: 'cryptography crates',
  },
  {
    pattern: /\bunsafe\b/g,
    where: /^src\/(crypto\/fips_tests|node\/(bytes|ending|signals)|secret_memory)\.rs$/,
    subject: 'unsafe',
  },
];

// Comments and strings (in Rust also raw strings and characters): one pattern for both, because a `//`
// inside of a string begins no comment.
const RUST_COMMENTS_AND_STRINGS =
  /\/\/.*|\/\*[^]*?\*\/|\bb?r(#*)"[^]*?"\1|"(?:\\[^]|[^"\\])*"|'(?:\\'|\\[^\n']+|[^'\\\n])'/g;
const JS_COMMENTS_AND_STRINGS = /\/\/.*|\/\*[^]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;

/**
 * Returns where the tree at `root` breaks the layering, imports in a circle, or has too long a file.
 *
 * @param {string} root
 * @returns {{ file: string, line: number, message: string }[]}
 */
function checkLayers(root) {
  const files = filesUnder(root, 'src', /\.rs$/);
  const rust = files.flatMap((file) => checkRust(file, read(root, file)));
  const loads = filesUnder(root, 'lib', /\.js$/).flatMap((file) =>
    checkLoads(file, read(root, file)),
  );
  const sources = files.map((file) => {
    const code = withoutInlineModules(read(root, file).replace(RUST_COMMENTS_AND_STRINGS, blank));
    return { file, module: modulePath(file), code };
  });
  const circles = [...importCircles(sources), ...checkImportCircles(root)];
  return [...rust, ...circles, ...loads, ...checkLengths(root)];
}

function checkRust(file, source) {
  const code = source.replace(RUST_COMMENTS_AND_STRINGS, blank);
  return [...checkImports(file, code), ...checkConfined(file, code)];
}

function checkImports(file, code) {
  const module = modulePath(file);
  const [room] = module;
  // src/lib.rs is in no room: it re-exports from all of them.
  if (room === undefined) return [];
  if (rankOf(room) < 0) {
    return [{ file, line: 1, message: `give ${room} its place in LAYERS of check-layers.js` }];
  }
  return importedRooms(module, code)
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
function importedRooms(module, code) {
  const inline = inlineModules(code);
  const depthAt = (at) =>
    module.length + inline.filter(([from, to]) => from < at && at < to).length;
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
  const end = closingBrace(code, start);
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

/** Returns the code with inline modules blanked: they hold tests, which may import from any room. */
function withoutInlineModules(code) {
  for (const [from, to] of inlineModules(code)) {
    code = code.slice(0, from) + blank(code.slice(from, to)) + code.slice(to);
  }
  return code;
}

/** Returns the offsets of the braces of each `mod name { ... }`. */
function inlineModules(code) {
  return [...code.matchAll(/\bmod\s+\w+\s*\{/g)].map((match) => {
    const open = match.index + match[0].length - 1;
    return [open, closingBrace(code, open)];
  });
}

function closingBrace(code, open) {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return at;
  }
  return code.length;
}

function checkConfined(file, code) {
  return CONFINED.filter(({ where }) => !where.test(file)).flatMap(({ pattern, where, subject }) =>
    [...code.matchAll(pattern)].map((match) => ({
      file,
      line: lineAt(code, match.index),
      message: `${subject} (${match[0]}) belongs in ${where.source}: move it there`,
    })),
  );
}

/**
 * Returns what a file of lib/ loads beside Node's own modules, other files of lib/ and the binding: the
 * library depends on no package.
 */
function checkLoads(file, source) {
  const code = source.replace(JS_COMMENTS_AND_STRINGS, (text) =>
    text.startsWith('/') ? blank(text) : text,
  );
  // Not `async import()` and `.import()`, which declare and call a method of that name.
  const imports = [
    ...code.matchAll(/(?<!async |\.)\b(?:require|import)\s*\(\s*(?:(['"])([^'"]*)\1\s*\))?/g),
  ];
  const forbidden = imports.filter(({ 2: name }) => !mayLoad(file, name ?? ''));
  return forbidden.map(({ 2: name = 'a computed name', index }) => ({
    file,
    line: lineAt(code, index),
    message: `lib/ loads only node: modules, its own files and the binding, not ${name}`,
  }));
}

function mayLoad(file, name) {
  if (name.startsWith('node:')) return true;
  if (!name.startsWith('./') && !name.startsWith('../')) return false;
  const loaded = path.posix.join(path.posix.dirname(file), name);
  return loaded.startsWith('lib/') || /^binding(\.js)?$/.test(loaded);
}

/** Returns as many spaces as a text has characters, so that offsets and lines behind it stay right. */
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

/** Returns the line of a room in LAYERS, or -1. */
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

module.exports = { LAYERS, checkLayers };
