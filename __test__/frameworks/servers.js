'use strict';

const { once } = require('node:events');
const http = require('node:http');
const { createRequire } = require('node:module');
const path = require('node:path');

const { decryptedFile } = require('../../integrations/express');
const fastifyFiles = require('../../integrations/fastify');
const { FRAMEWORKS } = require('../support/requirements');

const load = createRequire(path.join(FRAMEWORKS, 'package.json'));

/**
 * What serves an encrypted file at `/file`, by name: each takes an envelope, a file and options, and resolves
 * to its address, the errors that were told, and what stops it.
 */
const SERVERS = {
  'node:http': (...file) => {
    const errors = [];
    const [envelope, found, options] = file;
    const onError = (error) => errors.push(error);
    const handler = decryptedFile(envelope, found, { ...options, onError });
    return listen(http.createServer(handler), errors);
  },
  'Express 5': (...file) => withExpress(load('express'), file),
  'Express 4': (...file) => withExpress(load('express-4'), file),
  Fastify: async (...file) => {
    const errors = [];
    const app = load('fastify')({ forceCloseConnections: true });
    app.addHook(
      'onError',
      async (_request, _reply, error) => void errors.push(error.cause ?? error),
    );
    app.get('/file', fastifyFiles.decryptedFile(...file));
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url: `${origin}/file`, errors, stop: () => app.close() };
  },
};

function withExpress(express, [envelope, found, options]) {
  const errors = [];
  const app = express();
  app.set('env', 'test');
  app.get('/file', decryptedFile(envelope, found, options));
  app.use((error, _request, _response, next) => {
    errors.push(error.cause ?? error);
    next(error);
  });
  return listen(http.createServer(app), errors);
}

async function listen(server, errors) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/file`,
    errors,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

module.exports = { SERVERS, listen, load };
