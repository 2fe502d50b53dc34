'use strict';

/**
 * Returns whether an object of the caller's has a function of this name. What cannot even be asked, such as
 * a revoked Proxy, has none.
 *
 * @param {unknown} object
 * @param {string | symbol} name
 */
function hasFunction(object, name) {
  try {
    return typeof Object(object)[name] === 'function';
  } catch {
    return false;
  }
}

module.exports = { hasFunction };
