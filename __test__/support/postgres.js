'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { freePort } = require('../../scripts/free-port.js');

const ROOT = '/usr/lib/postgresql';

/** The programs of Debian's PostgreSQL; nothing if they are not here. */
function postgresPrograms() {
  if (!fs.existsSync(ROOT)) return undefined;
  const versions = fs.readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => path.join(ROOT, version, 'bin'));
  return folders.find((folder) => fs.existsSync(path.join(folder, 'initdb')));
}

/**
 * A server in a temporary folder, on a free port of 127.0.0.1.
 *
 * @param {string[]} [moreSettings] settings, such as `log_statement=all`
 * @returns {Promise<{ url: string, folder: string, stop(): void }>} folder: with its data and its log
 */
async function startPostgres(moreSettings = []) {
  const programs = postgresPrograms();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-postgres-'));
  const data = path.join(folder, 'data');
  const run = asServerUser(folder);
  const port = await freePort();
  run([path.join(programs, 'initdb'), '--auth=trust', '--username=test', '--no-sync', '-D', data]);
  const common = ['listen_addresses=127.0.0.1', "unix_socket_directories=''", 'fsync=off'];
  const settings = [`-p ${port}`, ...[...common, ...moreSettings].map((one) => `-c ${one}`)].join(
    ' ',
  );
  const control = [path.join(programs, 'pg_ctl'), '-D', data, '-w', '-s'];
  run([...control, '-l', path.join(folder, 'log'), '-o', settings, 'start']);
  return {
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    folder,
    stop() {
      run([...control, '-m', 'immediate', 'stop']);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns a function that runs a program in that folder as the user `postgres`: PostgreSQL refuses root. */
function asServerUser(folder) {
  const isRoot = process.getuid() === 0;
  if (isRoot) {
    fs.chmodSync(folder, 0o755);
    execFileSync('chown', ['postgres', folder]);
  }
  return (command) => {
    const [program, ...args] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
    execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  };
}

module.exports = { postgresPrograms, startPostgres };
