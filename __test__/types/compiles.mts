// What must compile, and what must not: a line that should fail and does not fails the build.
import * as api from 'kms-envelope';
import {
  AwsKmsKeyring,
  AwsKmsEcdhKeyring,
  AwsKmsRsaKeyring,
  BranchKeyStore,
  Envelope,
  EnvelopeError,
  Fields,
  Keyset,
  HierarchicalKeyring,
  LocalKeyring,
  MultiKeyring,
  OutputPool,
  RawAesKeyring,
  RawEcdhKeyring,
  SqlKeysetStore,
  decrypt,
  decryptDataKey,
  encrypt,
  generateDataKey,
  inspect,
} from 'kms-envelope';
import type {
  AwsCredentials,
  AwsCredentialsProvider,
  AwsKmsKeyringOptions,
  BranchKeyStorage,
  Bytes,
  CallOptions,
  DecryptedMessage,
  DiscoveryFilter,
  EncryptionContext,
  EnvelopeErrorCategory,
  EnvelopeErrorCode,
  GeneratedDataKey,
  Keyring,
  KeysetStore,
  MessageHeader,
  PooledOutput,
} from 'kms-envelope';

// Keys and keyrings.
const byString = new Envelope('alias/app');
const local: LocalKeyring = LocalKeyring.generate('dev.key');
const kms = new AwsKmsKeyring({ keyId: 'alias/app', region: 'eu-west-1', grantTokens: ['x'] });
const raw = new RawAesKeyring({
  keyNamespace: 'app',
  keyName: 'one',
  wrappingKey: new Uint8Array(32),
});
const branchKeyStore = new BranchKeyStore({ tableName: 't', logicalName: 'l', kmsKeyId: 'arn' });
const byBranchKey: Keyring = new HierarchicalKeyring({ branchKeyStore, branchKeyId: 'a' });
const byTenant = new HierarchicalKeyring({
  branchKeyStore,
  branchKeyIdOf: ({ tenant }) => tenant ?? 'none',
  maxAgeMs: 60_000,
});
// @ts-expect-error: either an id or a function
new HierarchicalKeyring({ branchKeyStore });
// @ts-expect-error: a store that finds its KMS keys has none
new BranchKeyStore({ tableName: 't', logicalName: 'l', discovery: true, kmsKeyId: 'arn' });
const storage: BranchKeyStorage = {
  get: async ({ branchKeyId, type }, { consistently }) =>
    consistently
      ? undefined
      : { branchKeyId, type, enc: new Uint8Array(1), attributes: { a: 'b' } },
  write: async (puts) => puts.every(({ item, previousEnc }) => previousEnc !== item.enc),
  items: () => [],
  delete: (branchKeyId, types) => void [branchKeyId, ...types],
  list: async () => [],
};
new BranchKeyStore({ storage, logicalName: 'l', kmsKeyId: 'arn' });
// @ts-expect-error: a storage of one's own is no table
new BranchKeyStore({ storage, tableName: 't', logicalName: 'l', kmsKeyId: 'arn' });
const byRsa: Keyring = new AwsKmsRsaKeyring({ keyId: 'arn', publicKey: 'pem' });
// @ts-expect-error: KMS has no such padding
new AwsKmsRsaKeyring({ keyId: 'arn', padding: 'pkcs1' });
const agreed: Keyring[] = [
  new AwsKmsEcdhKeyring({ curveSpec: 'ECC_NIST_P521', keyId: 'arn', recipientPublicKey: 'pem' }),
  new RawEcdhKeyring({ curveSpec: 'ECC_NIST_P256', privateKey: 'pem' }),
];
// @ts-expect-error: the curve is named as KMS names it
new RawEcdhKeyring({ curveSpec: 'P-256', privateKey: 'pem' });
const several = new AwsKmsKeyring({
  keyId: 'alias/app',
  additionalKeyIds: ['alias/backup'],
  multiRegion: true,
});
const filter: DiscoveryFilter = { partition: 'aws', accountIds: ['111122223333'] };
const discovered: AwsKmsKeyringOptions[] = [
  { discovery: true, region: 'eu-west-1' },
  { discovery: filter, multiRegion: true },
];
const reader = new MultiKeyring({ children: discovered.map((one) => new AwsKmsKeyring(one)) });
const multi = new MultiKeyring({ generator: kms, children: [raw, local] });
const keyrings: Keyring[] = [local, kms, raw, several, reader, multi, byBranchKey, byTenant, byRsa];
keyrings.push(...agreed);
const envelope = new Envelope({ keyring: kms, frameLength: 4096, maxEncryptedDataKeys: 3 });

