'use strict';

const { addressOf } = require('./address.js');

/**
 * Yields the objects under a prefix, in the order of their keys, page by page. Instruction files are among
 * them.
 *
 * @param {{ client: any, sdk: any }} s3
 * @param {{ Bucket: string, Key: string }} place a prefix; for a single object, its key
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{ place: { Bucket: string, Key: string }, address: string, size: number }>}
 */
async function* objectsUnder({ client, sdk }, { Bucket, Key: Prefix }, signal) {
  for (let ContinuationToken; ;) {
    /** @type {any} */
    const command = new sdk.ListObjectsV2Command({ Bucket, Prefix, ContinuationToken });
    /** @type {any} */
    const page = await client.send(command, { abortSignal: signal });
    for (const { Key, Size = 0 } of page.Contents ?? []) {
      const place = { Bucket, Key };
      // What consoles make in place of folders.
      if (Key.endsWith('/') && Size === 0) continue;
      yield { place, address: addressOf(place), size: Size };
    }
    if (!page.IsTruncated) return;
    ContinuationToken = page.NextContinuationToken;
  }
}

module.exports = { objectsUnder };
