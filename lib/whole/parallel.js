'use strict';

const { isMainThread } = require('node:worker_threads');

const binding = require('../native/load.js');

let shared = false;

/** Lets all cores help the main thread with large work; a worker thread is one of several already. */
function shareCores() {
  if (shared) return;
  shared = true;
  if (isMainThread) binding.shareCores();
}

module.exports = { shareCores };
