'use strict';

const args = require('./input/index.js');
const { lazy } = require('./lazy.js');

const text = lazy(() => require('./text.js'));

/** @typedef {Pick<import('../index').Envelope, 'encrypt' | 'decrypt'>} Bytes what works on bytes */
/** @typedef {Pick<import('../index').CallOptions, 'encryptionContext' | 'signal'>} Options */

/** The calls of an `Envelope` for text and JSON, by its calls for bytes. */
class TextCalls {
  /**
   * @this {Bytes}
   * @param {unknown} value
   * @param {unknown} [options]
   */
  async encryptText(value, options) {
    const checkedOptions = textOptions(options);
    return (await this.encrypt(text().textBytes(value), checkedOptions)).toString('base64url');
  }

  /**
   * @this {Bytes}
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptText(message, options) {
    const checkedOptions = textOptions(options);
    return text().textOf(await this.decrypt(text().messageBytes(message), checkedOptions));
  }

  /**
   * @this {Bytes}
   * @param {unknown} value
   * @param {unknown} [options]
   */
  async encryptJson(value, options) {
    const checkedOptions = textOptions(options);
    return (await this.encrypt(text().jsonBytes(value), checkedOptions)).toString('base64url');
  }

  /**
   * @this {Bytes}
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptJson(message, options) {
    const checkedOptions = textOptions(options);
    return text().jsonOf(await this.decrypt(text().messageBytes(message), checkedOptions));
  }
}

/**
 * Returns the options as the calls for bytes take them; those check them.
 *
 * @param {unknown} options
 */
function textOptions(options) {
  return /** @type {Options} */ (args.options(options, args.CONTEXT_AND_SIGNAL));
}

module.exports = { TextCalls };
