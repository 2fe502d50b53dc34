'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { DETERMINISTIC, INDEXES, KEYS, KEY_ID, storeKeys } = require('../support/field-answers');
const { MemoryStore, open } = require('../support/fields');

const PAGE = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'fields.md'), 'utf8');
/** The rows of the page's tables as cells; bytes that are in pieces there are in one. */
const ROWS = PAGE.split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '))
  .map((cells) => cells.map((cell) => cell.replaceAll('` `', '').trim()));
const PLACE = { table: 'users', column: 'email', type: 'text' };

/** Fields of the tenant `acme` with the keys of the page. */
async function openKnown(t, keyId) {
  const store = new MemoryStore();
  await storeKeys(store, keyId);
  return open(t, { store, create: false });
}

describe('the known answers of docs/fields.md', () => {
  for (const [row, keyId] of [
    ['42', KEY_ID],
    [undefined, 5],
  ]) {
    it(`are the associated data of a value ${row ? `in row ${row}` : 'without a row'}`, async (t) => {
      const shown = row === undefined ? 'no row' : `\`${row}\``;
      const first = `\`acme\`, \`users\`, \`email\`, ${shown}, ${keyId}`;
      const associatedData = ROWS.find(([cell]) => cell === first)[1].replaceAll('`', '');
      const value = (await openKnown(t, keyId)).column(PLACE).encrypt('ada', { row });
      // The prefix of Tink, the IV, the ciphertext, the tag.
      const decipher = crypto.createDecipheriv(
        'aes-256-gcm',
        KEYS.encryption,
        value.subarray(5, 17),
      );
      decipher.setAAD(Buffer.from(associatedData, 'hex')).setAuthTag(value.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(value.subarray(17, -16)), decipher.final()]);
      assert.equal(plaintext.toString(), 'ada');
    });
  }

  it('are a deterministic value, byte for byte', async (t) => {
    const { plaintext, associatedData, value } = DETERMINISTIC;
    const column = (await openKnown(t)).column({ ...PLACE, deterministic: true });
    assert.equal(column.encrypt(plaintext).toString('hex'), value);
    assert.equal(column.decrypt(Buffer.from(value, 'hex')), plaintext);
    const wanted = {
      'AES-SIV key, 64 bytes': KEYS.deterministic.toString('hex'),
      'tenant, table, column, key id': `acme, users, email, ${KEY_ID}`,
      plaintext,
      'associated data': associatedData,
      value,
    };
    for (const [what, answer] of Object.entries(wanted)) {
      assert.equal(ROWS.find(([cell]) => cell === what)?.[1].replaceAll('`', ''), answer, what);
    }
  });

  it('are blind indexes, byte for byte', async (t) => {
    const [first, domain] = INDEXES;
    const column = (await openKnown(t)).column({
      ...PLACE,
      index: { normalize: ['nfkc', 'trim', 'lowercase'], bits: first.bits },
      indexes: { domain: { normalize: ['lowercase', 'domain'], bits: domain.bits } },
    });
    assert.match(PAGE, new RegExp(`\`${KEYS.index.toString('hex')}\``));
    for (const { name, normalized, bits, indexKey, index } of INDEXES) {
      const given = name === '' ? undefined : { name };
      assert.equal(column.index('Ada@Example.com', given).toString('hex'), index);
      const cells = [name === '' ? 'empty' : name, normalized, indexKey, String(bits), index];
      const shown = ROWS.map((row) => row.map((cell) => cell.replaceAll('`', '')));
      assert.ok(
        shown.some((row) => row.join() === cells.join()),
        `${name}: ${cells.join()}`,
      );
    }
  });
});
