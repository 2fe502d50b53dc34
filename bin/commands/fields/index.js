'use strict';

/** @type {import('..').Group} */
module.exports = {
  summary: 'Manage the keys of encrypted columns, and encrypt the columns of a table',
  details: `The keys of a tenant lie in a store, encrypted under --key. What the library's
Fields encrypts with them, these commands read and write, too.
`,
  commands: {
    create: () => require('./create.js'),
    rotate: () => require('./rotate.js'),
    show: () => require('./show.js'),
    export: () => require('./export.js'),
    migrate: () => require('./migrate.js'),
    destroy: () => require('./destroy.js'),
  },
};
