'use strict';

// Answers of a KMS, or of what stands in its place, that repeat as much as they can of what is secret.

/**
 * @typedef {{ operation: string, body: any, dataKey: Buffer, keyId: string }} Request
 * @typedef {import('./fake-kms').Answer} Answer
 */

/**
 * As KMS answers.
 *
 * @param {Request} request
 */
function good({ body, dataKey, keyId }) {
  const CiphertextBlob = body.CiphertextBlob ?? Buffer.alloc(60, 1).toString('base64');
  return { body: { KeyId: keyId, Plaintext: dataKey.toString('base64'), CiphertextBlob } };
}

/** @type {Record<string, (request: Request) => Answer>} */
const FAULTS = {
  'repeats the request in its message': ({ body }) => ({
    status: 400,
    body: { __type: 'ValidationException', message: `cannot take ${JSON.stringify(body)}` },
  }),
  'repeats plaintext and data key in its message': ({ body, dataKey }) => {
    const plaintext = Buffer.from(body.Plaintext ?? '', 'base64');
    const forms = [dataKey, plaintext].flatMap((secret) => [
      secret.toString('base64'),
      secret.toString('base64url'),
      secret.toString('hex'),
      secret.toString('hex').toUpperCase(),
    ]);
    const message = `${plaintext.toString('utf8')} ${forms.join(' ')} ${forms.join(',')}`;
    return { status: 400, body: { __type: 'AccessDeniedException', message } };
  },
  'names its error by the request': ({ body, dataKey }) => ({
    status: 400,
    body: { __type: `${body.Plaintext ?? dataKey.toString('base64')}/+==`, message: 'no' },
  }),
  'answers a web page': ({ body }) => ({
    status: 502,
    body: `<html>${JSON.stringify(body)}</html>`,
  }),
  'answers fields of a wrong type': ({ dataKey }) => ({
    body: { KeyId: 1, Plaintext: `${dataKey.toString('base64')}!`, CiphertextBlob: [] },
  }),
  'answers for another key': ({ dataKey, keyId }) => ({
    body: {
      KeyId: keyId.replace('1234abcd', 'ffffffff'),
      Plaintext: dataKey.toString('base64'),
      CiphertextBlob: 'AAAA',
    },
  }),
  'answers half of its JSON': ({ dataKey, keyId }) => ({
    body: `{"KeyId":"${keyId}","Plaintext":"${dataKey.toString('base64')}`,
  }),
  'ends the connection': () => ({ reset: true }),
  'never answers': () => ({ never: true }),
};

module.exports = { FAULTS, good };
