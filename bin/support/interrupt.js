'use strict';

const os = require('node:os');

const { Failure } = require('./errors.js');

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Returns an AbortSignal that fires when the process is asked to end. Asked a second time, the process ends
 * at once, as it would have without us.
 *
 * @returns {{ signal: AbortSignal, stop(): void }}
 */
function watchSignals() {
  const controller = new AbortController();
  const onSignal = (/** @type {NodeJS.Signals} */ name) => {
    stop();
    const exit = 128 + (os.constants.signals[name] ?? 0);
    controller.abort(new Failure('ABORTED', `interrupted by ${name}`, { exit }));
  };
  const stop = () => {
    for (const name of SIGNALS) process.removeListener(name, onSignal);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return { signal: controller.signal, stop };
}

module.exports = { watchSignals };
