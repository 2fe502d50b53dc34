'use strict';

const path = require('node:path');

/** The folder whose node_modules has Next.js. */
const root = path.join(path.dirname(require.resolve('next/package.json')), '..', '..');

module.exports = {
  output: 'standalone',
  outputFileTracingIncludes: { '/*': ['node_modules/kms-envelope-*/**'] },
  outputFileTracingRoot: root,
  turbopack: { root },
};
