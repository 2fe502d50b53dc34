'use strict';

/** @type {any} */
let loaded;

/** Returns the module `@aws-sdk/client-s3`, which is the user's to install: loaded once it is needed. */
function s3Commands() {
  // Named in full, so that a bundler takes it along.
  // @ts-ignore: it is not installed here
  loaded ??= require('@aws-sdk/client-s3');
  return loaded;
}

/**
 * Lets a program that has found the module elsewhere, as the command line does, say so.
 *
 * @param {any} module
 */
function useS3Commands(module) {
  loaded = module;
}

module.exports = { s3Commands, useS3Commands };
