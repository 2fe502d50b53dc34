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
 * to its address, the errors that were told, and what stops it. With `waitUntilGone` the file's handler runs
 * once the client has gone; `waited` resolves then.
 */
const SERVERS = {
  'node:http': (...file) => {
    const errors = [];
    const [envelope, found, { waitUntilGone, ...options } = {}] = file;
    const onError = (error) => errors.push(error);
    const handler = decryptedFile(envelope, found, { ...options, onError });
    if (!waitUntilGone) return listen(http.createServer(handler), errors);
    const gone = goneClient();
    const late = (request, response) => gone.wait(request).then(() => handler(request, response));
    return listen(http.createServer(late), errors, gone.waited);
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
    const [envelope, found, { waitUntilGone, ...options } = {}] = file;
    const gone = goneClient();
    if (waitUntilGone) app.addHook('preHandler', ({ raw }) => gone.wait(raw));
    app.get('/file', fastifyFiles.decryptedFile(envelope, found, options));
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url: `${origin}/file`, errors, waited: gone.waited, stop: () => app.close() };
  },
};

function withExpress(express, [envelope, found, { waitUntilGone, ...options } = {}]) {
  const errors = [];
  const app = express();
  app.set('env', 'test');
  const gone = goneClient();
  if (waitUntilGone) {
    app.use((request, _response, next) => void gone.wait(request).then(() => next()));
  }
  app.get('/file', decryptedFile(envelope, found, options));
  app.use((error, _request, _response, next) => {
    errors.push(error.cause ?? error);
    next(error);
  });
  return listen(http.createServer(app), errors, gone.waited);
}

/** What waits until the client of a request has gone, and a promise of that. */
function goneClient() {
  let done;
  const waited = new Promise((resolve) => (done = resolve));
  const wait = async ({ socket }) => {
    if (!socket.destroyed) await once(socket, 'close');
    // The response learns of it in a turn of its own.
    await new Promise(setImmediate);
    done();
  };
  return { waited, wait };
}

async function listen(server, errors, waited) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/file`,
    errors,
    waited,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

module.exports = { SERVERS, listen, load };
