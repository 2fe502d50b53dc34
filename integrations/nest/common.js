'use strict';

// The application's own NestJS. Only its decorators and its logger are used, which write metadata and lines:
// nothing here depends on which copy of NestJS it is.
// @ts-ignore: it is not installed here
const { Catch, Inject, Injectable, Logger, Module } = require('@nestjs/common');

// @ts-ignore: NestJS needs it, so it is there
const { throwError } = require('rxjs');

module.exports = { Catch, Inject, Injectable, Logger, Module, throwError };
