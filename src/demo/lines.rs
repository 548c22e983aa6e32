//! CSV that is made as it is read, so that a company of any size fits into memory.

use std::io::{self, Read};

/// One customer after the other, each writing any number of lines.
pub(super) struct Lines<F> {
    next: u64,
    count: u64,
    write: F,
    text: String,
    at: usize,
}

impl<F: FnMut(u64, &mut String)> Lines<F> {
    /// The header, then what `write` adds for 1 to `count`.
    pub(super) fn new(header: &str, count: u64, write: F) -> Self {
        Self { next: 1, count, write, text: format!("{header}\n"), at: 0 }
    }
}

impl<F: FnMut(u64, &mut String)> Read for Lines<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            if self.next > self.count {
                return Ok(0);
            }
            self.text.clear();
            self.at = 0;
            (self.write)(self.next, &mut self.text);
            self.next += 1;
        }
        let rest = &self.text.as_bytes()[self.at..];
        let taken = rest.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&rest[..taken]);
        self.at += taken;
        Ok(taken)
    }
}
