// Reads a mail that Amazon SES has received, encrypted and stored in S3, and shows what it says.
//
//   ENCRYPTION_KEY_ID=alias/aws/ses AWS_PROFILE=dev node examples/ses-mail.ts my-bucket inbox/MESSAGE-ID
import { S3Client } from "@aws-sdk/client-s3";
import { AwsKmsKeyring } from "kms-envelope";
import { EncryptedS3 } from "kms-envelope/s3";
import PostalMime, { type Address } from "postal-mime";

const [, , Bucket, Key] = process.argv;
const keyId = process.env.ENCRYPTION_KEY_ID;
if (Bucket === undefined || Key === undefined || keyId === undefined) {
  throw new Error("usage: ENCRYPTION_KEY_ID=alias/aws/ses node examples/ses-mail.ts BUCKET KEY");
}

const s3 = new EncryptedS3({
  client: new S3Client(),
  keyring: new AwsKmsKeyring({ keyId }),
  // SES writes the format V2, which does not commit to its key, and wraps data keys with "kms".
  commitmentPolicy: "requireEncryptAllowDecrypt",
  legacyWrapping: true,
});

// All of the mail has verified before any of it is parsed. SES takes mails of up to 40 MB.
const { body } = await s3.get({ Bucket, Key });
const mail = await PostalMime.parse(body);

console.log(`from: ${addresses(mail.from && [mail.from])}`);
console.log(`to: ${addresses(mail.to)}`);
console.log(`subject: ${shown(mail.subject)}`);
for (const { filename, mimeType } of mail.attachments) {
  console.log(`attachment: ${shown(filename ?? "unnamed")}, ${shown(mimeType)}`);
}
for (const line of (mail.text ?? "").split(/\r?\n/)) console.log(`| ${shown(line)}`);

function addresses(list: Address[] = []) {
  const each = list.flatMap((entry) => entry.group ?? [entry]);
  return each.map(({ name, address }) => shown(`${name} <${address}>`.trim())).join(", ");
}

/** Returns the text without what could control a terminal: strangers write mails. */
function shown(text = "") {
  return text.replace(/\p{C}/gu, "\uFFFD");
}
