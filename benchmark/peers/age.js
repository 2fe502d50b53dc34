'use strict';

/** age, to a recipient's X25519 key: the modern file encryption for JavaScript. */
async function age() {
  const { Decrypter, Encrypter, generateIdentity, identityToRecipient } =
    await import('age-encryption');
  const identity = await generateIdentity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return {
    encrypt: (data) => encrypter.encrypt(data),
    decrypt: (message) => decrypter.decrypt(message),
  };
}

module.exports = { age };
