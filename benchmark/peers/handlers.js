'use strict';

const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const { load } = require('../../__test__/frameworks/servers');
const { decryptedFile } = require('../../integrations/express');
const forFastify = require('../../integrations/fastify');
const { encryptedDiskStorage } = require('../../integrations/multer');
const { Envelope, RawAesKeyring } = require('../..');

/**
 * Starts servers with a file at `/plain`, which lies as it is, and one at `/encrypted`; Express takes uploads
 * there, too.
 *
 * @param {string} folder
 */
async function startServer(folder) {
  const envelope = new Envelope({
    keyring: new RawAesKeyring({
      keyNamespace: 'benchmark',
      keyName: 'key',
      wrappingKey: Buffer.alloc(32, 1),
    }),
  });
  const files = { plain: path.join(folder, 'plain'), encrypted: path.join(folder, 'encrypted') };
  const express = await listen(http.createServer(expressApp(envelope, files, folder)));
  const fastify = await fastifyApp(envelope, files);
  return {
    frameworks: {
      'Express 5': { origin: express.origin, takesUploads: true },
      Fastify: { origin: fastify.origin, takesUploads: false },
    },
    async store(content) {
      fs.writeFileSync(files.plain, content);
      fs.rmSync(files.encrypted, { force: true });
      await envelope.encryptFile(files.plain, files.encrypted);
    },
    stop: () => Promise.all([express.stop(), fastify.stop()]),
  };
}

function expressApp(envelope, files, folder) {
  const multer = load('multer');
  const app = load('express')();
  app.get('/plain', (_request, response) => response.sendFile(files.plain));
  app.get('/encrypted', decryptedFile(envelope, { source: files.encrypted }));
  const storages = {
    plain: multer.diskStorage({ destination: folder }),
    encrypted: encryptedDiskStorage({ envelope, destination: folder }),
  };
  for (const [side, storage] of Object.entries(storages)) {
    app.post(`/${side}`, multer({ storage }).single('file'), async (request, response) => {
      await fs.promises.rm(request.file.path);
      response.status(204).end();
    });
  }
  return app;
}

/** Fastify itself sends streams; this does for a file what its plugin does. */
async function fastifyApp(envelope, files) {
  const app = load('fastify')({ forceCloseConnections: true });
  app.get('/plain', (request, reply) => sendPlain(request, reply, files.plain));
  app.get('/encrypted', forFastify.decryptedFile(envelope, { source: files.encrypted }));
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  return { origin, stop: () => app.close() };
}

async function sendPlain(request, reply, file) {
  const { size } = await fs.promises.stat(file);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range) ?? [];
  const [start, end] = first ? [Number(first), Number(last)] : [0, size - 1];
  reply.code(first ? 206 : 200).header('content-length', end - start + 1);
  return reply.send(fs.createReadStream(file, { start, end }));
}

async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

module.exports = { startServer };
