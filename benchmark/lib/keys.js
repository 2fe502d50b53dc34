'use strict';

// What all sides share: the wrapping key, the context, the lengths.

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** The raw AES wrapping key that our keyring, the Encryption SDK's and the hand-written one use. */
const KEY = {
  namespace: 'benchmark',
  name: 'key',
  bytes: Buffer.from('9f1c5b0e6a7d4832b1c0d9e8f7a6b5c49f1c5b0e6a7d4832b1c0d9e8f7a6b5c4', 'hex'),
};
const CONTEXT = { purpose: 'benchmark', tenant: 'acme' };
const FRAME_LENGTH = 64 * KIB;
const SUITE = 0x0478;
const SIGNED_SUITE = 0x0578;

const SIZES = { '64 B': 64, '1 KiB': KIB, '64 KiB': 64 * KIB, '1 MiB': MIB, '64 MiB': 64 * MIB };

module.exports = { CONTEXT, FRAME_LENGTH, GIB, KEY, KIB, MIB, SIGNED_SUITE, SIZES, SUITE };
