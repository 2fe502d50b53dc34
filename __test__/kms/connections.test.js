'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { after, before, beforeEach, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { temporaryFolder } = require('../support/files');
const { startMoto } = require('../support/moto');
const { PYTHON, skipWithout } = require('../support/requirements');

const SCRIPT = path.join(__dirname, '..', 'support', 'try-kms.js');
const CERTIFICATES = path.join(__dirname, '..', 'support', 'certificates.py');
/** A name that no resolver knows, so that only a proxy can reach it. */
const ELSEWHERE = 'kms.elsewhere.invalid';

describe('how KMS is reached', { skip: skipWithout('python') }, () => {
  const folder = temporaryFolder();
  const servers = [];
  let moto;
  let key;
  let secured;
  let secureElsewhere;
  let trusted;
  let nobody;

  before(async () => {
    moto = await startMoto();
    key = await moto.createKey();
    nobody = file('nobody.pem', '');
    [secured, secureElsewhere] = [certificates('127.0.0.1'), certificates(ELSEWHERE)];
    trusted = file('trusted.pem', secured.authority + secureElsewhere.authority);
    for (const place of [secured, secureElsewhere]) place.port = await terminateTls(place);
  });
  beforeEach(() => moto.clearRequests());
  after(async () => {
    for (const server of servers) server.close();
    await moto?.stop();
  });

  it('over TLS, where the system trusts the authority', async () => {
    const endpoint = `https://127.0.0.1:${secured.port}`;
    assert.deepEqual(await attempt(endpoint, { SSL_CERT_FILE: trusted }), { plaintext: 'x' });
    assert.equal((await moto.requests()).length, 2);
  });

  it('never over TLS with an authority that the system does not trust', async () => {
    const endpoint = `https://127.0.0.1:${secured.port}`;
    const other = file('other.pem', secureElsewhere.authority);
    const { code, message } = await attempt(endpoint, { SSL_CERT_FILE: other });
    assert.equal(code, 'ERR_ENVELOPE_KMS_UNREACHABLE');
    assert.match(message, /certificate .* not trusted; .* SSL_CERT_FILE \(UnknownIssuer\)$/);
    assert.deepEqual(await moto.requests(), []);
  });

  it('never over TLS where the system trusts nobody, and the error says what is missing', async () => {
    const endpoint = `https://127.0.0.1:${secured.port}`;
    for (const none of [nobody, `${folder}/missing.pem`]) {
      const { code, message } = await attempt(endpoint, { SSL_CERT_FILE: none });
      assert.equal(code, 'ERR_ENVELOPE_KMS_UNREACHABLE');
      assert.match(message, /certificate .* not trusted; install ca-certificates .* has none/);
    }
    assert.deepEqual(await moto.requests(), []);
  });

  it('never over TLS with a certificate for another name', async () => {
    const endpoint = `https://127.0.0.1:${secureElsewhere.port}`;
    const { code, message } = await attempt(endpoint, { SSL_CERT_FILE: trusted });
    assert.equal(code, 'ERR_ENVELOPE_KMS_UNREACHABLE');
    assert.match(message, /certificate .* not trusted; .* not valid for name "127.0.0.1"/);
    assert.deepEqual(await moto.requests(), []);
  });

  it('without TLS no certificates are needed', async () => {
    const env = { SSL_CERT_FILE: nobody };
    assert.deepEqual(await attempt(moto.endpoint, env), { plaintext: 'x' });
  });

  it('through the proxy of HTTPS_PROXY, which sees nothing of it', async () => {
    const proxy = await startProxy();
    const env = { SSL_CERT_FILE: trusted, HTTPS_PROXY: proxy.address };
    assert.deepEqual(await attempt(`https://${ELSEWHERE}`, env), { plaintext: 'x' });
    assert.deepEqual([...new Set(proxy.asked)], [`CONNECT ${ELSEWHERE}:443`]);
    assert.equal((await moto.requests()).length, 2);
  });

  it('through the proxy of HTTP_PROXY, without TLS', async () => {
    const proxy = await startProxy();
    const env = { SSL_CERT_FILE: nobody, HTTP_PROXY: proxy.address };
    assert.deepEqual(await attempt(`http://${ELSEWHERE}`, env), { plaintext: 'x' });
    assert.deepEqual([...new Set(proxy.asked)], [`POST http://${ELSEWHERE}/`]);
    // This machine is never reached through a proxy.
    for (const around of [env, { ...env, NO_PROXY: '127.0.0.1', SSL_CERT_FILE: trusted }]) {
      assert.deepEqual(await attempt(moto.endpoint, around), { plaintext: 'x' });
      assert.equal(proxy.asked.length, 2);
    }
  });

  it('through the proxy of ALL_PROXY, without a scheme and under its other name', async () => {
    const proxy = await startProxy();
    const env = { SSL_CERT_FILE: trusted };
    for (const name of ['ALL_PROXY', 'all_proxy']) {
      const all = { ...env, [name]: proxy.address.replace('http://', '') };
      assert.deepEqual(await attempt(`https://${ELSEWHERE}`, all), { plaintext: 'x' });
    }
    assert.deepEqual([...new Set(proxy.asked)], [`CONNECT ${ELSEWHERE}:443`]);
  });

  it('not through a proxy to the hosts of NO_PROXY, however they are written', async () => {
    const proxy = await startProxy();
    for (const list of [
      '*',
      ELSEWHERE,
      '.elsewhere.invalid',
      '*.elsewhere.invalid',
      'invalid',
      `other.example, ${ELSEWHERE}`,
      `${ELSEWHERE}:443`,
    ]) {
      const env = { SSL_CERT_FILE: trusted, HTTPS_PROXY: proxy.address, NO_PROXY: list };
      const { code } = await attempt(`https://${ELSEWHERE}`, env);
      assert.equal(code, 'ERR_ENVELOPE_KMS_UNREACHABLE', list);
    }
    assert.deepEqual(proxy.asked, []);
  });

  it('credentials of a container never come through a proxy', async () => {
    const proxy = await startProxy();
    const role = http.createServer((_, response) =>
      response.end(
        JSON.stringify({
          AccessKeyId: 'AKIDCONTAINER',
          SecretAccessKey: 'secret',
          Token: 'token',
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      ),
    );
    const port = await listen(role);
    const env = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/role`,
      HTTP_PROXY: proxy.address,
    };
    assert.deepEqual(await attempt(`http://${ELSEWHERE}`, env), { plaintext: 'x' });
    assert.deepEqual([...new Set(proxy.asked)], [`POST http://${ELSEWHERE}/`]);
  });

  /** What a process of its own sees, with nothing in its environment of proxies and authorities. */
  async function attempt(endpoint, env) {
    const given = Object.entries(process.env).filter(
      ([name]) => !/^(AWS|SSL)_|_proxy$/i.test(name),
    );
    const options = JSON.stringify({ endpoint, maxAttempts: 1 });
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, options], {
      env: {
        ...Object.fromEntries(given),
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        ENCRYPTION_KEY_ID: key.arn,
        HOME: folder,
        ...env,
      },
      timeout: 20_000,
    });
    return JSON.parse(stdout);
  }

  function certificates(name) {
    return JSON.parse(execFileSync(PYTHON, [CERTIFICATES, name], { encoding: 'utf8' }));
  }

  function file(name, text) {
    const place = path.join(folder, name);
    fs.writeFileSync(place, text);
    return place;
  }

  async function listen(server) {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  }

  /** A server that speaks TLS before moto; its port. */
  function terminateTls({ server: cert, key: privateKey }) {
    const onward = (socket) => join(socket, net.connect(new URL(moto.endpoint).port, '127.0.0.1'));
    return listen(
      tls.createServer({ cert, key: privateKey }, onward).on('tlsClientError', () => {}),
    );
  }

  /** A proxy of the two kinds that leads everybody to moto, and keeps what it was asked. */
  async function startProxy() {
    const asked = [];
    const server = http.createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const { method, headers } = request;
      const onward = http.request(moto.endpoint, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    server.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(socket, net.connect(secureElsewhere.port, '127.0.0.1'));
    });
    return { asked, address: `http://127.0.0.1:${await listen(server)}` };
  }

  function join(one, other) {
    one.on('error', () => other.destroy()).pipe(other);
    other.on('error', () => one.destroy()).pipe(one);
  }
});
