'use strict';

/**
 * The subjects of tests, and the files of others, that do not depend on the cipher engine: what they show are
 * files, services, stores or the package. A run with another engine leaves them out; a new one takes part
 * unless it is named here.
 */
const INDEPENDENT_OF_ENGINE = [
  'branch-keys/databases',
  'branch-keys/faults',
  'branch-keys/own-storage',
  'branch-keys/requests',
  'branch-keys/table',
  'cli',
  'docs',
  'fields/rotation',
  'files/kill',
  'files/leftovers',
  'files/places',
  'files/progress',
  'files/signals',
  'files/synced',
  'frameworks',
  'hostile',
  'house',
  'kms',
  'memory',
  'messages/option-names',
  'messages/signals',
  'orms',
  'process',
  's3/faults',
  's3/fetch-client',
  's3/head',
  's3/lost-answers',
  's3/requests',
  's3/unknown-length',
  's3/waiting-body',
];

module.exports = { INDEPENDENT_OF_ENGINE };
