//! The start of an operation: now where its keys are at hand, later where a service must be asked.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kms_envelope::client::{Client, Settings};
use kms_envelope::error::Code;
use kms_envelope::format::EncryptedDataKey;
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use kms_envelope::keyring::{Answer, Keyring};
use kms_envelope::materials::{DecryptionMaterials, EncryptionMaterials};
use kms_envelope::operation::{Operation, Reader, Start, Started, Writer};
use kms_envelope::suite::AlgorithmSuite;
use support::{client_with, context, keyring};

const PLAINTEXT: &[u8] = b"some bytes";

#[test]
fn an_operation_that_needs_no_service_starts_now() {
    let client = client(keyring(), Settings::default());
    let message = encrypt(&client, &[("tenant", "acme")]);
    let started = now(Operation::decryption(reader(&client, &message)));
    assert!(started.writes_plaintext() && started.works_in_slices());
    assert_eq!(whole(started, &message), PLAINTEXT);
}

#[tokio::test]
async fn an_operation_that_needs_a_service_starts_later_and_asks_nobody_before() {
    let service = Counted::new(true);
    let client = client_of(&service);
    let writer = Writer { client: Arc::clone(&client), context: Some(context(&[])) };
    let start = Operation::encryption(writer, None).start_now().unwrap();
    let Start::Later(operation, would_block) = start else { panic!("it has started") };
    assert_eq!(would_block.code(), Code::WouldBlock);
    assert_eq!(service.calls(), 0);
    let message = whole(operation.start().await.unwrap(), PLAINTEXT);
    assert_eq!(service.calls(), 1);

    let start = Operation::decryption(reader(&client, &message)).start_now().unwrap();
    let Start::Later(operation, _) = start else { panic!("it has started") };
    assert_eq!(whole(operation.start().await.unwrap(), &message), PLAINTEXT);
    assert_eq!(service.calls(), 2);
}

#[tokio::test]
async fn the_old_key_is_asked_for_once_where_only_the_new_one_must_be_waited_for() {
    let local = client(keyring(), Settings::default());
    let (counted, service) = (Counted::new(false), Counted::new(true));
    let message = encrypt(&local, &[]);
    let from = client_of(&counted);
    let writer = Writer { client: client_of(&service), context: None };
    let operation = Operation::re_encryption(reader(&from, &message), writer);
    let Start::Later(operation, _) = operation.start_now().unwrap() else { panic!("started") };
    assert_eq!((counted.calls(), service.calls()), (1, 0));
    let again = whole(operation.start().await.unwrap(), &message);
    assert_eq!((counted.calls(), service.calls()), (1, 1));
    assert_eq!(whole(now(Operation::decryption(reader(&local, &again))), &again), PLAINTEXT);
}

#[test]
fn a_new_message_inherits_the_context_as_the_writer_of_the_old_one_gave_it() {
    let suite = AlgorithmSuite::by_id(0x0578).unwrap();
    let signed = client(keyring(), Settings { suite, ..Settings::default() });
    let unsigned = client(keyring(), Settings::default());
    let message = encrypt(&signed, &[("tenant", "acme")]);
    let writer = Writer { client: Arc::clone(&unsigned), context: None };
    let started = now(Operation::re_encryption(reader(&signed, &message), writer));
    let again = whole(started, &message);
    assert_eq!(support::header(&again).context, context(&[("tenant", "acme")]));
}

#[test]
fn a_plaintext_that_does_not_verify_is_wiped() {
    let client = client(keyring(), Settings::default());
    let mut message = encrypt(&client, &[]);
    *message.last_mut().unwrap() ^= 1;
    let started = now(Operation::decryption(reader(&client, &message)));
    let mut output = vec![9; PLAINTEXT.len()];
    let error = started.run_whole(&message, &mut output).unwrap_err();
    assert_eq!(error.code(), Code::AuthenticationFailed);
    assert_eq!(output, [0; PLAINTEXT.len()]);
}

fn encrypt(client: &Arc<Client>, pairs: &[(&str, &str)]) -> Vec<u8> {
    let writer = Writer { client: Arc::clone(client), context: Some(context(pairs)) };
    let length = Some(PLAINTEXT.len() as u64);
    whole(now(Operation::encryption(writer, length)), PLAINTEXT)
}

fn now(operation: Operation) -> Started {
    match operation.start_now().unwrap() {
        Start::Now(started) => started,
        Start::Later(_, error) => panic!("{error}"),
    }
}

fn whole(started: Started, input: &[u8]) -> Vec<u8> {
    let mut output = vec![0; started.output_length(input).unwrap()];
    let written = started.run_whole(input, &mut output).unwrap();
    output.truncate(written);
    output
}

fn reader(client: &Arc<Client>, message: &[u8]) -> Reader {
    Reader::of_message(Arc::clone(client), message, &context(&[])).unwrap()
}

fn client(keyring: impl Keyring + 'static, settings: Settings) -> Arc<Client> {
    Arc::new(client_with(keyring, settings))
}

fn client_of(keyring: &Arc<Counted>) -> Arc<Client> {
    let keyring: Arc<dyn Keyring> = Arc::clone(keyring) as _;
    Arc::new(Client::new(keyring, Settings::default()).unwrap())
}

/// Counts how often it is asked; answers at once, also where it says that it calls a service.
struct Counted {
    keyring: RawAesKeyring,
    calls_service: bool,
    calls: AtomicUsize,
}

impl Counted {
    fn new(calls_service: bool) -> Arc<Self> {
        Arc::new(Self { keyring: keyring(), calls_service, calls: AtomicUsize::new(0) })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn asked(&self) -> &RawAesKeyring {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &self.keyring
    }
}

impl Keyring for Counted {
    fn calls_service(&self) -> bool {
        self.calls_service
    }
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        self.asked().on_encrypt(materials)
    }
    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        self.asked().on_decrypt(materials, encrypted_data_keys)
    }
}
