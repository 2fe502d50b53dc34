// What a project in the browser's types (`lib: dom`) does with results every day; each line must compile.
import { Envelope, encrypt, inspect } from 'kms-envelope';

const envelope = new Envelope('alias/app');

export async function respond(): Promise<Response> {
  const message = await envelope.encrypt('text');
  const blob = new Blob([message]);
  const key = await crypto.subtle.digest('SHA-256', message);
  await fetch('https://example.com/', { method: 'PUT', body: message });
  new URLSearchParams({ message: message.toString('base64url') });
  const decoded: string = new TextDecoder().decode(await envelope.decrypt(message));
  const view: DataView = new DataView(message.buffer, message.byteOffset, message.length);
  const id: string = inspect(message).messageId.toString('hex');
  console.log(blob, key, decoded, view, id);
  return new Response(message);
}

export async function download(response: Response): Promise<Response> {
  if (!response.body) throw new Error('no body');
  const plaintext = response.body.pipeThrough(envelope.decryptWebStream());
  const text: Promise<string> = new Response(plaintext).text();
  const again = new Blob([await text]).stream().pipeThrough(envelope.encryptWebStream());
  return new Response(again);
}

/** As Prisma's client types a column of bytes. */
interface Row {
  secret: Bytes;
}
type Bytes = ReturnType<typeof Uint8Array.of>;

export async function row(): Promise<Row> {
  return { secret: await encrypt('text') };
}

// @ts-expect-error a result is never any
const number: number = await encrypt('text');
// @ts-expect-error nor is a member of one
const size: number = inspect('x').messageId;
// @ts-expect-error nor is a stream
const stream: number = envelope.encryptStream();
// @ts-expect-error nor is a Web stream
const webStream: number = envelope.encryptWebStream();
console.log(number, size, stream, webStream);