const settled = new Envelope('alias/app', { cache: {}, frameLength: 4096 });
const named = new Envelope({ keyId: 'alias/app', cache: {} });
const known = await Envelope.open('alias/app', { cache: {}, signal: AbortSignal.timeout(5) });

// @ts-expect-error a key and a keyring exclude each other
new Envelope({ keyId: 'alias/app', keyring: kms });
// @ts-expect-error a key is named once
new Envelope('alias/app', { keyring: kms });
// @ts-expect-error a cache is no switch
new Envelope('alias/app', { cache: true });
// @ts-expect-error a key is needed
new Envelope();
// @ts-expect-error a keyring is needed
new Envelope({ frameLength: 4096 });
// @ts-expect-error a keyring is one of ours
new Envelope({ keyring: {} });
// @ts-expect-error one keyring is not another
const wrong: LocalKeyring = kms;
// @ts-expect-error a key id is needed
new AwsKmsKeyring({ region: 'eu-west-1' });
// @ts-expect-error discovery names no key
new AwsKmsKeyring({ keyId: 'alias/app', discovery: true });
// @ts-expect-error discovery is not switched off
new AwsKmsKeyring({ discovery: false });
// @ts-expect-error a filter has accounts
new AwsKmsKeyring({ discovery: { partition: 'aws' } });
// @ts-expect-error an account id is no number
new AwsKmsKeyring({ discovery: { partition: 'aws', accountIds: [111122223333] } });
// @ts-expect-error children are keyrings
new MultiKeyring({ generator: kms, children: ['alias/app'] });
// @ts-expect-error a wrapping key is bytes
new RawAesKeyring({ keyNamespace: 'app', keyName: 'one', wrappingKey: 'secret' });
// @ts-expect-error no such option
new Envelope({ keyring: kms, frames: 5 });

// Data in, Buffers out.
const inputs: Bytes[] = ['text', Buffer.of(1), new Uint16Array(2), new ArrayBuffer(3)];
const context: EncryptionContext = { tenant: 'acme' };
const options: CallOptions = { encryptionContext: context, signal: AbortSignal.timeout(5) };
for (const input of inputs) {
  const message: Buffer = await byString.encrypt(input, options);
  const plaintext: Buffer = await envelope.decrypt(message, { into: new Uint8Array(100) });
  const synchronous: Buffer = envelope.decryptSync(envelope.encryptSync(plaintext));
  const both: DecryptedMessage = await envelope.decryptMessage(synchronous);
  const header: MessageHeader = both.header;
  const tenant: string | undefined = header.encryptionContext['tenant'];
  const name: string | undefined = inspect(message).encryptedDataKeys[0]?.keyName;
  const version: 1 | 2 = header.version;
}

// Outputs of a pool.
const outputs = new OutputPool({ maxBytes: 2 ** 30, wipe: false });
{
  using output = outputs.acquire();
  const pooled: Buffer = await envelope.encrypt('x', { into: output });
  const kept: number = outputs.idleBytes + pooled.length;
}
const held: PooledOutput = outputs.acquire();
envelope.decryptSync(await envelope.reEncrypt('x', byString, { into: held })).fill(0);
held.release();
outputs.clear();
// @ts-expect-error what gives outputs is none
await envelope.encrypt('x', { into: outputs });
// @ts-expect-error only a pool makes outputs
await envelope.encrypt('x', { into: { release() {}, [Symbol.dispose]() {} } });
// @ts-expect-error a batch has many outputs
await envelope.encryptBatch(['x'], { into: held });

// @ts-expect-error numbers are no bytes
await envelope.encrypt(5);
// @ts-expect-error a context holds strings
await envelope.encrypt('x', { encryptionContext: { tenant: 5 } });
// @ts-expect-error a misspelt option
await envelope.encrypt('x', { context });
// @ts-expect-error undefined is not the absence of an option
await envelope.encrypt('x', { signal: undefined });
// @ts-expect-error a synchronous call cannot be aborted
envelope.encryptSync('x', { signal: AbortSignal.abort() });
// @ts-expect-error a message is data, not options
await envelope.decrypt({ encryptionContext: context });

