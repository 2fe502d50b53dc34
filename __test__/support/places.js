'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const { Envelope } = require('../..');
const { temporaryFolder } = require('./files');
const { rawAes } = require('./raw-aes');

const root = temporaryFolder();
const envelope = underKey();
const other = underKey({ frameLength: 1000 });

/** An envelope with a raw AES key of its own. */
function underKey({ frameLength, wrappingKey = crypto.randomBytes(32) } = {}) {
  const keyring = rawAes('key', wrappingKey);
  return new Envelope({ keyring, frameLength });
}

/** A new folder with these files: the path of a name in it. */
function newPlace(files) {
  const folder = fs.mkdtempSync(path.join(root, 'place-'));
  const place = (name) => path.join(folder, name);
  place.names = () => fs.readdirSync(folder).sort();
  place.read = (name) => fs.readFileSync(place(name), 'utf8');
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(place(name), content);
  return place;
}

module.exports = { envelope, newPlace, other, root, underKey };
