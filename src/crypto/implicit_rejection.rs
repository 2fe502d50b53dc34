//! Decryption of RSA PKCS #1 v1.5 that does not tell whether the padding was right.

use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::chosen::random;
use super::rsa::{RsaPadding, RsaPrivate};
use crate::error::Result;

/// Returns the secret of this length, in bytes, that was encrypted with PKCS #1 v1.5. If the padding or the
/// length is wrong, returns a random secret, so that an attacker cannot tell (RFC 5246, 7.4.7.1).
pub(crate) fn decrypt_or_random(
    key: &impl RsaPrivate,
    ciphertext: &[u8],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut secret = Zeroizing::new(vec![0; length]);
    random(&mut secret)?;
    let decrypted = key.decrypt(RsaPadding::Pkcs1, ciphertext).unwrap_or_default();
    let is_right = decrypted.len().ct_eq(&length);
    let mut same_length = Zeroizing::new(vec![0; length]);
    let common = length.min(decrypted.len());
    same_length[..common].copy_from_slice(&decrypted[..common]);
    for (byte, right) in secret.iter_mut().zip(same_length.iter()) {
        byte.conditional_assign(right, is_right);
    }
    Ok(secret)
}
