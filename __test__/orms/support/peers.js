'use strict';

const { Module } = require('node:module');
const path = require('node:path');

/**
 * Lets the adapters find the ORMs, which in a project lie beside the package. `NODE_PATH` does so for
 * processes that the tests start, too.
 */
process.env.NODE_PATH = path.join(__dirname, '..', 'node_modules');
Module._initPaths();
