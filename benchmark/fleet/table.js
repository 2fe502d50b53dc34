'use strict';

const { markdownTable } = require('markdown-table');

/** The calls of the whole time, as a table of Markdown. */
function tableOf(results, { minutes }) {
  const rows = Object.entries(results).map(([system, perMinute]) => {
    const sum = (service, from = 0) =>
      perMinute.slice(from).reduce((total, counts) => total + counts[service], 0);
    const most = Math.max(...perMinute.map(({ kms }) => kms));
    return [system, sum('kms'), sum('dynamoDb'), most].map(shown);
  });
  const header = [
    '',
    `calls of KMS in ${minutes} minutes`,
    'of DynamoDB',
    'most of KMS in a minute',
  ];
  return markdownTable([header, ...rows], { align: ['l', 'r', 'r', 'r'] });
}

function shown(value) {
  return typeof value === 'number' ? value.toLocaleString('en') : value;
}

module.exports = { tableOf };
