// A project without the types of Node.js: what it gets are bytes, not any.
import { encrypt, inspect } from 'kms-envelope';

const message: Uint8Array = await encrypt('text');
const id: Uint8Array = inspect(message).messageId;
// @ts-expect-error a result is never any
const number: number = await encrypt('text');
// @ts-expect-error nor is a member of one
const size: number = id;
export { number, size };
