'use strict';

/**
 * Returns a signal that fires when the client hangs up, or has done so already; and what stops listening.
 *
 * @param {import('node:http').ServerResponse} response
 * @returns {{ signal: AbortSignal, stop: () => void }}
 */
function hangUpSignal(response) {
  const gone = new AbortController();
  const hangUp = () => gone.abort();
  // What ran before may have taken its time.
  if (response.destroyed) hangUp();
  else response.once('close', hangUp);
  return { signal: gone.signal, stop: () => void response.off('close', hangUp) };
}

module.exports = { hangUpSignal };
