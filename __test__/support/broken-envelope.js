'use strict';

// Loaded before a program: breaks the calls of the library that BROKEN names, to see that it notices.
const { Envelope } = require('../..');

const FAULTS = {
  /** One way of many that loses the last byte. */
  'lost byte': () => change('decryptSync', (plaintext) => plaintext.subarray(0, -1)),
  /** One way of many that reads what was changed as if it were empty. */
  'no refusal': () => change('decrypt', (plaintext) => plaintext.catch(() => Buffer.alloc(0))),
  /** One range of many that ends too early. */
  'short range': () => change('decryptRange', async (part) => (await part).subarray(0, -1)),
};

/** Has a method return something else. */
function change(name, wrong) {
  const right = Envelope.prototype[name];
  Envelope.prototype[name] = function (...args) {
    return wrong(right.apply(this, args));
  };
}

FAULTS[process.env.BROKEN]();
