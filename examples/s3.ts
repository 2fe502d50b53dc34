// Encrypts a file on its way into S3, decrypts it on its way back, and reads some bytes in place.
//
//   ENCRYPTION_KEY_ID=alias/app AWS_PROFILE=dev node examples/s3.ts my-bucket film.mp4
import { createReadStream, createWriteStream } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { Envelope, type RangedSource } from "kms-envelope";

const [, , Bucket, file] = process.argv;
const key = process.env.ENCRYPTION_KEY_ID;
if (Bucket === undefined || file === undefined || key === undefined) {
  throw new Error("usage: ENCRYPTION_KEY_ID=alias/app node examples/s3.ts BUCKET FILE");
}

const s3 = new S3Client();
const envelope = new Envelope(key);
const object = { Bucket, Key: `${basename(file)}.encrypted` };
const uri = `s3://${Bucket}/${object.Key}`;
// Binds the message to its place: copied elsewhere, it does not decrypt.
const encryptionContext = { object: uri };

await upload(file);
console.log(`uploaded ${(await stat(file)).size} bytes of ${file} to ${uri}`);
await download(`${file}.decrypted`);
console.log(`downloaded ${(await stat(`${file}.decrypted`)).size} bytes to ${file}.decrypted`);
await readRanges();

/** Uploads in parts of 5 MiB, a few of them in memory. An upload that fails is aborted, and leaves no object. */
async function upload(from: string) {
  const encrypt = envelope.encryptStream({ encryptionContext });
  await pipeline(createReadStream(from), encrypt, async (message) => {
    await new Upload({ client: s3, params: { ...object, Body: Readable.from(message) } }).done();
  });
}

/** Downloads to another name first: only the last bytes show that the message was whole. */
async function download(to: string) {
  const { Body } = await s3.send(new GetObjectCommand(object));
  const decrypt = envelope.decryptStream({ encryptionContext });
  await pipeline(Body as Readable, decrypt, createWriteStream(`${to}.part`));
  await rename(`${to}.part`, to);
}

/** Reads ranges: gets and verifies the header, the last frame and the frames that hold the bytes, and no others. */
async function readRanges() {
  const source = await objectInS3();

  // A single range.
  show(0, await envelope.decryptRange(source, { start: 0, end: 16, encryptionContext }));

  // Several, with one call to KMS for all.
  const message = await envelope.openMessage(source, { encryptionContext });
  try {
    const middle = Math.floor(message.size / 2);
    const last = Math.max(0, message.size - 16);
    for (const start of [middle, last]) {
      show(start, await message.read({ start, end: start + 16 }));
    }
  } finally {
    await message.close();
  }
}

async function objectInS3(): Promise<RangedSource> {
  const { ContentLength, ETag } = await s3.send(new HeadObjectCommand(object));
  if (ContentLength === undefined) throw new Error(`${uri} has no length`);
  return {
    size: ContentLength,
    async read(start, end) {
      // The end of an HTTP range is its last byte. IfMatch: all ranges are of the same object.
      const Range = `bytes=${start}-${end - 1}`;
      const { Body } = await s3.send(new GetObjectCommand({ ...object, Range, IfMatch: ETag }));
      if (Body === undefined) throw new Error(`${uri} has no body`);
      return Body.transformToByteArray();
    },
  };
}

function show(start: number, bytes: Buffer) {
  console.log(`${bytes.length} bytes from ${start}: ${bytes.toString("hex")}`);
}
