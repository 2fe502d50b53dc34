'use strict';

const { Inject } = require('./common.js');
const args = require('../../lib/input/index.js');
const { Envelope } = require('../../lib/envelope.js');
const { Fields } = require('../../lib/fields/fields.js');

/** @typedef {{ readonly table: string, readonly column: string }} ColumnName */

/**
 * Returns what an envelope is provided under: the class, or a symbol for one with a name.
 *
 * @param {string} [name]
 */
function envelopeToken(name) {
  return name === undefined ? Envelope : tokenOf('envelope', args.string(name, 'name'));
}

/**
 * Returns what fields are provided under: the class, or a symbol for those with a name.
 *
 * @param {string} [name]
 */
function fieldsToken(name) {
  return name === undefined ? Fields : tokenOf('fields', args.string(name, 'name'));
}

/**
 * Returns what a column is provided under.
 *
 * @param {ColumnName} column
 * @param {string} [fields] the name of its fields
 */
function columnToken({ table, column }, fields) {
  const parts = [args.string(table, 'table'), args.string(column, 'column')];
  return tokenOf('column', JSON.stringify(fields === undefined ? parts : [...parts, fields]));
}

/** @param {string} [name] */
function InjectEnvelope(name) {
  return Inject(envelopeToken(name));
}

/** @param {string} [name] */
function InjectFields(name) {
  return Inject(fieldsToken(name));
}

/**
 * @param {ColumnName} column
 * @param {string} [fields]
 */
function InjectColumn(column, fields) {
  return Inject(columnToken(column, fields));
}

/**
 * Of the registry of symbols: two copies of this package in one process have the same tokens.
 *
 * @param {string} kind
 * @param {string} name
 */
function tokenOf(kind, name) {
  return Symbol.for(`kms-envelope.${kind}:${name}`);
}

module.exports = {
  InjectColumn,
  InjectEnvelope,
  InjectFields,
  columnToken,
  envelopeToken,
  fieldsToken,
};
