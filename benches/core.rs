//! The core alone: messages without Node.js, beside AWS-LC sealing the same bytes.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/clock.rs"]
mod clock;
mod support;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clock::OwnTime;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kms_envelope::EncryptionContext;
use kms_envelope::client::{CacheLimits, Client, Patience, Settings};
use kms_envelope::format::Header;
use kms_envelope::keyring::answer_now;
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use rayon::ThreadPoolBuilder;

const LENGTHS: [usize; 5] = [64, 1 << 10, 64 << 10, 1 << 20, 64 << 20];
const RECORDS: usize = 10_000;
const RECORD: usize = 256;

fn messages(criterion: &mut Criterion<OwnTime>) {
    on_one_core();
    for length in LENGTHS {
        let plaintext = vec![1; length];
        let key = support::key();
        let mut sealed = vec![0; support::sealed_length(length)];
        support::seal(&key, &plaintext, &mut sealed, 1);
        let mut group = criterion.benchmark_group("encrypt");
        group.throughput(Throughput::Bytes(length as u64));
        for (name, client) in clients() {
            let mut output = vec![0; length + support::sealed_length(length) + 1024];
            let written = encrypt(&client, &plaintext, &mut output);
            assert_eq!(decrypt(&client, &output[..written], &mut vec![0; length]), length);
            group.bench_function(BenchmarkId::new(name, length), |bencher| {
                bencher.iter(|| encrypt(&client, black_box(&plaintext), &mut output));
            });
        }
        group.bench_function(BenchmarkId::new("aws-lc-rs", length), |bencher| {
            bencher.iter(|| support::seal(&key, black_box(&plaintext), &mut sealed, 1));
        });
        group.finish();

        let mut group = criterion.benchmark_group("decrypt");
        group.throughput(Throughput::Bytes(length as u64));
        for (name, client) in clients() {
            let mut message = vec![0; length + support::sealed_length(length) + 1024];
            let written = encrypt(&client, &plaintext, &mut message);
            let mut output = vec![0; length];
            group.bench_function(BenchmarkId::new(name, length), |bencher| {
                bencher.iter(|| decrypt(&client, black_box(&message[..written]), &mut output));
            });
        }
        let mut output = vec![0; length];
        group.bench_function(BenchmarkId::new("aws-lc-rs", length), |bencher| {
            bencher.iter(|| support::open(&key, black_box(&sealed), &mut output, 1));
        });
        group.finish();
    }
}

/// Records of a batch one after another on one core: the cryptography of each, and nothing else.
fn records(criterion: &mut Criterion<OwnTime>) {
    on_one_core();
    let all_cores = ThreadPoolBuilder::new().build().unwrap();
    let client = Arc::new(client(None));
    let bytes = (RECORDS * RECORD) as u64;
    let batch = answer_now(client.batch_encryptor(context(), RECORDS as u64, bytes)).unwrap();
    let plaintext = [1; RECORD];
    let length = batch.message_length(RECORD).unwrap();
    let mut outputs = vec![0; RECORDS * length];
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("encrypt, one core", |bencher| {
        bencher.iter(|| {
            for output in outputs.chunks_mut(length) {
                batch.encryptor().unwrap().encrypt(black_box(&plaintext), output).unwrap();
            }
        });
    });
    group.bench_function("encrypt, all cores", |bencher| {
        bencher.iter(|| {
            let items = outputs.chunks_mut(length).map(|output| (&plaintext[..], output)).collect();
            assert!(all_cores.install(|| batch.encrypt(items)).iter().all(Result::is_ok));
        });
    });

    let messages = outputs.clone();
    let mut headers = kms_envelope::client::BatchHeaders::new(Arc::clone(&client), context());
    messages.chunks(length).for_each(|message| headers.push(message));
    let opener = answer_now(async { Ok(headers.unwrap().await) }).unwrap();
    let mut plaintexts = vec![0; RECORDS * RECORD];
    group.bench_function("decrypt, one core", |bencher| {
        bencher.iter(|| {
            let pairs = messages.chunks(length).zip(plaintexts.chunks_mut(RECORD));
            for (i, (message, output)) in pairs.enumerate() {
                let body = &message[opener.header(i).unwrap().header().length..];
                opener.decryptor(i).unwrap().decrypt(black_box(body), output).unwrap();
            }
        });
    });
    group.bench_function("decrypt, all cores", |bencher| {
        bencher.iter(|| {
            let pairs = messages.chunks(length).zip(plaintexts.chunks_mut(RECORD)).collect();
            assert!(all_cores.install(|| opener.decrypt(0, pairs)).iter().all(Result::is_ok));
        });
    });
    group.finish();
}

fn clients() -> [(&'static str, Client); 2] {
    let limits = CacheLimits {
        max_age: Duration::from_secs(86_400),
        max_messages: u64::MAX,
        max_bytes: u64::MAX,
        max_entries: NonZeroUsize::new(1000).unwrap(),
        renew_before: None,
    };
    [("local key", client(None)), ("warm cache", client(Some(limits)))]
}

fn client(cache: Option<CacheLimits>) -> Client {
    let keyring = RawAesKeyring::new("benchmark", "key", &[1; 32]).unwrap();
    Client::new(Arc::new(keyring), Settings { cache, ..Settings::default() }).unwrap()
}

fn context() -> EncryptionContext {
    let pairs = [("purpose", "benchmark"), ("tenant", "acme")];
    EncryptionContext::new(pairs.map(|(key, value)| (key.to_owned(), value.to_owned()))).unwrap()
}

fn encrypt(client: &Client, plaintext: &[u8], output: &mut [u8]) -> usize {
    let length = Some(plaintext.len() as u64);
    let encryptor = answer_now(client.encryptor(context(), length, Patience::None)).unwrap();
    encryptor.encrypt(plaintext, output).unwrap()
}

fn decrypt(client: &Client, message: &[u8], output: &mut [u8]) -> usize {
    let header = Header::parse(message, client.header_limits()).unwrap();
    let length = header.length;
    let accepted = client.accept(header, &context()).unwrap();
    let decryptor = answer_now(client.decryptor(&accepted, Patience::None)).unwrap();
    decryptor.decrypt(&message[length..], output).unwrap()
}

/// What would use other cores stays on the one that measures, unless it is told.
fn on_one_core() {
    // The second benchmark finds it done.
    let _ = ThreadPoolBuilder::new().num_threads(1).build_global();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(OwnTime).sample_size(20).measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500)).without_plots();
    targets = messages, records
}
criterion_main!(benches);
