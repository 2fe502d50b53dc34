'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { AwsKmsKeyring } = require('../..');
const { thrown } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const arn = (id, region = 'eu-west-1') => `arn:aws:kms:${region}:111122223333:key/${id}`;

describe('options of AwsKmsKeyring that make no sense together', () => {
  const keyId = arn('1234abcd-12ab-34cd-56ef-1234567890ab');
  const mrk = arn('mrk-1234');
  const accounts = (...accountIds) => ({ partition: 'aws', accountIds });

  for (const [what, options, expected] of [
    ['nothing', {}, /keyId, or discovery/],
    ['discovery of a named key', { keyId, discovery: true }, /keyId and discovery exclude/],
    [
      'discovery of more keys',
      { additionalKeyIds: [keyId], discovery: true },
      /additionalKeyIds and/,
    ],
    ['additional keys alone', { additionalKeyIds: [keyId] }, /give a keyId/],
    ['additional keys that are no list', { keyId, additionalKeyIds: keyId }, /an array/],
    [
      'additional keys that are no strings',
      { keyId, additionalKeyIds: [5] },
      /additionalKeyIds\[0\]/,
    ],
    ['an additional key that is none', { keyId, additionalKeyIds: ['a b'] }, /"a b"/],
    [
      'a key that stands twice',
      { keyId, additionalKeyIds: ['alias/a', keyId] },
      /stand for one key/,
    ],
    [
      'a filter without discovery',
      { keyId, accountIds: ['111122223333'] },
      /no option "accountIds"/,
    ],
    ['discovery: false', { discovery: false }, /discovery must be true/],
    ['discovery: null', { discovery: null }, /discovery must be true/],
    ['a filter without accounts', { discovery: { partition: 'aws' } }, /no account/],
    ['a filter with an empty list', { discovery: accounts() }, /no account/],
    ['a filter without a partition', { discovery: { accountIds: ['111122223333'] } }, /partition/],
    [
      'a partition that is no name',
      { discovery: { ...accounts('111122223333'), partition: 'a:b' } },
      /partition/,
    ],
    ['an account id that is a number', { discovery: accounts(111122223333) }, /accountIds\[0\]/],
    [
      'an account id that is short',
      { discovery: accounts('11112222333') },
      /"11112222333".*12 digits/,
    ],
    ['an account id with letters', { discovery: accounts('11112222333x') }, /12 digits/],
    ['a filter with more', { discovery: { ...accounts('111122223333'), region: 'x' } }, /"region"/],
    ['multiRegion that is no boolean', { keyId, multiRegion: 'yes' }, /multiRegion/],
    [
      'a Region that no key is in',
      { keyId, additionalKeyIds: [mrk], region: 'us-east-1' },
      /"us-east-1"/,
    ],
  ]) {
    it(`refuses ${what}`, () => {
      const error = thrown(() => new AwsKmsKeyring(options), 'INVALID_ARGUMENT');
      assert.match(error.message, expected);
    });
  }

  it('names all related multi-Region keys that stand together', () => {
    const related = [mrk, arn('mrk-1234', 'us-east-1'), 'mrk-1234'];
    const additionalKeyIds = [...related.slice(1), keyId, 'alias/mrk-1234'];
    const options = { keyId: mrk, additionalKeyIds, multiRegion: true };
    const { message } = thrown(() => new AwsKmsKeyring(options), 'INVALID_ARGUMENT');
    for (const name of related) assert.ok(message.includes(`"${name}"`), message);
    assert.ok(!message.includes(keyId) && !message.includes('alias'));
    assert.ok(new AwsKmsKeyring({ ...options, multiRegion: false }), 'each is a key of its own');
  });
});
