// The first program: a data key from AWS KMS, for code of your own.
//
//   ENCRYPTION_KEY_ID=alias/app AWS_PROFILE=dev node examples/kms.ts
import { generateDataKey } from "kms-envelope";

const dataKey = await generateDataKey({ encryptionContext: { purpose: "tutorial" } });

console.log("key        ", dataKey.keyId);
console.log("plaintext  ", dataKey.plaintext.toString("base64"));
console.log("wrapped    ", dataKey.ciphertextBlob.toString("base64"));

// Keep the wrapped form, and wipe the plaintext as soon as you have used it.
dataKey.plaintext.fill(0);
