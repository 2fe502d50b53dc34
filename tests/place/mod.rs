//! A folder for the tests of files, with names in it.

use std::fs;
use std::path::PathBuf;

use kms_envelope::client::Patience;
use kms_envelope::error::Result;
use kms_envelope::file::{Control, Destination, Lengths, Source, run};
use kms_envelope::format::HeaderLimits;
use kms_envelope::keyring::answer_now;
use kms_envelope::message::Encryptor;
use tempfile::TempDir;

use crate::support;

/// A folder of the test's own.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn source(&self, name: &str) -> Source {
        Source::open(self.path(name)).unwrap()
    }

    pub fn destination(&self, name: &str, overwrite: bool) -> Result<Destination> {
        Destination::create(self.path(name), overwrite, Some(&self.source("plain")))
    }

    pub fn encrypt(
        &self,
        from: &str,
        to: &str,
        overwrite: bool,
        frame_length: u32,
        control: &Control,
    ) -> Result<Lengths> {
        let source = self.source(from);
        let destination = Destination::create(self.path(to), overwrite, Some(&source))?;
        run(source, destination, encryptor(frame_length), control)
    }

    pub fn decrypt(&self, from: &str, to: &str, overwrite: bool) -> Result<Lengths> {
        let mut source = self.source(from);
        let destination = Destination::create(self.path(to), overwrite, Some(&source))?;
        let header = source.read_header(HeaderLimits::default())?;
        let client = support::client(1);
        let accepted = client.accept(header, &support::context(&[]))?;
        let decryptor = answer_now(client.decryptor(&accepted, Patience::Full))?;
        run(source, destination, decryptor, &Control::default())
    }
}

pub fn encryptor(frame_length: u32) -> Encryptor {
    let context = support::context(&[("test", "file")]);
    answer_now(support::client(frame_length).encryptor(context, None, Patience::Full)).unwrap()
}
