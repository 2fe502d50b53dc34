'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { flip } = require('../support/edits');
const { projectFolder } = require('../support/project');
const { skipWithout } = require('../support/requirements');
const { injectable, installNest, moduleOf } = require('./nest-app');

const PLATFORMS = [
  ['11', 'Express'],
  ['12', 'Express'],
  ['12', 'Fastify'],
];

for (const [version, platform] of PLATFORMS) {
  const name = `NestJS ${version} on ${platform}`;
  describe(name, { skip: skipWithout('frameworks') }, () => {
    const folder = projectFolder();
    let app;
    let url;
    let kms;
    let nest;
    let rxjs;
    let message;
    let failure;
    const logged = [];

    before(async () => {
      const load = installNest(folder, version);
      kms = load('kms-envelope');
      const common = load('@nestjs/common');
      nest = load('kms-envelope/nest');
      rxjs = load('rxjs');
      const files = load(platform === 'Fastify' ? 'kms-envelope/fastify' : 'kms-envelope/express');
      const terminus = load('@nestjs/terminus');
      const { HealthCheckService, TerminusModule } = terminus;

      class Files {
        constructor(envelope, health, indicator) {
          Object.assign(this, { envelope, health, indicator });
        }
        file(request, response) {
          const options = { source: message, type: 'text/plain' };
          return files.decryptedFile(this.envelope, options)(request, response);
        }
        fail() {
          throw failure(this.envelope);
        }
        async changed() {
          return this.envelope.decrypt(flip(message, 'final tag'));
        }
        healthy() {
          const broken = { encrypt: () => Promise.reject(new TypeError('secret')) };
          const envelopes = {
            up: this.envelope,
            down: Object.assign(Object.create(this.envelope), broken),
          };
          const check = (key) => () => this.indicator.isHealthy(key, envelopes[key]);
          return this.health.check([check('up'), check('down')]);
        }
      }
      injectable(load, Files, [kms.Envelope, HealthCheckService, nest.EnvelopeHealthIndicator]);
      common.Controller()(Files);
      for (const method of ['file', 'fail', 'changed', 'healthy']) {
        const property = Object.getOwnPropertyDescriptor(Files.prototype, method);
        common.Get(`/${method}`)(Files.prototype, method, property);
      }
      common.Req()(Files.prototype, 'file', 0);
      common.Res()(Files.prototype, 'file', 1);

      const keyring = kms.LocalKeyring.generate(path.join(folder, 'key'));
      message = new kms.Envelope({ keyring }).encryptSync('0123456789');
      const AppModule = moduleOf(load, {
        imports: [
          nest.EnvelopeModule.forRoot({ keyring }),
          TerminusModule.forRoot({ logger: false }),
        ],
        controllers: [Files],
      });
      const keep = (...line) => logged.push(line.join(' '));
      const logger = { log() {}, warn: keep, error: keep, fatal: keep };
      const options = { logger, abortOnError: false, forceCloseConnections: true };
      const { NestFactory } = load('@nestjs/core');
      if (platform === 'Fastify') {
        const { FastifyAdapter } = load('@nestjs/platform-fastify');
        const adapter = new FastifyAdapter({ forceCloseConnections: true });
        app = await NestFactory.create(AppModule, adapter, options);
      } else {
        app = await NestFactory.create(AppModule, options);
      }
      const statuses = { ERR_ENVELOPE_KMS_KEY_NOT_FOUND: 502 };
      app.useGlobalFilters(new nest.EnvelopeExceptionFilter({ statuses }));
      await app.listen(0, '127.0.0.1');
      url = await app.getUrl();
    });
    after(() => app?.close());

    it('sends an encrypted file from a controller, in ranges', async () => {
      const response = await fetch(`${url}/file`, { headers: { range: 'bytes=2-4' } });
      assert.equal(response.status, 206);
      assert.equal(await response.text(), '234');
    });

    it('tells a client a status and no more of an error', async () => {
      const response = await fetch(`${url}/changed`);
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), {
        statusCode: 500,
        message: 'Internal Server Error',
      });
      assert.ok(logged.some((line) => line.includes('ERR_ENVELOPE_AUTHENTICATION_FAILED')));
    });

    it('answers what may pass with 503, and when to try again', async () => {
      const { EnvelopeError } = kms;
      failure = () =>
        new EnvelopeError('ERR_ENVELOPE_CIRCUIT_OPEN', 'arn:aws:kms:secret', {
          retryable: true,
          circuit: 'open',
          retryAfterMs: 2500,
        });
      const response = await fetch(`${url}/fail`);
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '3');
      assert.deepEqual(await response.json(), { statusCode: 503, message: 'Service Unavailable' });
    });

    it('heeds the application’s own statuses, and leaves other errors alone', async () => {
      failure = () => new kms.EnvelopeError('ERR_ENVELOPE_KMS_KEY_NOT_FOUND', 'arn:aws:kms:secret');
      const own = await fetch(`${url}/fail`);
      assert.equal(own.status, 502);
      assert.doesNotMatch(await own.text(), /arn/);
      failure = () => new TypeError('other');
      const other = await fetch(`${url}/fail`);
      assert.equal(other.status, 500);
      await other.text();
    });

    it('answers a microservice and a WebSocket, which have no statuses, in the same words', async () => {
      const error = new kms.EnvelopeError('ERR_ENVELOPE_KMS_KEY_NOT_FOUND', 'arn:aws:kms:secret');
      const filter = new nest.EnvelopeExceptionFilter();
      const told = { status: 'error', message: 'Internal Server Error' };
      const answer = rxjs.firstValueFrom(filter.catch(error, { getType: () => 'rpc' }));
      assert.deepEqual(await answer.catch((thrown) => thrown), told);

      const sent = [];
      const socketIo = { emit: (...event) => sent.push(event) };
      const plain = { readyState: 1, send: (text) => sent.push(JSON.parse(text)), emit() {} };
      for (const client of [socketIo, plain]) {
        const host = { getType: () => 'ws', switchToWs: () => ({ getClient: () => client }) };
        filter.catch(error, host);
      }
      assert.deepEqual(sent, [['exception', told], { event: 'exception', data: told }]);
    });

    it('tells Terminus whether the key can be used', async () => {
      const response = await fetch(`${url}/healthy`);
      assert.equal(response.status, 503);
      const body = await response.json();
      assert.deepEqual(body.info, { up: { status: 'up' } });
      assert.equal(body.error.down.status, 'down');
      assert.doesNotMatch(JSON.stringify(body), /secret/);
    });

    it('tells of each encryption context whether the key can be used with it', async () => {
      const keyring = new kms.RawAesKeyring({
        keyNamespace: 'n',
        keyName: 'k',
        wrappingKey: Buffer.alloc(32, 1),
      });
      const envelope = new kms.Envelope({ keyring, requiredContextKeys: ['tenant'] });
      const indicator = new nest.EnvelopeHealthIndicator();
      const statusWith = async (options) =>
        (await indicator.isHealthy('key', envelope, options)).key.status;
      assert.equal(await statusWith({ encryptionContext: { tenant: 'acme' } }), 'up');
      assert.equal(await statusWith(undefined), 'down');
    });
  });
}
