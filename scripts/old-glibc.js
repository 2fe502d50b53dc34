'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
// The libraries that zig lays out, by the names that the linker's `-l` takes.
const LIBRARIES = {
  dl: 'libdl.so.2',
  m: 'libm.so.6',
  pthread: 'libpthread.so.0',
  rt: 'librt.so.1',
  util: 'libutil.so.1',
};

/**
 * Makes a folder with the interfaces of an old glibc: a binary that is linked against them also loads on
 * systems that are as old. Zig has the interfaces of all versions; rustc's own linker is used with them,
 * because zig's cannot fold equal functions into one.
 *
 * @param {string} python one that has `ziglang`
 * @param {string} version such as `2.28`
 * @returns {string} the folder
 */
function oldGlibc(python, version) {
  const folder = path.join(ROOT, 'target', `glibc-${version}`);
  const cache = path.join(folder, 'zig');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(cache, { recursive: true });
  // Linking anything makes zig lay out the libraries in its cache.
  fs.writeFileSync(path.join(folder, 'empty.c'), '');
  const target = `x86_64-linux-gnu.${version}`;
  const args = ['-m', 'ziglang', 'build-lib', 'empty.c', '-dynamic', '-lc', '-target', target];
  // Only the C libraries are needed, not zig's own runtime.
  args.push('-fno-compiler-rt', '-fno-ubsan-rt');
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  execFileSync(python, args, { cwd: folder, env, stdio: 'inherit' });

  for (const [name, library] of Object.entries(LIBRARIES)) {
    fs.copyFileSync(find(cache, library), path.join(folder, `lib${name}.so`));
  }
  const [libc, archive, loader] = ['libc.so.6', 'libc_nonshared.a', 'libld.so.2'].map((name) => {
    fs.copyFileSync(find(cache, name), path.join(folder, name));
    return path.join(folder, name);
  });
  // A linker's script: functions such as `stat`, which were no symbols then, are in the archive.
  const group = `GROUP ( ${libc} ${archive} AS_NEEDED ( ${loader} ) )`;
  fs.writeFileSync(path.join(folder, 'libc.so'), `${group}\n`);
  fs.rmSync(cache, { recursive: true });
  return folder;
}

function find(folder, name) {
  const found = fs.readdirSync(folder, { recursive: true }).find((file) => {
    return path.basename(file) === name;
  });
  if (found === undefined) throw new Error(`zig has made no ${name}`);
  return path.join(folder, found);
}

module.exports = { oldGlibc };
