'use strict';

const { databaseFailure } = require('./failure.js');
const { missingPeer, peer } = require('./peer.js');

/** How long to wait for a connection, in milliseconds. */
const CONNECT_MS = 15_000;

/**
 * One connection, by the user's `pg`. The password may stand in PGPASSWORD or ~/.pgpass, as ever.
 *
 * @param {string} address
 * @param {{ readOnly?: boolean }} options
 * @returns {Promise<import('.').Database>}
 */
async function openPostgresql(address, { readOnly = false }) {
  const pg = peer('pg');
  if (!pg) throw missingPeer('pg', ' there');
  let client;
  try {
    client = new pg.Client({
      connectionString: address,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: 'kms-envelope',
    });
    // Without a listener a lost connection would end the process; the next query tells of it.
    client.on('error', () => {});
    await client.connect();
  } catch (error) {
    throw databaseFailure(error, 'the database cannot be opened');
  }
  const query = async (/** @type {string} */ sql, /** @type {unknown[]} */ parameters = []) => {
    try {
      return (await client.query(sql, parameters)).rows;
    } catch (error) {
      throw databaseFailure(error, 'the database did not do what it was asked');
    }
  };
  // Text of values is then the same everywhere, and exact.
  await query("SET TIME ZONE 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1");
  if (readOnly) await query('SET default_transaction_read_only = on');
  return { dialect: 'postgresql', query, close: () => client.end() };
}

module.exports = { openPostgresql };