// Text, JSON, and streams of ranges.
const stored: string = await envelope.encryptText('text', { encryptionContext: context });
const restored: string = await envelope.decryptText(stored);
const card = (await envelope.decryptJson(await envelope.encryptJson({ a: [1] }))) as {
  number: string;
};
const { number }: { number: string } = card;
const unknown: unknown = await api.decryptJson(stored, { keyId: 'alias/app' });
const message2 = await envelope.openMessage('a', { encryptionContext: context });
message2.stream({ start: 5 }).pipe(process.stdout);
// @ts-expect-error bytes are no text
await envelope.encryptText(Buffer.of(1));
// @ts-expect-error JSON has no undefined
await envelope.encryptJson(undefined);
// @ts-expect-error what a message holds is not known
const guessed: string = await envelope.decryptJson(stored);

// Credentials, and a cache that is warmed.
const identity = { accessKeyId: 'AKID', secretAccessKey: 'secret', expiration: new Date() };
const provider: AwsCredentialsProvider = async (): Promise<AwsCredentials> => identity;
new Envelope('alias/app', { credentials: provider, cache: {} });
new Envelope({ keyId: 'alias/app', credentials: identity });
new AwsKmsKeyring({ discovery: true, credentials: () => identity });
await envelope.warm({ messages: await envelope.encrypt('x') });
const warmed: PromiseSettledResult<void>[] = await envelope.warm({ messages: ['x'] });
console.log(warmed);
// @ts-expect-error credentials are the keyring's
new Envelope({ keyring: kms, credentials: identity });
// @ts-expect-error a secret is missing
new Envelope('alias/app', { credentials: { accessKeyId: 'AKID' } });

// Data keys and module functions.
const dataKey: GeneratedDataKey = await generateDataKey({ keyId: 'alias/app', keySpec: 'AES_128' });
const blob: Buffer = dataKey.ciphertextBlob;
const material: string | undefined = dataKey.keyMaterialId;
await decryptDataKey(blob, { keyId: 'alias/app', encryptionContext: context });
await decrypt(await encrypt('x', { keyId: 'local:./dev.key' }));
await generateDataKey();
// @ts-expect-error KMS has no such key
await generateDataKey({ keySpec: 'AES_192' });
// @ts-expect-error a data key cannot be replaced
dataKey.plaintext = Buffer.alloc(32);

// Fields and keysets.
const keyStore: KeysetStore = new SqlKeysetStore({ query: () => [], dialect: 'sqlite' });
const fields: Fields = await Fields.open({
  envelope,
  store: keyStore,
  tenant: 'acme',
  create: true,
});
const email = fields.column({ table: 'users', column: 'email', type: 'text', index: {} });
const sealed: Buffer = email.encrypt('ada', { row: 42 });
const opened: string = email.decrypt(sealed, { row: 42 });
const born = fields.column({ table: 'u', column: 'b', type: 'date', encoding: 'base64url' });
const bornText: string = born.encrypt(new Date());
const dates: (Date | null)[] = born.decryptMany([bornText, null]);
const nothing: null = email.encrypt(null);
const keyset: Keyset = await Keyset.import(sealed, { from: 'tink-encrypted-json', keyring: kms });
const found: Buffer = keyset.prf('x', 16, { keyId: 5 });
// @ts-expect-error a column of text takes text
email.encrypt(5);
// @ts-expect-error there is no such type
fields.column({ table: 'users', column: 'email', type: 'varchar' });
// @ts-expect-error Tink knows no local keys
await Keyset.import(sealed, { from: 'tink-encrypted-json', keyring: local });
// @ts-expect-error keysets are made by their functions
new Keyset();
console.log(opened, dates, nothing, found);

// Errors.
try {
  await envelope.decrypt('x');
} catch (error) {
  if (error instanceof EnvelopeError) {
    const code: EnvelopeErrorCode = error.code;
    const category: EnvelopeErrorCategory = error.category;
    if (category === 'service') console.log(error.retryable);
    // @ts-expect-error there is no such category
    if (category === 'oops') console.log();
    if (code === 'ERR_ENVELOPE_KMS_THROTTLED' && error.retryable) console.log(error.requestId);
    for (const { message } of error.errors) console.log(message);
    // @ts-expect-error there is no such code
    if (code === 'ERR_ENVELOPE_OOPS') console.log();
  }
}
// @ts-expect-error only the package makes them
new EnvelopeError('x');

console.log(
  restored,
  number,
  unknown,
  guessed,
  keyrings,
  settled,
  named,
  opened,
  wrong,
  api.Envelope,
);
