'use strict';

const { execFile } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { promisify } = require('node:util');

const SCRIPT = path.join(__dirname, 'try-kms.js');

/** What a process of its own sees, whose environment holds nothing of AWS but this. */
async function tryKms(env, options = {}, times = 1) {
  const bare = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const args = [SCRIPT, JSON.stringify(options), String(times)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: { ...Object.fromEntries(bare), ...env },
    // What hangs is killed, and fails.
    timeout: 20_000,
  });
  const told = JSON.parse(stdout);
  return told.code ? { ...told, stderr } : told;
}

/** What gives credentials in a container, or on an instance. */
async function serve(answer, status = 200) {
  const server = http.createServer((request, response) => {
    const body = answer(request.url);
    response.writeHead(body === undefined ? 404 : status, {
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
