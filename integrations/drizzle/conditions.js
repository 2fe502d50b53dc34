'use strict';

const { isArray } = require('../../lib/input/index.js');
const { conditionRefused, orderRefused, unopened } = require('../columns/refusals.js');
const { stateOf } = require('./declare.js');
const { columnsOf, encryptedIn, indexOf, kindOf } = require('./entities.js');

/**
 * The clause that a part is in, those around its parentheses, the text before it, and the encrypted columns that
 * a text may name, by their names in small letters.
 *
 * @typedef {{ clause: string, around: string[], text: string, named: Map<string, any> }} Position
 */

/** Texts in quotes, parentheses, what begins a clause, and other words, among which may be names. */
const TOKENS = /'(?:[^']|'')*'|[()]|\b(?:group|order)\s+by\b|[\p{L}_$][\p{L}\p{N}_$]*/giu;
const CLAUSE =
  /^(select|from|where|on|having|group by|order by|limit|offset|returning|set|values|union)$/;
/** What Drizzle itself writes in a condition or an order. A column of such a name is not found in texts. */
const KEYWORDS =
  /^(and|or|not|in|is|null|like|ilike|between|exists|asc|desc|nulls|first|last|conflict|do|update|nothing|true|false)$/;
const CONDITIONS = new Set(['where', 'on', 'having']);
const NULL_CHECK = /^\s*is\s+(not\s+)?null/i;
const SEARCH = /^\s*(=|<>|!=|in|not in)\s*$/i;
const AFTER_OPERATOR = /(=|<|>|\blike|\bin|\bbetween)\s*$/i;

/**
 * Returns a statement whose conditions on encrypted columns are conditions on their indexes. Throws for
 * conditions and orders that these cannot answer.
 *
 * @param {any} sql
 */
function rewrite(sql) {
  return rewriteSql(sql, start(''));
}

/**
 * Returns SQL of a selection, whose conditions are rewritten in the same way.
 *
 * @param {any} sql
 */
function rewriteSelected(sql) {
  return rewriteSql(sql, start('select'));
}

/**
 * @param {string} clause
 * @param {Map<string, any>} named
 * @returns {Position}
 */
function start(clause, named = new Map()) {
  return { clause, around: [], text: '', named };
}

/**
 * @param {any} sql
 * @param {Position} at
 */
function rewriteSql(sql, at) {
  const chunks = rewriteChunks(sql.queryChunks, at);
  const copy = new sql.constructor(chunks);
  return Object.assign(copy, { ...sql, queryChunks: chunks });
}

/**
 * @param {any[]} chunks
 * @param {Position} at
 * @returns {any[]}
 */
function rewriteChunks(chunks, at) {
  const rewritten = [];
  for (let i = 0; i < chunks.length; i++) {
    const column = stateOf(chunks[i])?.declaration && chunks[i];
    if (!column) {
      rewritten.push(rewriteChunk(chunks[i], at));
      continue;
    }
    const search = searchOf(column, chunks[i + 1], chunks[i + 2], at);
    if (search) i += 2;
    rewritten.push(...(search ?? [column]));
    at.text = '';
  }
  return rewritten;
}

/**
 * @param {any} chunk
 * @param {Position} at
 * @returns {any}
 */
function rewriteChunk(chunk, at) {
  if (isArray(chunk)) return rewriteChunks(chunk, at);
  const kind = kindOf(chunk);
  if (kind === 'StringChunk') pass(chunk.value.join(''), at);
  if (kind === 'Name' && CONDITIONS.has(at.clause)) pass(chunk.value, at);
  if (kind === 'Table') learn(chunk, at);
  if (kind === 'Column') learn(chunk.table, at);
  if (kind === 'Param') learn(chunk.encoder?.table, at);
  if (kind === 'SQL') return rewriteSql(chunk, at);
  if (kind === 'SQL.Aliased') checkAlias(chunk, at);
  if (kind === 'Subquery') {
    if (chunk._.isWith) return chunk;
    const copy = Object.create(
      Object.getPrototypeOf(chunk),
      Object.getOwnPropertyDescriptors(chunk),
    );
    copy._ = { ...chunk._, sql: rewriteSql(chunk._.sql, start(at.clause, at.named)) };
    return copy;
  }
  if (kind !== undefined || typeof chunk?.getSQL !== 'function') return chunk;
  const inner = rewriteSql(chunk.getSQL(), start(at.clause, at.named));
  return {
    _: chunk._,
    getSQL: () => inner,
    shouldOmitSQLParens: () => chunk.shouldOmitSQLParens?.(),
  };
}

