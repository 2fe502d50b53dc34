//! `cargo run --bin seeds`: a message of each suite, as the targets that take bytes read it.
//!
//! The seeds without frames were written by the Encryption SDK for Python, of the same plaintext.

use std::fs;
use std::path::Path;

use kms_envelope_fuzz::{Shape, context, encrypt};

/// What `arbitrary` takes before the bytes: a `None`, and a number.
const TARGETS: [(&str, &[u8]); 2] = [("header", &[0]), ("decrypt", &[0; 8])];

fn main() -> std::io::Result<()> {
    for (target, prefix) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
        fs::create_dir_all(&folder)?;
        for suite in 0..11 {
            let client = Shape { suite, frame_length: 16 }.client();
            let message = encrypt(&client, context(&[("a", "b")]), &[&[7; 40]]);
            fs::write(folder.join(format!("suite-{suite}")), [prefix, &message].concat())?;
        }
    }
    Ok(())
}
