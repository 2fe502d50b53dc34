'use strict';

const { WaitingBody } = require('../../lib/s3-objects/waiting-body');

const MEBIBYTE = 1024 * 1024;
/** What one body may hold by itself, and the memory that all of them share, in MiB. */
const [OWN, SHARED] = [4, 32];

/**
 * Takes the memory that the bodies of objects share, so that whatever else they do not hold by themselves goes
 * to a file. Returns a function that gives it back.
 */
async function takeSharedMemory() {
  const body = new WaitingBody(() => {});
  const chunk = Buffer.alloc(MEBIBYTE);
  for (let i = 0; i < OWN + SHARED; i++) await body.add(chunk);
  return () => body.close();
}

module.exports = { takeSharedMemory };