/**
 * Throws for the alias of a selection with an encrypted column, where the database would work with its value.
 *
 * @param {any} aliased
 * @param {Position} at
 */
function checkAlias(aliased, { clause }) {
  const column = encryptedIn(aliased);
  if (!column) return;
  const state = stateOf(column);
  const name = state?.column?.name ?? column.name;
  if (clause === 'order by') throw orderRefused(name);
  if (!CONDITIONS.has(clause) && clause !== 'group by') return;
  throw conditionRefused(name, 'such a condition', Boolean(state?.declaration?.index));
}

/**
 * Remembers what a text says of the place that follows it.
 *
 * @param {string} text
 * @param {Position} at
 */
function pass(text, at) {
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    const word = token.toLowerCase().replace(/\s+/, ' ');
    if (token === '(') at.around.push(at.clause);
    else if (token === ')') at.clause = at.around.pop() ?? at.clause;
    else if (!CLAUSE.test(word)) checkName(word, text.slice(index + token.length), at);
    // As in IS DISTINCT FROM: a condition has no tables.
    else if (word !== 'from' || !CONDITIONS.has(at.clause)) at.clause = word;
  }
  if (text.trim() !== '') at.text = text;
}

/**
 * Throws if a text names an encrypted column in a condition, an order or a group.
 *
 * @param {string} word
 * @param {string} after the text that follows
 * @param {Position} at
 */
function checkName(word, after, { clause, named }) {
  const column = named.get(word);
  if (!column || KEYWORDS.test(word) || NULL_CHECK.test(after.replace(/^["`]/, ''))) return;
  const state = stateOf(column);
  const name = state?.column?.name ?? column.name;
  if (clause === 'order by') throw orderRefused(name);
  if (!CONDITIONS.has(clause) && clause !== 'group by') return;
  throw conditionRefused(name, 'a condition in SQL', Boolean(state?.declaration?.index));
}

/**
 * Lets the encrypted columns of a table be found in texts.
 *
 * @param {any} table
 * @param {Position} at
 */
function learn(table, { named }) {
  for (const column of Object.values(columnsOf(table) ?? {})) {
    if (stateOf(column)?.declaration) named.set(column.name.toLowerCase(), column);
  }
}

/**
 * Returns the parts of the condition on the index, if an encrypted column begins one that the index answers.
 *
 * @param {any} column
 * @param {any} operator
 * @param {any} operand
 * @param {Position} at
 */
function searchOf(column, operator, operand, at) {
  const state = stateOf(column);
  const name = state?.column?.name ?? column.name;
  const isText = kindOf(operator) === 'StringChunk';
  const text = isText ? operator.value.join('') : '';
  if (at.clause === 'order by' || /^\s*(asc|desc)\b/i.test(text)) throw orderRefused(name);
  if (NULL_CHECK.test(text)) return undefined;
  const values = SEARCH.test(text) ? valuesOf(operand) : undefined;
  if (!values) {
    if (!CONDITIONS.has(at.clause) && !isOperator(text) && !AFTER_OPERATOR.test(at.text)) {
      return undefined;
    }
    throw conditionRefused(name, whatIn(text), Boolean(state?.declaration?.index));
  }
  const index = indexOf(column);
  if (!index) throw conditionRefused(name, 'a condition', false);
  if (!state?.column) throw unopened(name, 'call encryptDrizzle(db, { fields, schema })');
  const list = new operator.constructor(/<>|!=|not/i.test(text) ? ' not in ' : ' in ');
  // What is no part of a statement becomes a parameter as it is.
  return [index, list, state.column.search(values)];
}

/**
 * Returns the values that a condition compares with; nothing if they are computed by the database, or
 * come later.
 *
 * @param {any} operand
 * @returns {unknown[] | undefined}
 */
function valuesOf(operand) {
  if (isArray(operand)) {
    const lists = operand.map((one) => valuesOf(one));
    return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
  }
  const value = kindOf(operand) === 'Param' ? operand.value : operand;
  if (value === null) return [null];
  if (value === undefined) return undefined;
  if (kindOf(value) !== undefined || typeof value.getSQL === 'function') return undefined;
  return [value];
}

/** @param {string} text what follows a column */
function isOperator(text) {
  return /^\s*([=<>!~@|&-]|(not\s+)?(i?like|in|between|similar)\b)/i.test(text);
}

/** @param {string} text */
function whatIn(text) {
  const [, operator] = /^\s*([=<>!~@|&-]+|(?:not\s+)?[a-z]+)/i.exec(text) ?? [];
  return operator ? `a condition with ${operator.toUpperCase()}` : 'such a condition';
}

module.exports = { NULL_CHECK, rewrite, rewriteSelected };
