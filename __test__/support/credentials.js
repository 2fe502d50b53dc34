'use strict';

const { execFile } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { promisify } = require('node:util');

const SCRIPT = path.join(__dirname, 'try-kms.js');

/** Returns what a new process answers whose environment holds only these variables of AWS. */
async function tryKms(env, options = {}, times = 1) {
  const bare = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const args = [SCRIPT, JSON.stringify(options), String(times)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: { ...Object.fromEntries(bare), ...env },
    // What hangs is killed, and fails.
    timeout: 20_000,
  });
  const answer = JSON.parse(stdout);
  return answer.code ? { ...answer, stderr } : answer;
}

/** Starts a credentials endpoint of a container or an instance; `status` may be a function of the path. */
async function serve(answer, status = 200) {
  const server = http.createServer((request, response) => {
    const body = answer(request.url);
    const chosen = typeof status === 'function' ? status(request.url) : status;
    response.writeHead(body === undefined ? 404 : chosen, {
      'x-aws-ec2-metadata-token-ttl-seconds': 60,
    });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, stop };
}

function credentials(accessKeyId, validForSeconds = 3600) {
  return JSON.stringify({
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: accessKeyId,
    SecretAccessKey: 'secret',
    Token: 'token',
    AccountId: '123456789012',
    LastUpdated: '2026-01-01T00:00:00Z',
    Expiration: new Date(Date.now() + 1000 * validForSeconds).toISOString(),
  });
}

module.exports = { credentials, serve, tryKms };
