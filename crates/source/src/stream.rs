//! Standard input, or anything that is read once from its start to its end. Has no position: it cannot be gone back to.

use std::io::{self, Read};

use event::limit::{LINE_BYTES, READ_BYTES};
use event::{Block, Moment, Origin};

use crate::SourceError;
use crate::health::StreamHealth;
use crate::lines::{self, Run};

/// Reads whole lines from any reader.
#[derive(Debug)]
pub struct StreamSource<R> {
    reader: R,
    origin: Origin,
    clock: fn() -> Moment,
    buffer: Vec<u8>,
    /// The bytes read and not handed on.
    start: usize,
    end: usize,
    skipping: bool,
    at_end: bool,
    health: StreamHealth,
}

impl<R: Read> StreamSource<R> {
    /// Every block gets this origin: `CatchUp` for lines that are to be judged by the time that stands in them.
    pub fn new(reader: R, origin: Origin, clock: fn() -> Moment) -> Self {
        let (buffer, health) = (vec![0; READ_BYTES], StreamHealth::default());
        Self { reader, origin, clock, buffer, start: 0, end: 0, skipping: false, at_end: false, health }
    }

    /// Reads, waiting if need be, and hands on one block of whole lines at most. `false` when everything has been handed
    /// on. A last line without `\n` gets one; a line that is too long becomes an empty one, so that lines can be counted.
    pub fn read(&mut self, each: &mut dyn FnMut(Block<'_>)) -> Result<bool, SourceError> {
        if self.start == self.end || self.needs_more() {
            self.fill()?;
        }
        if self.skipping {
            self.skip();
            return Ok(true);
        }
        match lines::run(&self.buffer[self.start..self.end]) {
            Run::Whole(len) => self.hand_on(len, each),
            Run::TooLong => {
                self.health.cut_lines += 1;
                self.skipping = true;
                each(Block { text: b"\n", origin: self.origin, arrival: (self.clock)() });
            }
            Run::Partial if !self.at_end => {}
            Run::Partial if self.start == self.end => return Ok(false),
            Run::Partial => {
                // There is room: a partial line is shorter than the buffer.
                self.make_room();
                self.buffer[self.end] = b'\n';
                self.end += 1;
                self.hand_on(self.end - self.start, each);
            }
        }
        Ok(true)
    }

    /// What went through so far.
    pub fn health(&self) -> StreamHealth {
        self.health
    }

    fn needs_more(&self) -> bool {
        !self.skipping && lines::run(&self.buffer[self.start..self.end]) == Run::Partial
    }

    fn fill(&mut self) -> Result<(), SourceError> {
        self.make_room();
        while !self.at_end {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => {
                    self.health.bytes += count as u64;
                    self.end += count;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(SourceError::Stream { source }),
            }
        }
        Ok(())
    }

    fn skip(&mut self) {
        let unread = &self.buffer[self.start..self.end];
        match memchr::memchr(b'\n', unread) {
            Some(end) => {
                self.start += end + 1;
                self.skipping = false;
            }
            None => {
                self.start = self.end;
                self.skipping = !self.at_end;
            }
        }
    }

    fn hand_on(&mut self, len: usize, each: &mut dyn FnMut(Block<'_>)) {
        let text = &self.buffer[self.start..self.start + len];
        self.health.lines += memchr::memchr_iter(b'\n', text).count() as u64;
        self.start += len;
        each(Block { text, origin: self.origin, arrival: (self.clock)() });
    }

    /// The unfinished line moves to the front. It is shorter than a line may be, so this is done once for each block.
    fn make_room(&mut self) {
        debug_assert!(self.end - self.start <= LINE_BYTES + 1);
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as a pipe may.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let room = buffer.len().min(self.1);
            self.0.read(&mut buffer[..room])
        }
    }

    fn lines_of(text: &[u8], at_a_time: usize) -> (Vec<u8>, StreamHealth) {
        let clock = || Moment::from_seconds(1);
        let mut source = StreamSource::new(Trickle(text, at_a_time), Origin::CatchUp, clock);
        let mut all = Vec::new();
        while source.read(&mut |block| all.extend_from_slice(block.text)).unwrap() {}
        (all, source.health())
    }

    #[test]
    fn lines_come_whole_however_they_arrive() {
        for at_a_time in [1, 2, 3, 1000] {
            let (text, health) = lines_of(b"one\ntwo\n\n\xff\xfe\nlast", at_a_time);
            assert_eq!(text, b"one\ntwo\n\n\xff\xfe\nlast\n");
            assert_eq!(health.lines, 5);
        }
        assert_eq!(lines_of(b"", 9).0, b"");
    }

    #[test]
    fn a_line_too_long_becomes_an_empty_one() {
        for length in [LINE_BYTES + 1, READ_BYTES - 4, READ_BYTES, 3 * READ_BYTES + 7] {
            for ending in ["\nafter\n", ""] {
                let text = [b"a\n".as_slice(), &vec![b'x'; length], ending.as_bytes()].concat();
                let (read, health) = lines_of(&text, READ_BYTES);
                assert_eq!(read, [b"a\n".as_slice(), b"\n", ending.trim_start().as_bytes()].concat());
                assert_eq!(health.cut_lines, 1);
            }
        }
    }

    #[test]
    fn many_blocks_are_the_text() {
        let text: Vec<u8> = (0..200_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        assert!(lines_of(&text, 100_000).0 == text);
    }
}
