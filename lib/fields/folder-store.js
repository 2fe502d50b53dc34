'use strict';

const path = require('node:path');

const args = require('../input/index.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { tenantOf, toSave } = require('./to-save.js');
const { lazy } = require('../lazy.js');

const crypto = lazy(() => require('node:crypto'));
const files = lazy(() => require('node:fs/promises'));

const SUFFIX = '.keys';
/** In bytes of UTF-8: in hexadecimal, they are no longer than the 255 letters that file systems take. */
const LONGEST_TENANT = 127;
/** Only the owner may look into a folder. */
const PRIVATE = { recursive: true, mode: 0o700 };

/**
 * Keys of tenants in a folder, which several processes may share: each tenant has a folder there, and
 * each version is a file.
 */
class FolderKeysetStore {
  #folder;

  /** @param {unknown} folder */
  constructor(folder) {
    this.#folder = path.resolve(args.nameString(folder, 'the folder'));
  }

  /** @param {unknown} name */
  async load(name) {
    const folder = this.#folderOf(tenantOf(name));
    // A version may become old before it is read: then there is a newer one.
    for (let before; ;) {
      const version = (await versionsIn(folder)).at(-1);
      if (version === undefined) return undefined;
      const data = await files()
        .readFile(fileOf(folder, version))
        .catch((error) => {
          if (isCode(error, 'ENOENT')) return Buffer.alloc(0);
          throw error;
        });
      if (data.length > 0) return { data, version };
      if (version === before) throw emptied(fileOf(folder, version));
      before = version;
    }
  }

  /**
   * @param {unknown} name
   * @param {unknown} bytes
   * @param {unknown} versions
   */
  async save(name, bytes, versions) {
    const { tenant, data, version, previousVersion } = toSave(name, bytes, versions);
    const folder = this.#folderOf(tenant);
    const known = await versionsIn(folder);
    if ((known.at(-1) ?? 0) !== previousVersion) return false;
    const temporary = path.join(this.#folder, `.${crypto().randomUUID()}`);
    try {
      await files().mkdir(temporary, PRIVATE);
      const written = fileOf(temporary, version);
      await files().writeFile(written, data, { mode: 0o600, flush: true });
      if (previousVersion === 0) return await becomesFirst(temporary, folder);
      if (!(await becomesNext(written, folder, version, previousVersion))) return false;
    } finally {
      await files().rm(temporary, { recursive: true, force: true });
    }
    // Old keys go, and the names stay, so that nobody can store an old version anew.
    for (const old of known.slice(-2)) await files().truncate(fileOf(folder, old), 0);
    return true;
  }

  /** @param {unknown} name */
  async remove(name) {
    const folder = this.#folderOf(tenantOf(name));
    let versions;
    // Somebody may save meanwhile.
    while ((versions = await versionsIn(folder)).length > 0) {
      for (const version of versions) await files().rm(fileOf(folder, version), { force: true });
    }
    await removeEmpty(folder);
  }

  /** @param {string} tenant */
  #folderOf(tenant) {
    const bytes = Buffer.from(tenant);
    if (bytes.length > LONGEST_TENANT) {
      throw invalid(
        `the tenant is too long for the name of a folder: at most ${LONGEST_TENANT} bytes, not ${bytes.length}`,
      );
    }
    // Of letters that stay apart where file systems take a and A for the same.
    return path.join(this.#folder, bytes.toString('hex'));
  }
}

/**
 * Makes a folder that holds a first version the folder of the tenant; returns whether it was the first. A
 * file would not do: first versions have different numbers, so that the files of two would both be stored.
 *
 * @param {string} temporary
 * @param {string} folder
 */
async function becomesFirst(temporary, folder) {
  await removeEmpty(folder);
  try {
    await files().rename(temporary, folder);
    return true;
  } catch (error) {
    // Systems fail with different codes.
    if ((await versionsIn(folder)).length > 0) return false;
    throw error;
  }
}

/**
 * Stores a later version; returns false if somebody else stored it first, or the keys were removed.
 *
 * @param {string} written
 * @param {string} folder
 * @param {number} version
 * @param {number} previousVersion
 */
async function becomesNext(written, folder, version, previousVersion) {
  const file = fileOf(folder, version);
  try {
    // Fails if the file exists; a rename would not.
    await files().link(written, file);
  } catch (error) {
    if (isCode(error, 'EEXIST') || isCode(error, 'ENOENT')) return false;
    throw error;
  }
  if ((await versionsIn(folder)).includes(previousVersion)) return true;
  await files().rm(file, { force: true });
  return false;
}

/** @param {string} folder */
async function versionsIn(folder) {
  const names = await files()
    .readdir(folder)
    .catch((error) => {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    });
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => Number(name.slice(0, -SUFFIX.length)))
    .filter((version) => Number.isSafeInteger(version) && version > 0)
    .sort((a, b) => a - b);
}

/** @param {string} folder */
async function removeEmpty(folder) {
  try {
    await files().rmdir(folder);
  } catch (error) {
    // What is not empty has new keys.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].some((code) => isCode(error, code))) throw error;
  }
}

/**
 * @param {string} folder
 * @param {number} version
 */
function fileOf(folder, version) {
  return path.join(folder, `${version}${SUFFIX}`);
}

/** @param {string} file that holds the newest version, but nothing is in it */
function emptied(file) {
  return new EnvelopeError(
    'ERR_ENVELOPE_KEYSET_STORE',
    `'${file}' is empty, and no newer version of the keys is there; restore the folder from a copy`,
    { retryable: true },
  );
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
  return Object(error).code === code;
}

module.exports = { FolderKeysetStore };
