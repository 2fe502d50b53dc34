//! AWS-LC by itself, to be measured in turn with the addon: it answers each line of its standard
//! input, `seal|open LENGTH THREADS fresh|used`, with the nanoseconds that it took.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::io::{BufRead, Write};
use std::time::Instant;

fn main() {
    let key = support::key();
    let (mut plaintext, mut sealed) = (Vec::new(), Vec::new());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let [operation, length, threads, memory] = words[..] else { panic!("not: {line}") };
        let (length, threads) = (length.parse().unwrap(), threads.parse().unwrap());
        if plaintext.len() != length {
            plaintext = vec![1; length];
            sealed = vec![1; support::sealed_length(length)];
        }
        support::seal(&key, &plaintext, &mut sealed, 1);

        let fresh = memory == "fresh";
        let started = Instant::now();
        // Zeroed memory that nobody has touched: the system finds the pages while they are filled.
        let mut new = if fresh { vec![0; sealed.len()] } else { Vec::new() };
        match (operation, fresh) {
            ("seal", true) => support::seal(&key, &plaintext, &mut new, threads),
            ("seal", false) => support::seal(&key, &plaintext, &mut sealed, threads),
            ("open", true) => support::open(&key, &sealed, &mut new[..length], threads),
            ("open", false) => support::open(&key, &sealed, &mut plaintext, threads),
            _ => panic!("no such operation: {operation}"),
        }
        println!("{}", started.elapsed().as_nanos());
        std::io::stdout().flush().unwrap();
    }
}
