import { Envelope, RawAesKeyring } from 'kms-envelope';

export const dynamic = 'force-dynamic';

const wrappingKey = Buffer.alloc(32, 7);
const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'raw', wrappingKey });
const envelope = new Envelope({ keyring });

export async function POST(request) {
  const message = await envelope.encrypt(await request.text());
  return new Response(await envelope.decrypt(message));
}
