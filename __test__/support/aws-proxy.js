'use strict';

const http = require('node:http');

/**
 * A proxy before an emulator of AWS: each call passes through it, one that a test chooses does not, or not
 * its answer.
 *
 * @param {string} endpoint where the calls go
 */
async function startAwsProxy(endpoint) {
  const state = {
    /** What was called so far. @type {string[]} */
    operations: [],
    /** Decides a call: nothing to let it through. @type {(operation: string) => Decision | undefined} */
    decide: () => undefined,
  };
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const operation = request.headers['x-amz-target'].split('.').at(-1);
    state.operations.push(operation);
    const decision = state.decide(operation) ?? {};
    if (decision.answer) {
      const { status = 400, body } = decision.answer;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      return void response.end(JSON.stringify(body));
    }
    if (decision.hold === 'call') return void decision.held?.();
    const answer = await forwarded(endpoint, request, Buffer.concat(chunks));
    if (decision.hold === 'answer') return void decision.held?.();
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    state,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * @typedef {object} Decision
 * @property {{ status?: number, body: object }} [answer] instead of the emulator's
 * @property {'call' | 'answer'} [hold] which of the two never arrives
 * @property {() => void} [held] is called when it is held
 */

async function forwarded(endpoint, { method, headers, url }, body) {
  const { host: _, connection: __, 'content-length': ___, ...others } = headers;
  const answer = await fetch(new URL(url, endpoint), { method, headers: others, body });
  const forwardedHeaders = [...answer.headers].filter(([name]) =>
    /^(content-type|x-amzn?-.*)$/.test(name),
  );
  return {
    status: answer.status,
    headers: Object.fromEntries(forwardedHeaders),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

module.exports = { startAwsProxy };
