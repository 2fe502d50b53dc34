'use strict';

/** The fleet: each process encrypts and decrypts one message a step for each tenant. */
const FLEET = { processes: 20, tenants: 200, minutes: 10, stepSeconds: 30, maxAgeMs: 300_000 };

const KMS_KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

module.exports = { FLEET, KMS_KEY };
