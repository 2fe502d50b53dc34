//! A caller's own wrapping key, for formats that wrap data keys in other ways than messages do.

/// A wrapping key that the caller holds.
#[derive(Clone, Copy)]
pub enum WrappingSecret<'a> {
    /// An AES key of 16, 24 or 32 bytes.
    Aes(&'a [u8]),
    /// An RSA key pair, or a half of it.
    Rsa {
        /// What encrypts: a SubjectPublicKeyInfo in DER.
        public_key: Option<&'a [u8]>,
        /// What decrypts: a PKCS #8 PrivateKeyInfo in DER.
        private_key: Option<&'a [u8]>,
    },
}
