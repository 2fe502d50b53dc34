'use strict';

// `kms-answers.js`: answers GenerateDataKey as fast as Node.js can, always with the same data key. An
// emulator of KMS would take longer than who is measured, and have the processor that it needs.
const http = require('node:http');

const { KMS_ANSWER } = require('../lib/kms-answer');

const body = JSON.stringify(KMS_ANSWER);
const headers = {
  'content-type': 'application/x-amz-json-1.1',
  'content-length': Buffer.byteLength(body),
  'x-amzn-requestid': '7f6c1f8e-0d5a-4f0e-9d0b-1a2b3c4d5e6f',
};

const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, headers).end(body));
});
// Its parent is the only one who may keep connections for long.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send({ endpoint: `http://127.0.0.1:${server.address().port}` });
});
process.on('disconnect', () => process.exit());
