'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, it } = require('node:test');
const { checkLayers } = require('../../scripts/check-layers');

describe('the check of the layers', () => {
  it('passes imports that point down, and what stands in comments and strings', () => {
    assert.deepEqual(
      violations({
        'src/lib.rs': 'pub use message::Encryptor;\nmod message;',
        'src/error.rs': '/// See [`crate::node`].\npub struct Error; // crate::message',
        'src/format/header.rs': 'use crate::{error::E, suite::{A, B}};\nuse super::edk;',
        'src/crypto/aead.rs': 'use aes_gcm::Aes256Gcm;\nconst HELP: &str = r#"napi "unsafe""#;',
        'src/keyring/aws_kms/mod.rs': 'use aws_sdk_kms::Client;\nuse crate::materials::DataKey;',
        'src/node/bytes.rs': 'use napi::bindgen_prelude::Buffer;\nunsafe { x() }',
        'lib/streams/node.js': "// require('express')\nrequire('node:fs'); require('../errors');",
        'lib/errors.js': "/** @type {import('../index').X} */\nconst b = require('../binding');",
      }),
      [],
    );
  });

  const refused = {
    'an import that points up': ['src/format/mod.rs', 'use crate::message::Encryptor;', 1],
    'an import of a neighbour': ['src/crypto/aead.rs', '\nuse crate::format::Header;', 2],
    'one branch of a group': [
      'src/format/a.rs',
      'use crate::{\n    error::{Error, Code},\n    crypto::{Aead},\n};',
      3,
    ],
    'a path in the middle of code': ['src/error.rs', 'fn f() {\n    crate::suite::get()\n}', 2],
    'super that leads to the root': ['src/format/a.rs', 'use super::super::keyring::Keyring;', 1],
    'super in an inline module': ['src/suite.rs', 'mod t {\n  use super::super::crypto::x;\n}', 2],
    'a name re-exported at the root': ['src/crypto/mod.rs', 'use crate::Error;', 1],
    'everything at the root': ['src/crypto/mod.rs', 'use super::*;', 1],
    'a room without a place': ['src/util.rs', 'pub fn f() {}', 1],
    'napi outside src/node': ['src/message/mod.rs', '#[napi]\nfn f() {}', 1],
    'the AWS SDK outside its keyring': ['src/keyring/mod.rs', 'use aws_smithy_types::Blob;', 1],
    'a cryptography crate outside src/crypto': ['src/message/a.rs', 'use sha2::Sha256;', 1],
    'a cryptography crate by its path': ['src/suite.rs', 'fn f() { ::aws_lc_rs::init() }', 1],
    'unsafe after a lifetime and a quote': [
      'src/node/errors.rs',
      "fn f<'a>(c: &'a char) { if *c == '\"' { unsafe { g() } } }",
      1,
    ],
    'a long file': ['src/error.rs', '\n'.repeat(300) + 'fn f() {}', 301],
    'a long file of lib/': ['lib/a.js', '\n'.repeat(300) + 'f();', 301],
    'a long Rust test': ['tests/a.rs', '\n'.repeat(300) + 'fn f() {}', 301],
    'a long file of the service': ['service/src/a.ts', '\n'.repeat(300) + 'f();', 301],
    'a long test of the service': ['service/test/a.test.ts', '\n'.repeat(300) + 'f();', 301],
    'a long integration': ['integrations/x/a.js', '\n'.repeat(300) + 'f();', 301],
    'a long test': ['__test__/cli/a.test.js', '\n'.repeat(300) + 'f();', 301],
    'a file of lib/ that imports itself': ['lib/a.js', "\nrequire('./a.js');", 2],
    'a package in lib/': ['lib/a.js', "'use strict';\nconst express = require('express');", 2],
    'a file outside lib/': ['lib/a.js', "require('../../package.json');", 1],
    'a computed name in lib/': ['lib/a.js', 'require(name);', 1],
    'a package imported in lib/': ['lib/a.js', "const url = 'x://y'; import('express');", 1],
  };
  for (const [what, [file, text, line]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      const found = violations({ [file]: text });
      assert.deepEqual(
        found.map((violation) => `${violation.file}:${violation.line}`),
        [`${file}:${line}`],
      );
      assert.ok(found[0].message.length > 0);
    });
  }

  it('names the whole circle where files of lib/ import each other', () => {
    const found = violations({
      'lib/a.js': "require('./b/c.js');",
      'lib/b/c.js':
        "// As lib/a.js loads this file, this is a circle even if it is loaded later.\nconst later = () => require('../a.js');",
    });
    assert.deepEqual(found, [
      { file: 'lib/b/c.js', line: 2, message: 'import circle: lib/a.js -> lib/b/c.js -> lib/a.js' },
    ]);
  });

  it('refuses a circle in every folder of JavaScript, not only in lib/', () => {
    for (const folder of ['integrations', 'bin', 'scripts', 'benchmark']) {
      assert.deepEqual(
        violations({
          [`${folder}/a.js`]: "require('./b.js');",
          [`${folder}/b.js`]: "require('./a.js');",
        }),
        [
          {
            file: `${folder}/b.js`,
            line: 1,
            message: `import circle: ${folder}/a.js -> ${folder}/b.js -> ${folder}/a.js`,
          },
        ],
      );
    }
  });

  it('refuses a circle of imports in the service, over several lines and through a re-export', () => {
    const found = violations({
      'service/src/a.ts':
        'import {\n  B,\n  type C,\n} from "./keys/b.js";\nexport class A extends B {}',
      'service/src/keys/b.ts': 'export { A as B } from "../a.js";\nexport type C = string;',
    });
    assert.deepEqual(found, [
      {
        file: 'service/src/keys/b.ts',
        line: 1,
        message: 'import circle: service/src/a.ts -> service/src/keys/b.ts -> service/src/a.ts',
      },
    ]);
  });

  it('lets files of the service import the types of each other', () => {
    assert.deepEqual(
      violations({
        'service/src/a.ts':
          'import { b } from "./b.js";\nexport const a = b;\nexport type A = string;',
        'service/src/b.ts':
          'import type { A } from "./a.js";\nimport { type A as Again } from "./a.js";\nexport type { A } from "./a.js";\n// import { a } from "./a.js";\nexport const b = 1;',
      }),
      [],
    );
  });

  it('refuses files of one room that import each other, and names the circle', () => {
    const circle = violations({
      'src/client/mod.rs': 'mod cache;\nmod entry;\npub use cache::Cache;',
      'src/client/cache.rs': 'use super::entry::Entry;',
      'src/client/entry.rs': 'use super::Cache;\nuse crate::error::Error;',
    });
    assert.equal(circle.length, 1);
    assert.match(
      circle[0].message,
      /cache\.rs -> src\/client\/entry\.rs -> src\/client\/cache\.rs/,
    );
  });

  it('refuses a parent that uses a child which uses the parent', () => {
    const circle = violations({
      'src/keyring/mod.rs': 'mod raw;\npub trait Keyring {}\nfn f() { raw::parse() }',
      'src/keyring/raw.rs': 'use super::Keyring;\npub fn parse() {}',
    });
    assert.equal(circle.length, 1);
  });

  it('lets children use what their parent passes on, and tests use what they test', () => {
    assert.deepEqual(
      violations({
        'src/keyring/mod.rs': 'mod a;\nmod b;\npub use a::A;\npub use b::{B, c::C};',
        'src/keyring/a.rs': 'pub struct A;\nmod tests { use super::*; use crate::keyring::B; }',
        'src/keyring/b.rs': 'use super::A;\npub mod c;',
        'src/keyring/b/c.rs': 'use crate::keyring::{A};\npub struct C;',
      }),
      [],
    );
  });
});

/** What the check finds in a tree of these files. */
function violations(files) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-layers-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    }
    return checkLayers(root);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}
