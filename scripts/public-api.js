'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const SNAPSHOT = '__test__/house/public-api.txt';
/** The integrations that load without their framework; of the others only the types are listed. */
const SUBPATHS = ['drizzle', 'express', 'fastify', 'kysely', 'multer', 'prisma', 's3', 'typeorm'];

/**
 * Returns what users can rely on, as text: what the package exports, its command line, and its types.
 */
function publicApi() {
  return [
    'Written by `node scripts/public-api.js`. A change here is a change for users: say so in CHANGELOG.md.',
    section('exports', exportsOf(require('..'))),
    ...SUBPATHS.map((name) =>
      section(`exports of kms-envelope/${name}`, exportsOf(require(`../integrations/${name}`))),
    ),
    section('command line', commandLine()),
    ...typeFiles().map((file) => section(file, declarations(file))),
  ].join('\n\n');
}

function section(title, lines) {
  return [`== ${title}`, ...lines].join('\n');
}

/** Returns a line for each export; of a class also for its static methods and its methods. */
function exportsOf(api) {
  return Object.keys(api)
    .sort()
    .flatMap((name) => {
      const value = api[name];
      if (typeof value !== 'function' || !isClass(value)) return [`${typeof value} ${name}`];
      const statics = Object.getOwnPropertyNames(value).filter((key) => isMethod(value, key));
      return [
        `class ${name}`,
        ...statics.sort().map((key) => `  static ${key}`),
        ...methodNames(value)
          .sort()
          .map((key) => `  ${key}`),
      ];
    });
}

/**
 * Returns the names of a class's methods, with those of the classes of this package that it extends.
 */
function methodNames({ prototype }) {
  const names = [];
  while (prototype !== Object.prototype && prototype !== Error.prototype) {
    names.push(...Object.getOwnPropertyNames(prototype));
    prototype = Object.getPrototypeOf(prototype);
  }
  return names.filter((name) => name !== 'constructor');
}

function isClass(value) {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function isMethod(value, key) {
  return key !== 'prototype' && typeof value[key] === 'function';
}

function commandLine() {
  const { commandNames } = require('../bin/commands/index.js');
  const { OPTIONS } = require('../bin/support/options.js');
  const commands = commandNames().sort();
  const options = Object.keys(OPTIONS).sort();
  return [
    ...commands.map((name) => `command ${name}`),
    ...options.map((name) => `option --${name}`),
  ];
}

function typeFiles() {
  const types = fs.readdirSync(path.join(ROOT, 'types')).sort();
  const integrations = fs
    .readdirSync(path.join(ROOT, 'integrations'), { recursive: true })
    .map((name) => `integrations/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.d.ts'))
    .sort();
  return ['index.d.ts', ...types.map((name) => `types/${name}`), ...integrations];
}

/** Returns the declarations of a file, without comments. */
function declarations(file) {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('import '));
}

/** `node scripts/public-api.js`: writes the snapshot. */
if (require.main === module) {
  fs.writeFileSync(path.join(ROOT, SNAPSHOT), `${publicApi()}\n`);
}

module.exports = { SNAPSHOT, methodNames, publicApi };
