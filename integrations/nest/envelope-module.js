'use strict';

const { Module } = require('./common.js');
const args = require('../../lib/input/index.js');
const { Envelope } = require('../../lib/envelope.js');
const { EnvelopeHealthIndicator } = require('./health.js');
const { asyncOptions, atShutdown } = require('./module-options.js');
const { envelopeToken } = require('./tokens.js');

/** Provides an envelope, whose keys have been checked before anything can use it. */
class EnvelopeModule {
  /**
   * @param {unknown} options those of an envelope, and `name`, `global`, `check`, `warm`
   */
  static forRoot(options) {
    const { taken: name, rest } = args.take(options, 'name', 'keyId');
    const { taken: global, rest: settings } = args.take(rest, 'global');
    return EnvelopeModule.forRootAsync({
      ...(name === undefined ? {} : { name }),
      ...(global === undefined ? {} : { global }),
      useFactory: () => ({ ...settings }),
    });
  }

  /** @param {unknown} options */
  static forRootAsync(options) {
    const { name, global, imports, inject, useFactory } = asyncOptions(options, []);
    const token = envelopeToken(name);
    const envelope = {
      provide: token,
      inject,
      useFactory: async (/** @type {unknown[]} */ ...injected) =>
        openEnvelope(await useFactory(...injected)),
    };
    const release = atShutdown(token, (opened) => opened.clearCache());
    return {
      module: EnvelopeModule,
      global,
      imports,
      providers: [envelope, release, EnvelopeHealthIndicator],
      exports: [token, EnvelopeHealthIndicator],
    };
  }
}

Module({})(EnvelopeModule);

/**
 * Resolves to an envelope that can be used: it fails here, before the application has started, and not with the
 * first request.
 *
 * @param {unknown} options those of an envelope, `check` and `warm`; or an envelope
 */
async function openEnvelope(options) {
  if (options instanceof Envelope) return options;
  const { taken: check, rest } = args.take(options, 'check', 'keyId');
  const { taken: warm, rest: settings } = args.take(rest, 'warm');
  const isChecked = args.optionalBoolean(check, 'check') ?? true;
  const contexts = warm === undefined ? [] : args.list(warm, 'warm');
  const envelope = isChecked ? await Envelope.open(settings) : new Envelope(settings);
  await Promise.all(contexts.map((encryptionContext) => envelope.warm({ encryptionContext })));
  return envelope;
}

module.exports = { EnvelopeModule };
