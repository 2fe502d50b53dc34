'use strict';

/** Yields the file of each failed test, one a line, as a reporter of Node.js's test runner. */
module.exports = async function* failedFiles(source) {
  for await (const { type, data } of source) {
    if (type === 'test:fail' && data.file) yield `${data.file}\n`;
  }
};
