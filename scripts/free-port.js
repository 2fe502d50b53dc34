'use strict';

const crypto = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');

/**
 * Below the ports that systems give to outgoing connections (Linux from 32,768 on, others from 49,152 on): one of
 * those could be taken by a connection before the server listens.
 */
const FIRST = 20_000;
const END = 32_768;

/**
 * Returns a port of 127.0.0.1 on which nobody listens, for a server that must be told its port. It is drawn at random,
 * so that processes that ask at the same time get different ones.
 *
 * @returns {Promise<number>}
 */
async function freePort() {
  for (;;) {
    const port = crypto.randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
}

/** @param {number} port */
async function isFree(port) {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

module.exports = { freePort };
