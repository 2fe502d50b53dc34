//! The keyrings that the vectors name.

use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use kms_envelope::error::{Code, Error};
use kms_envelope::format::EncryptedDataKey;
use kms_envelope::keyring::multi::MultiKeyring;
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use kms_envelope::keyring::raw_rsa::{RawRsaKeyring, RsaPadding};
use kms_envelope::keyring::{Answer, Keyring};
use kms_envelope::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};
use serde_json::Value;
use zeroize::Zeroizing;

/// The keyring of a case (`SCHEMA.md` of the vectors, "keyring objects").
pub fn keyring(json: &Value, keys: &Value) -> Arc<dyn Keyring> {
    let text = |name: &str| json[name].as_str().unwrap();
    let key = |field: &str| keys[text("key")][field].as_str().unwrap();
    match text("type") {
        "raw-aes" => {
            let key = HEXLOWER.decode(key("hex").as_bytes()).unwrap();
            Arc::new(RawAesKeyring::new(text("namespace"), text("name"), &key).unwrap())
        }
        "raw-rsa" => {
            let (public, private) = (pem(key("public_pem")), pem(key("private_pem")));
            let keyring = RawRsaKeyring::new(
                text("namespace"),
                text("name"),
                padding(text("padding")),
                Some(&public),
                Some(&private),
            );
            Arc::new(keyring.unwrap())
        }
        "multi" => {
            let keyring_of = |json: &Value| keyring(json, keys);
            let generator = Some(&json["generator"]).filter(|json| !json.is_null());
            let children = json["children"].as_array().unwrap().iter().map(keyring_of).collect();
            Arc::new(MultiKeyring::new(generator.map(keyring_of), children).unwrap())
        }
        "data-key" => Arc::new(FixedDataKey(HEXLOWER.decode(text("hex").as_bytes()).unwrap())),
        other => panic!("there is no keyring {other}"),
    }
}

fn padding(name: &str) -> RsaPadding {
    match name {
        "pkcs1" => RsaPadding::Pkcs1,
        "oaep-sha1" => RsaPadding::OaepSha1,
        "oaep-sha256" => RsaPadding::OaepSha256,
        "oaep-sha384" => RsaPadding::OaepSha384,
        "oaep-sha512" => RsaPadding::OaepSha512,
        other => panic!("there is no padding {other}"),
    }
}

fn pem(text: &str) -> Vec<u8> {
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    BASE64.decode(lines.collect::<String>().as_bytes()).unwrap()
}

/// Gives every message the same data key, whatever its encrypted data keys say.
pub struct FixedDataKey(pub Vec<u8>);

impl Keyring for FixedDataKey {
    fn calls_service(&self) -> bool {
        false
    }

    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(async { Err(only_decrypts()) })
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        _: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        materials.data_key = Some(DataKey::new(Zeroizing::new(self.0.clone())));
        Box::pin(async { Ok(()) })
    }
}

fn only_decrypts() -> Error {
    Error::new(Code::InvalidArgument, "this keyring only decrypts messages")
}
