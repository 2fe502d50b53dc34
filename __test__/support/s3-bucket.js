'use strict';

const { createHash, randomUUID } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const { Module } = require('node:module');
const path = require('node:path');
const { startMoto } = require('./moto');
const { newKeyring } = require('./temporary-moto');

// The S3 client is an optional peer, which only the examples install.
process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.NODE_PATH = path.join(__dirname, '..', '..', 'examples', 'node_modules');
Module._initPaths();

// Test files may share moto, where a name is one account's.
const Bucket = `objects-${randomUUID()}`;

/**
 * Starts moto with a bucket, a KMS key, and AWS's S3 client, whose requests go through `proxy`.
 *
 * @param {{ shared?: boolean }} [options] of `startMoto`; false for who makes a bucket with a fixed name, as
 *   names of buckets are those of all accounts
 */
async function startBucket(options) {
  const moto = await startMoto(options);
  const proxy = await startProxy(moto.endpoint);
  const { client } = s3Client(proxy.endpoint);
  const { client: direct, send } = s3Client(moto.endpoint);
  await send('CreateBucket', { Bucket });
  return {
    client,
    /** A client that does not go through the proxy. */
    direct,
    moto,
    newKeyring: () => newKeyring(moto),
    proxy,
    /** One S3 call beside the proxy. */
    send,
    /** A stored object as it is: its body, and what else GetObject answers. */
    async stored(Key) {
      const { Body, ...output } = await send('GetObject', { Bucket, Key });
      return { ...output, body: Buffer.from(await Body.transformToByteArray()) };
    },
    /** Returns the keys of the objects under a prefix. */
    async keys(Prefix) {
      const { Contents = [] } = await send('ListObjectsV2', { Bucket, Prefix });
      return Contents.map(({ Key }) => Key);
    },
    /** Returns the multipart uploads that have neither been completed nor aborted. */
    async uploads() {
      const { Uploads = [] } = await send('ListMultipartUploads', { Bucket });
      return Uploads;
    },
    async stop() {
      client.destroy();
      direct.destroy();
      await proxy.stop();
      await moto.stop();
    },
  };
}

/** AWS's S3 client for an emulator, and what sends one command by its name. */
function s3Client(endpoint) {
  const sdk = require('@aws-sdk/client-s3');
  const client = new sdk.S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  return { client, send: (name, input) => client.send(new sdk[`${name}Command`](input)) };
}

/**
 * A proxy that logs requests, and does to each what its `fault` says: nothing, `{ status }`, 'reset' (the
 * connection breaks off), 'lost' (it does so once S3 has done it, before the answer), 'cut' (in the middle of the
 * answer), 'chunked' (the answer does not tell its length), or a function that runs between the answer's coming and
 * its going on, and may return one of the last three.
 */
async function startProxy(target) {
  const { hostname, port } = new URL(target);
  const proxy = { log: [], fault: () => undefined };
  const server = http.createServer(async (request, response) => {
    const chunks = await request.toArray().catch(() => undefined);
    // The client has hung up.
    if (!chunks) return;
    const body = Buffer.concat(chunks);
    const entry = describe(request, body);
    proxy.log.push(entry);
    let fault = proxy.fault(entry);
    if (fault === 'reset') return request.socket.destroy();
    if (fault?.status) return response.writeHead(fault.status).end();
    const { method, url, headers } = request;
    const onward = http.request({ hostname, port, method, path: url, headers });
    const [answer] = await once(onward.end(body), 'response');
    const answered = Buffer.concat(await answer.toArray());
    if (typeof fault === 'function') fault = await fault();
    if (fault === 'lost') return request.socket.destroy();
    if (fault === 'cut') {
      response.writeHead(answer.statusCode, answer.headers);
      const half = answered.subarray(0, answered.length / 2);
      return response.write(half, () => request.socket.destroy());
    }
    if (fault === 'chunked') delete answer.headers['content-length'];
    // The length that HEAD tells is not that of its answer.
    response.writeHead(answer.statusCode, answer.headers).end(answered);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.endpoint = `http://127.0.0.1:${server.address().port}`;
  proxy.reset = () => Object.assign(proxy, { log: [], fault: () => undefined });
  proxy.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return proxy;
}

/** Describes a request: the `name` of the command in the SDK, and the fields that tests check. */
function describe({ method, url, headers }, body) {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const part = searchParams.get('partNumber');
  const ofUpload = {
    PUT: 'UploadPart',
    POST: 'CompleteMultipartUpload',
    DELETE: 'AbortMultipartUpload',
  };
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  let name = { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[
    method
  ];
  if (searchParams.has('uploads')) name = 'CreateMultipartUpload';
  else if (searchParams.has('uploadId')) name = ofUpload[method];
  else if (isCopy) name = 'CopyObject';
  else if (searchParams.has('tagging')) name += 'Tagging';
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { name, key, part: part && Number(part), range: headers.range, headers, sha256 };
}

module.exports = { Bucket, s3Client, startBucket };
