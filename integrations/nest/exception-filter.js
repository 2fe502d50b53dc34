'use strict';

const { Catch, Logger, throwError } = require('./common.js');
const args = require('../../lib/input/index.js');
const { EnvelopeError } = require('../../lib/errors.js');
const { ownStatuses, publicAnswer, publicError } = require('../http/status.js');

/** Answers errors of this package with a status and its usual words, and logs what is the server's fault. */
class EnvelopeExceptionFilter {
  #statuses;
  #logger = new Logger('EnvelopeExceptionFilter');

  /** @param {unknown} [options] */
  constructor(options) {
    const checkedOptions = args.options(options, /** @type {const} */ (['statuses']));
    this.#statuses = ownStatuses(checkedOptions.statuses);
  }

  /**
   * @param {InstanceType<typeof EnvelopeError>} error
   * @param {any} host an ArgumentsHost
   */
  catch(error, host) {
    const { status, message, headers } = publicAnswer(error, this.#statuses);
    if (status >= 500) this.#logger.error(`${error.code}: ${error.message}`, error.stack);
    const kind = host.getType();
    if (kind === 'rpc') return throwError(() => ({ status: 'error', message }));
    if (kind === 'ws') return emitException(host.switchToWs().getClient(), message);
    // GraphQL and others have no statuses: they tell the message of what is thrown.
    if (kind !== 'http') throw publicError(error, this.#statuses);
    // What Express and Fastify have in common.
    const response = host.switchToHttp().getResponse();
    if (response.headersSent || response.sent) return void (response.raw ?? response).destroy();
    response.status(status);
    for (const [name, value] of Object.entries(headers)) response.header(name, value);
    response.send({ statusCode: status, message });
  }
}

Catch(EnvelopeError)(EnvelopeExceptionFilter);

/**
 * Tells the client of a WebSocket as NestJS itself does: a client of Socket.IO, or a plain one, whose `emit`
 * nobody but the server would hear.
 *
 * @param {any} client
 * @param {string} message
 */
function emitException(client, message) {
  const data = { status: 'error', message };
  if (typeof client.readyState === 'number') {
    client.send(JSON.stringify({ event: 'exception', data }));
  } else client.emit('exception', data);
}

module.exports = { EnvelopeExceptionFilter };
