// What a project with the types of Node.js does; each line must compile, but where it says otherwise.
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsKmsKeyring, Envelope, EnvelopeError, decrypt, encrypt, inspect } from 'kms-envelope';
import type { EncryptionContext, GeneratedDataKey } from 'kms-envelope';

const envelope = new Envelope({ keyring: new AwsKmsKeyring({ keyId: 'alias/app' }) });
const context: EncryptionContext = { tenant: 'acme' };

const message: Buffer = await envelope.encrypt('text', { encryptionContext: context });
const text: string = (await envelope.decrypt(message)).toString('utf8');
const bytes: Uint8Array = envelope.decryptSync(envelope.encryptSync('text'));
const again: Buffer = await decrypt(await encrypt(bytes));
const dataKey: GeneratedDataKey = await envelope.generateDataKey();
const transform: Transform = envelope.encryptStream();
await pipeline(createReadStream('a'), transform, createWriteStream('b'));
const name: string | undefined = inspect(message).encryptedDataKeys[0]?.keyName;
for (const settled of await envelope.encryptBatch([again])) {
  if (settled.status === 'fulfilled') console.log(settled.value.toString('hex'));
}
if (message instanceof EnvelopeError) console.log(text, dataKey.plaintext.fill(0), name);

// @ts-expect-error a result is never any
const number: number = await encrypt('text');
// @ts-expect-error nor is a member of one
const size: number = inspect('x').messageId;
// @ts-expect-error nor is a stream
const stream: number = envelope.encryptStream();
// @ts-expect-error nor is a Web stream
const webStream: number = envelope.encryptWebStream();
console.log(number, size, stream, webStream);
