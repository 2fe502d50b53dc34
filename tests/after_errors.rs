//! What reads or writes a message cannot be used again after any error.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use kms_envelope::client::Patience;
use kms_envelope::error::{Code, Result};
use kms_envelope::keyring::answer_now;
use kms_envelope::message::{Decryptor, Encryptor, ReEncryptor};
use support::{client, context, encrypt, header};

const FRAME: u32 = 10;
const FRAME_SIZE: usize = FRAME as usize + 32;

fn message() -> Vec<u8> {
    encrypt(&client(FRAME), context(&[]), &[&[5; 95]])
}

fn encryptor() -> Encryptor {
    answer_now(client(FRAME).encryptor(context(&[]), None, Patience::Full)).unwrap()
}

fn decryptor(message: &[u8]) -> Decryptor {
    let client = client(FRAME);
    let accepted = client.accept(header(message), &context(&[])).unwrap();
    answer_now(client.decryptor(&accepted, Patience::Full)).unwrap()
}

/// The frames of a message, the third of which was changed.
fn changed(message: &[u8]) -> Vec<u8> {
    let mut body = message[header(message).length..].to_vec();
    body[2 * FRAME_SIZE + 20] ^= 1;
    body
}

fn assert_failed(result: Result<usize>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("has failed"), "{error}");
}

#[test]
fn a_decryptor_reads_nothing_after_a_frame_that_does_not_verify() {
    let message = message();
    let body = changed(&message);
    let mut decryptor = decryptor(&message);
    let error = decryptor.update(&body, &mut [0; 500]).unwrap_err();
    assert_eq!(error.code(), Code::AuthenticationFailed);
    assert_failed(decryptor.update(&body[..FRAME_SIZE], &mut [0; 500]));
    assert_failed(decryptor.finish().map(|()| 0));
}

#[test]
fn a_re_encryptor_writes_nothing_after_a_frame_that_does_not_verify() {
    let message = message();
    let body = changed(&message);
    let mut re_encryptor = ReEncryptor::new(decryptor(&message), encryptor());
    let error = re_encryptor.update(&body, &mut [0; 900]).unwrap_err();
    assert_eq!(error.code(), Code::AuthenticationFailed);
    assert_failed(re_encryptor.update(&body[..FRAME_SIZE], &mut [0; 900]));
    assert_failed(re_encryptor.finish(&[], &mut [0; 900]));
}

/// The frames that were read are lost then: to go on would leave them out of the new message.
#[test]
fn a_re_encryptor_reads_nothing_after_its_output_had_no_room() {
    let message = message();
    let body = &message[header(&message).length..];
    let mut re_encryptor = ReEncryptor::new(decryptor(&message), encryptor());
    let error = re_encryptor.update(&body[..2 * FRAME_SIZE], &mut [0; 50]).unwrap_err();
    assert_eq!(error.code(), Code::TruncatedMessage);
    assert_failed(re_encryptor.update(&body[2 * FRAME_SIZE..], &mut [0; 900]));
    assert_failed(re_encryptor.finish(&[], &mut [0; 900]));
}

#[test]
fn an_encryptor_writes_nothing_after_its_output_had_no_room() {
    let mut encryptor = encryptor();
    encryptor.update(&[1; 15], &mut [0; 50]).unwrap();
    encryptor.update(&[1; 15], &mut [0; 50]).unwrap_err();
    assert_failed(encryptor.update(&[1; 15], &mut [0; 500]));
    assert_failed(encryptor.finish(&[], &mut [0; 500]));
}

#[test]
fn a_message_that_fails_leaves_no_plaintext_in_the_output() {
    let message = message();
    let whole = &message[header(&message).length..];
    let mut changed_at_the_end = whole.to_vec();
    *changed_at_the_end.last_mut().unwrap() ^= 1;
    let cut = whole[..3 * FRAME_SIZE].to_vec();
    let mut extended = whole.to_vec();
    extended.push(0);
    for (edit, body) in [
        ("a changed frame", changed(&message)),
        ("a changed final tag", changed_at_the_end),
        ("a cut before the final frame", cut),
        ("a byte after the final frame", extended),
    ] {
        let mut output = [0xAA; 500];
        decryptor(&message).open(&body, &mut output).unwrap_err();
        assert_eq!(output, [0; 500], "{edit}");
    }
}
