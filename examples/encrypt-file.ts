// Encrypts a file, decrypts it again, and compares.
//
//   ENCRYPTION_KEY_ID=alias/app node examples/encrypt-file.ts photo.jpg
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { decrypt, encrypt } from "kms-envelope";

const file = process.argv[2];
if (file === undefined) throw new Error("usage: node examples/encrypt-file.ts FILE");

const plaintext = await readFile(file);
const encryptionContext = { file: basename(file) };
await writeFile(`${file}.encrypted`, await encrypt(plaintext, { encryptionContext }));

const message = await readFile(`${file}.encrypted`);
const decrypted = await decrypt(message, { encryptionContext });

console.log(`${file}: ${plaintext.length} bytes`);
console.log(`${file}.encrypted: ${message.length} bytes`);
console.log(decrypted.equals(plaintext) ? "decrypts to the same bytes" : "DIFFERS");
