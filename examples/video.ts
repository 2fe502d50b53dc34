// Serves an encrypted video that browsers play and seek in. Only the frames that hold the bytes
// they ask for are read, verified and decrypted.
//
//   ENCRYPTION_KEY_ID=alias/app node examples/encrypt-file.ts film.mp4
//   ENCRYPTION_KEY_ID=alias/app PORT=8080 node examples/video.ts film.mp4.encrypted
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import express, { type Request } from "express";
import { Envelope } from "kms-envelope";

const PIECE = 1024 * 1024;

const file = process.argv[2];
const key = process.env.ENCRYPTION_KEY_ID;
if (file === undefined || key === undefined) {
  throw new Error("usage: ENCRYPTION_KEY_ID=alias/app node examples/video.ts FILE.encrypted");
}
const name = basename(file, ".encrypted");

// One call to KMS, for all requests. What encrypt-file.ts made of another file is refused.
const encryptionContext = { file: name };
const message = await new Envelope(key).openMessage(file, { encryptionContext });
const { header, size } = message;
// No two messages share their id, so it names these bytes.
const etag = `"${header.messageId.toString("hex")}"`;

const app = express();
// Express answers HEAD here too, and calls its error handler for what is thrown.
app.get("/", async (request, response) => {
  response.type(name).set({ "Accept-Ranges": "bytes", "Cache-Control": "no-store", ETag: etag });
  const range = requestedRange(request);
  if (range === "unsatisfiable") {
    response.status(416).set("Content-Range", `bytes */${size}`).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size };
  if (range) response.status(206).set("Content-Range", `bytes ${start}-${end - 1}/${size}`);
  response.set("Content-Length", String(end - start));
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  try {
    // Where a frame does not verify, the connection breaks off before its first byte.
    await pipeline(Readable.from(pieces(start, end)), response);
  } catch (error) {
    // Players hang up whenever they seek.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
});

const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", (error) => {
  if (error) throw error;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  console.log(`${name}, ${size} bytes: http://127.0.0.1:${address.port}/`);
});

process.once("SIGTERM", () => {
  server.close(() => message.close());
  server.closeAllConnections();
});

/**
 * The one range that is asked for, its end left out as in `message.read`. None for what RFC 9110
 * lets a server answer with the whole: several ranges, other units, nonsense, an outdated If-Range.
 */
function requestedRange(request: Request) {
  const wanted = request.get("Range");
  const outdated = (request.get("If-Range") ?? etag) !== etag;
  if (request.method !== "GET" || !wanted?.startsWith("bytes=") || outdated) return undefined;
  const ranges = request.range(size);
  if (ranges === -1) {
    // Express refuses a suffix that is longer than the video, which is to be the whole video.
    return /^bytes=-0*[1-9]\d*$/.test(wanted) ? undefined : "unsatisfiable";
  }
  if (ranges === undefined || ranges === -2) return undefined;
  const [range, ...more] = ranges;
  if (range === undefined || more.length > 0) return undefined;
  return { start: range.start, end: range.end + 1 };
}

/** In pieces that end where frames do, unless frames are odd; read no faster than they leave. */
async function* pieces(start: number, end: number) {
  for (let from = start; from < end;) {
    const to = Math.min(end, from - (from % PIECE) + PIECE);
    yield await message.read({ start: from, end: to });
    from = to;
  }
}
