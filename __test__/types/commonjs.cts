// The same package, required.
import kmsEnvelope = require('kms-envelope');

const envelope: kmsEnvelope.Envelope = new kmsEnvelope.Envelope('alias/app');
const encrypted: Promise<Buffer> = envelope.encrypt('x');
console.log(encrypted);
