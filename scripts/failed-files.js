'use strict';

/** A reporter for Node.js's test runner: the file of each test that failed, one a line. */
module.exports = async function* failedFiles(source) {
  for await (const { type, data } of source) {
    if (type === 'test:fail' && data.file) yield `${data.file}\n`;
  }
};
