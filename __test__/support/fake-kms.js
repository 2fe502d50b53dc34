'use strict';

const http = require('node:http');

/**
 * A KMS that answers as a test says, to inject the faults that moto has not.
 *
 * @param {(operation: string, body: any, calls: number, region: string) => Answer | Promise<Answer>} answer
 * @typedef {{ status?: number, body?: unknown, never?: boolean, reset?: boolean }} Answer
 */
async function startFakeKms(answer) {
  const state = { calls: 0, closed: 0 };
  const server = http.createServer(async (request, response) => {
    response.on('close', () => state.closed++);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const operation = request.headers['x-amz-target'].split('.')[1];
    const body = JSON.parse(Buffer.concat(chunks).toString());
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization) ?? [];
    const reply = await answer(operation, body, ++state.calls, region);
    if (reply.never) return;
    if (reply.reset) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': `request-${state.calls}`,
    });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
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

/** The answer with an error of the KMS API. */
function refusal(type, status = 400) {
  return { status, body: { __type: type, message: `${type} by the test` } };
}

module.exports = { refusal, startFakeKms };
