'use strict';

/** @type {import('..').Group} */
module.exports = {
  summary: 'Manage branch keys: one for each tenant, wrapped by KMS, in a DynamoDB table',
  details: `The commands that encrypt and decrypt use a branch key with --branch-key. Tables
of the AWS Encryption SDKs can be shared.
`,
  commands: {
    create: () => require('./create.js'),
    rotate: () => require('./rotate.js'),
    list: () => require('./list.js'),
    show: () => require('./show.js'),
    destroy: () => require('./destroy.js'),
  },
};
