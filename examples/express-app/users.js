import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Router, json } from 'express';

const TABLE = `create table if not exists users (
  id text primary key, email bytea not null, email_index bytea not null unique, token_hash bytea not null)`;

/** Returns the routes of users, and what tells who a request comes from. */
export async function users(database, fields) {
  await database.exec(TABLE);
  const email = fields.column({
    table: 'users',
    column: 'email',
    type: 'text',
    index: { normalize: ['trim', 'lowercase'] },
  });
  const routes = Router();

  routes.post('/', json(), async (request, response) => {
    const address = String(request.body?.email);
    const id = randomUUID();
    const token = randomBytes(32).toString('base64url');
    const { rows } = await database.query(
      'insert into users values ($1, $2, $3, $4) on conflict (email_index) do nothing returning id',
      // Bound to its row: copied into another, it cannot be read.
      [id, email.encrypt(address, { row: id }), email.index(address), hash(token)],
    );
    if (rows.length === 0) response.status(409).json({ error: 'signed up already' });
    else response.status(201).json({ id, token });
  });

  routes.get('/me', signedIn, async ({ user }, response) => {
    response.json({ id: user.id, email: email.decrypt(user.email, { row: user.id }) });
  });

  return { routes, signedIn };

  async function signedIn(request, response, next) {
    const token = /^Bearer (\S+)$/.exec(request.get('authorization') ?? '')?.[1] ?? '';
    const { rows } = await database.query('select id, email from users where token_hash = $1', [
      hash(token),
    ]);
    request.user = rows[0];
    if (request.user) next();
    else response.status(401).json({ error: 'sign up first' });
  }
}

/** A token is long and random, so that a plain hash is enough. */
function hash(token) {
  return createHash('sha256').update(token).digest();
}
