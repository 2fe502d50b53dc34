'use strict';

// Creates or rotates one branch key: `OPERATION ID STORE`, where STORE is the options in JSON.
const { BranchKeyStore } = require('../..');

const [operation, branchKeyId, options] = process.argv.slice(2);
const store = new BranchKeyStore(JSON.parse(options));
const done =
  operation === 'create'
    ? store.create({ branchKeyId, encryptionContext: { tenant: 'blue' } })
    : store.rotate(branchKeyId);
done.catch(({ code }) => {
  console.error(code);
  process.exitCode = 1;
});
