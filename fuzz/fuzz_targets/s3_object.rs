//! An S3 object whose metadata, instruction file and body were changed: only what was written comes
//! out, and whole and in two passes it has one outcome.

#![no_main]

use std::sync::Arc;

use kms_envelope::error::Code;
use kms_envelope::keyring::answer_now;
use kms_envelope::s3_object::{
    Format, ObjectMetadata, ObjectReader, ObjectWriter, ReadPolicy, Storage,
};
use kms_envelope::suite::CommitmentPolicy;
use kms_envelope_fuzz::{context, cut, keyring};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const LENIENT: ReadPolicy = ReadPolicy {
    commitment: CommitmentPolicy::RequireEncryptAllowDecrypt,
    legacy_wrapping: true,
    legacy_content: true,
};

/// The parts of an object, as S3 gives them.
struct Object {
    metadata: Vec<(String, String)>,
    instruction_file: Option<String>,
    body: Vec<u8>,
}

/// A change of one part.
#[derive(Arbitrary, Debug)]
enum Change {
    Value { entry: u8, value: String },
    Name { entry: u8, of: u8 },
    Byte { entry: u8, at: u8, value: u8 },
    Remove { entry: u8 },
    Add { name: String, value: String },
    InstructionFile { text: Option<String> },
    InstructionByte { at: u16, value: u8 },
    Body { at: u16, bits: u8 },
    Cut { length: u8 },
}

fuzz_target!(|input: (bool, bool, &[u8], Vec<Change>, u64)| {
    let (committing, beside, plaintext, changes, seed) = input;
    let mut object = write(committing, beside, plaintext);
    for change in changes {
        object.change(change);
    }
    let whole = object.read(|reader, body| decrypt_whole(&reader, body));
    let streamed = object.read(|reader, body| decrypt_in_two_passes(&reader, body, seed));
    assert_eq!(whole, streamed, "in one piece and streamed");
    if let Ok(read) = whole {
        assert!(read == plaintext || object.is_cbc(), "not what was written");
    }
});

fn write(committing: bool, beside: bool, plaintext: &[u8]) -> Object {
    let (format, policy) = if committing {
        (Format::V3, CommitmentPolicy::RequireEncryptRequireDecrypt)
    } else {
        (Format::V2, CommitmentPolicy::ForbidEncryptAllowDecrypt)
    };
    let storage = if beside { Storage::InstructionFile } else { Storage::Metadata };
    let (keyring, none) = (keyring(), context(&[]));
    let writer = ObjectWriter::create(format, storage, policy, &keyring, &none);
    let mut writer = answer_now(writer).unwrap();
    let mut body = vec![0; plaintext.len()];
    writer.update(plaintext, &mut body).unwrap();
    body.extend(writer.finish().unwrap());
    let metadata = writer.metadata().iter().map(|(name, value)| (name.to_string(), value.clone()));
    let instruction_file = writer.instruction_file().map(str::to_owned);
    Object { metadata: metadata.collect(), instruction_file, body }
}

impl Object {
    fn change(&mut self, change: Change) {
        match change {
            Change::Value { entry: at, value } => {
                if let Some((_, old)) = self.entry(at) {
                    *old = value;
                }
            }
            Change::Name { entry: at, of } => {
                let name = self.entry(of).map(|(name, _)| name.clone());
                if let (Some((old, _)), Some(name)) = (self.entry(at), name) {
                    *old = name;
                }
            }
            Change::Byte { entry: at, at: byte, value } => {
                if let Some((_, old)) = self.entry(at) {
                    replace_byte(old, usize::from(byte), value);
                }
            }
            Change::Remove { entry } if !self.metadata.is_empty() => {
                self.metadata.remove(usize::from(entry) % self.metadata.len());
            }
            Change::Remove { .. } => {}
            Change::Add { name, value } => self.metadata.push((name, value)),
            Change::InstructionFile { text } => self.instruction_file = text,
            Change::InstructionByte { at, value } => {
                if let Some(text) = &mut self.instruction_file {
                    replace_byte(text, usize::from(at), value);
                }
            }
            Change::Body { at, bits } => {
                let at = usize::from(at) % self.body.len().max(1);
                if let Some(byte) = self.body.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Change::Cut { length } => {
                self.body.truncate(self.body.len().saturating_sub(usize::from(length)));
            }
        }
    }

    fn entry(&mut self, number: u8) -> Option<&mut (String, String)> {
        let count = self.metadata.len().max(1);
        self.metadata.get_mut(usize::from(number) % count)
    }

    fn parse(&self) -> Result<ObjectMetadata, Code> {
        let metadata = self.metadata.clone();
        let parsed = ObjectMetadata::parse(metadata, self.instruction_file.as_deref());
        parsed.map_err(|error| error.code())
    }

    fn is_cbc(&self) -> bool {
        self.parse().is_ok_and(|object| object.content_algorithm().contains("CBC"))
    }

    fn read(
        &self,
        decrypt: impl FnOnce(Arc<ObjectReader>, &[u8]) -> kms_envelope::Result<Vec<u8>>,
    ) -> Result<Vec<u8>, Code> {
        let object = self.parse()?;
        let (keyring, none) = (keyring(), context(&[]));
        let reader = answer_now(ObjectReader::open(&object, &LENIENT, &keyring, &none));
        let reader = Arc::new(reader.map_err(|error| error.code())?);
        decrypt(reader, &self.body).map_err(|error| error.code())
    }
}

/// Replaces one ASCII character of a text by another.
fn replace_byte(text: &mut String, at: usize, value: u8) {
    let at = at % text.len().max(1);
    if text.as_bytes().get(at).is_some_and(u8::is_ascii) {
        text.replace_range(at..=at, &char::from(value & 0x7f).to_string());
    }
}

fn decrypt_whole(reader: &Arc<ObjectReader>, body: &[u8]) -> kms_envelope::Result<Vec<u8>> {
    let mut plaintext = vec![0; body.len()];
    let decrypted = reader.decrypt_whole(body, &mut plaintext);
    if decrypted.is_err() {
        assert!(plaintext.iter().all(|byte| *byte == 0), "plaintext that did not verify");
    }
    plaintext.truncate(decrypted?);
    Ok(plaintext)
}

fn decrypt_in_two_passes(
    reader: &Arc<ObjectReader>,
    body: &[u8],
    seed: u64,
) -> kms_envelope::Result<Vec<u8>> {
    let mut verifier = reader.verifier()?;
    for piece in cut(body, seed) {
        verifier.update(piece)?;
    }
    let mut decryptor = reader.decryptor(verifier.finish()?)?;
    let mut plaintext = Vec::new();
    for piece in cut(body, !seed) {
        let mut output = vec![0; piece.len() + 15];
        let written = decryptor.update(piece, &mut output)?;
        plaintext.extend_from_slice(&output[..written]);
    }
    Ok(plaintext)
}
