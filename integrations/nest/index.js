'use strict';

const { defineColumn } = require('./column.js');
const { EnvelopeModule } = require('./envelope-module.js');
const { EnvelopeExceptionFilter } = require('./exception-filter.js');
const { FieldsModule } = require('./fields-module.js');
const { EnvelopeHealthIndicator } = require('./health.js');
const tokens = require('./tokens.js');

const { InjectColumn, InjectEnvelope, InjectFields, columnToken, envelopeToken, fieldsToken } =
  tokens;

module.exports = {
  EnvelopeExceptionFilter,
  EnvelopeHealthIndicator,
  EnvelopeModule,
  FieldsModule,
  InjectColumn,
  InjectEnvelope,
  InjectFields,
  columnToken,
  defineColumn,
  envelopeToken,
  fieldsToken,
};
