//! Where the fields of a genuine message lie; written from `data-format/`, not from our parser.

use std::ops::Range;

/// A field: its name, and its bytes in the message.
pub type Field = (String, Range<usize>);

/// Every field of a message, in order.
pub fn fields(message: &[u8]) -> Vec<Field> {
    let mut map = Map { message, at: 0, fields: Vec::new() };
    let header = map.header();
    match header.frame_length {
        0 => map.whole(),
        length => map.frames(length),
    }
    if header.signed {
        let length = map.number("signature length", 2);
        map.field("signature", length);
    }
    assert_eq!(map.at, message.len(), "every byte belongs to a field");
    map.fields
}

struct Header {
    frame_length: usize,
    signed: bool,
}

struct Map<'a> {
    message: &'a [u8],
    at: usize,
    fields: Vec<Field>,
}

impl Map<'_> {
    fn header(&mut self) -> Header {
        let version = self.number("version", 1);
        if version == 1 {
            self.field("type", 1);
        }
        let suite = self.number("suite", 2);
        self.field("message id", if version == 1 { 16 } else { 32 });
        if self.number("context length", 2) > 0 {
            for _ in 0..self.number("context count", 2) {
                for what in ["key", "value"] {
                    let length = self.number(&format!("context {what} length"), 2);
                    self.field(&format!("context {what}"), length);
                }
            }
        }
        for _ in 0..self.number("data key count", 2) {
            for what in ["provider id", "provider information", "data key"] {
                let length = self.number(&format!("{what} length"), 2);
                self.field(what, length);
            }
        }
        self.field("content type", 1);
        if version == 1 {
            self.field("reserved", 4);
            self.field("iv length", 1);
        }
        let frame_length = self.number("frame length", 4);
        if version == 2 {
            self.field("commitment", 32);
        } else {
            self.field("header iv", 12);
        }
        self.field("header tag", 16);
        Header { frame_length, signed: [0x0214, 0x0346, 0x0378, 0x0578].contains(&suite) }
    }

    fn whole(&mut self) {
        self.field("iv", 12);
        let length = self.number("content length", 8);
        self.field("content", length);
        self.field("tag", 16);
    }

    fn frames(&mut self, frame_length: usize) {
        loop {
            let is_final = self.number("sequence number", 4) == u32::MAX as usize;
            if is_final {
                self.field("final sequence number", 4);
            }
            self.field("frame iv", 12);
            let length = if is_final { self.number("final length", 4) } else { frame_length };
            self.field("frame content", length);
            self.field("frame tag", 16);
            if is_final {
                return;
            }
        }
    }

    fn number(&mut self, name: &str, length: usize) -> usize {
        let range = self.field(name, length);
        self.message[range].iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
    }

    fn field(&mut self, name: &str, length: usize) -> Range<usize> {
        let range = self.at..self.at + length;
        self.at = range.end;
        self.fields.push((name.to_owned(), range.clone()));
        range
    }
}
