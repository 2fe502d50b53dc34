// Serves an encrypted video that browsers play and seek in. Only the frames that hold the bytes
// they ask for are read, verified and decrypted.
//
//   ENCRYPTION_KEY_ID=alias/app node examples/encrypt-file.ts film.mp4
//   ENCRYPTION_KEY_ID=alias/app PORT=8080 node examples/video.ts film.mp4.encrypted
import { basename } from "node:path";
import express, { type NextFunction, type Request, type Response } from "express";
import { Envelope } from "kms-envelope";
import { decryptedFile } from "kms-envelope/express";

const file = process.argv[2];
const key = process.env.ENCRYPTION_KEY_ID;
if (file === undefined || key === undefined) {
  throw new Error("usage: ENCRYPTION_KEY_ID=alias/app node examples/video.ts FILE.encrypted");
}
const name = basename(file, ".encrypted");

// One call to KMS, for all requests. A message that encrypt-file.ts made of another file is refused.
const encryptionContext = { file: name };
const envelope = new Envelope(key);
const message = await envelope.openMessage(file, { encryptionContext });

const app = express();
const video = { message, filename: name, inline: true };
const typed = (_request: Request, response: Response, next: NextFunction) => {
  // Express finds the type by the ending of the name; decryptedFile leaves it as it is.
  response.type(name);
  next();
};
// Players hang up whenever they seek: that is no error.
app.get("/", typed, decryptedFile(envelope, video, { onError: console.error }));

const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", (error) => {
  if (error) throw error;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  console.log(`${name}, ${message.size} bytes: http://127.0.0.1:${address.port}/`);
});

process.once("SIGTERM", () => {
  server.close(() => message.close());
  server.closeAllConnections();
});
