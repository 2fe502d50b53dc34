'use strict';

const { EnvelopeError } = require('../errors.js');
const { PLATFORMS, glibcVersion } = require('./platform.js');
const { VERSION: OWN_VERSION } = require('./version.js');

/** What a reader of every message may need: the variable that names the addon. */
const VARIABLE = 'KMS_ENVELOPE_NATIVE_PATH';

/** What systems say when they cannot load a library, and what it means here. */
const REASONS = /** @type {const} */ ([
  [
    /^Requires (?:ffi|read) access.*(--allow-\w+)/,
    ([, flag = '']) => `Deno forbids it; run the program with ${flag}`,
  ],
  [/version [`'](GLIBC_[\d.]+)' not found/, tooOldGlibc],
  [/ld-musl|libc\.musl/, () => 'it was built for musl (Alpine Linux), and this system has glibc'],
  [
    /ld-linux|libc\.so\.6|symbol not found/,
    () => 'it was built for glibc, and this system has musl',
  ],
  [/self-register/, () => 'it is an addon of something else'],
  [
    /invalid ELF header|wrong ELF class|cannot open shared object file: Exec format|incompatible architecture|not a mach-o file|not a valid Win32 application|slice is not valid|file too short|cannot read file data/i,
    () => 'it was built for another platform, or is damaged',
  ],
  [
    /(\S+): cannot open shared object file: No such|Error loading shared library ([^\s:]+)/,
    (/** @type {string[]} */ [, ...names]) =>
      `this system lacks the library ${names.find(Boolean)}; install it`,
  ],
  [
    /failed to map segment.*not permitted/,
    () => 'it lies where nothing may be executed (noexec); install the package elsewhere',
  ],
  [
    /static TLS/,
    () => 'other addons have used up what there is of static thread memory; load it before them',
  ],
  [
    /too many open files|EMFILE|ENFILE/i,
    () => 'too many files are open in this process; raise the limit (ulimit -n)',
  ],
  [
    /cannot allocate memory|out of memory|ENOMEM/i,
    () => 'there is no memory for it; raise the limit (ulimit -v, the memory of the container)',
  ],
  [/permission denied|EACCES|EPERM/i, () => 'this user may not read it; check its permissions'],
  [
    /no such file|ENOENT|not found|Cannot find module/i,
    () => 'there is no such file; check the path',
  ],
]);

/**
 * Returns the error of an addon that was found and cannot be loaded.
 *
 * @param {string} file
 * @param {boolean} named whether the variable names it
 * @param {unknown} cause
 */
function notLoaded(file, named, cause) {
  const { code, message = '' } = Object(cause);
  const refused = refusal(code, file);
  if (refused) return failure(refused, cause);
  const known = REASONS.map(([pattern, tell]) => [pattern.exec(message), tell]).find(
    ([match]) => match,
  );
  const [match, tell] = /** @type {[RegExpExecArray, (match: string[]) => string]} */ (known ?? []);
  const why = match ? tell(match) : 'see the cause';
  return failure(`its native addon '${file}' cannot be loaded: ${why}${cure(named)}`, cause);
}

/**
 * Returns the error of a file that can be loaded, and is no addon of this package.
 *
 * @param {string} file
 * @param {boolean} named whether the variable names it
 */
function notOurs(file, named) {
  const reason = 'it is not the addon of this package, or of another version of it';
  return failure(`its native addon '${file}' cannot be used: ${reason}${cure(named)}`);
}

/**
 * Returns the error of an addon that belongs to another version of this package's JavaScript.
 *
 * @param {string} file
 * @param {boolean} named whether the variable names it
 * @param {string} version of the addon
 */
function otherVersion(file, named, version) {
  return failure(
    `its native addon '${file}' has version ${version}, and its JavaScript ${OWN_VERSION}; install ` +
      `both in one version, and build a bundle again after each update${cure(named)}`,
  );
}

/**
 * Returns the error where no addon was found.
 *
 * @param {string} platform
 * @param {string[]} others the platforms whose packages are installed instead
 * @param {string | undefined} bundle the file that this module was bundled into
 * @param {unknown} cause
 */
function notFound(platform, others, bundle, cause) {
  const name = `kms-envelope-${platform}`;
  const refused = refusal(Object(cause).code, name);
  if (refused) return failure(refused, cause);
  if (!PLATFORMS.includes(platform)) {
    return failure(
      `there is no binary for ${platform}, only for ${PLATFORMS.join(', ')}; build one ` +
        `(CONTRIBUTING.md) and name it in ${VARIABLE}`,
      cause,
    );
  }
  if (others.length > 0) {
    return failure(
      `node_modules was installed for ${others.join(', ')}, and this is ${platform}; install on ` +
        `the system that runs it (in a Dockerfile: npm ci, and node_modules in .dockerignore), or ` +
        `${installFor(platform)}`,
      cause,
    );
  }
  if (bundle) {
    return failure(
      `'${bundle}' is a bundle, and a native addon cannot be bundled; deploy node_modules with it, ` +
        `or put kms-envelope.${platform}.node beside the bundle, or name it in ${VARIABLE}: ` +
        'see docs/deploying.md of kms-envelope',
      cause,
    );
  }
  return failure(
    `the package ${name} is not installed; install without --omit=optional (--no-optional, ` +
      `--ignore-optional), and if the lock file lacks it, remove lock file and node_modules and ` +
      'install again',
    cause,
  );
}

/** @param {string} platform */
function installFor(platform) {
  const [os, cpu, abi] = platform.split('-');
  const libc = os === 'linux' ? ` --libc=${abi === 'gnu' ? 'glibc' : abi}` : '';
  return `npm install --os=${os} --cpu=${cpu}${libc}`;
}

/**
 * Returns the error of loading an addon where Node.js itself forbids it.
 *
 * @param {unknown} code
 * @param {string} file
 */
function refusal(code, file) {
  const permission = /** @type {any} */ (process).permission !== undefined;
  if (code === 'ERR_DLOPEN_DISABLED') {
    return permission
      ? 'Node.js runs with --permission, which forbids native addons; add --allow-addons'
      : 'Node.js runs with --no-addons (see NODE_OPTIONS), and this package is an addon; leave it out';
  }
  if (code === 'ERR_ACCESS_DENIED') {
    return `Node.js runs with --permission, and may not read '${file}'; add --allow-fs-read=PATH for the folder that it lies in`;
  }
  return undefined;
}

/** @param {string[]} match */
function tooOldGlibc([, needed = '']) {
  const version = glibcVersion();
  const has = version ? `, and this system has ${version}` : '';
  return `it needs ${needed.replace('_', ' ')}${has}; use a newer system (Debian 10, Ubuntu 18.10, RHEL 8 or later)`;
}

/** @param {boolean} named */
function cure(named) {
  return named ? ` (${VARIABLE} names it)` : '';
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function failure(message, cause) {
  const details = cause === undefined ? {} : { cause };
  return new EnvelopeError('ERR_ENVELOPE_ADDON', `kms-envelope: ${message}`, details);
}

module.exports = { notFound, notLoaded, notOurs, otherVersion };
