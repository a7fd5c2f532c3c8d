//! Where one command ends and the next begins. It knows nothing of what stands in a command.

use event::limit::FAIL2BAN_COMMAND_BYTES;

use super::{CLOSE, END};

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// A command, without its end mark.
    Command(Vec<u8>),
    /// The client goes.
    Close,
    /// Nothing whole yet.
    More,
}

/// Bytes that came and were not taken yet.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
    /// Up to here there is no end mark.
    searched: usize,
}

impl Frames {
    /// More bytes. False: the command is too long.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        self.held.extend_from_slice(bytes);
        self.held.len() <= FAIL2BAN_COMMAND_BYTES + END.len()
    }

    /// The next command that is whole.
    pub fn next(&mut self) -> Frame {
        let start = self.searched;
        match self.held[start..].windows(END.len()).position(|window| window == END) {
            None => {
                self.searched = self.held.len().saturating_sub(END.len() - 1);
                Frame::More
            }
            Some(at) => {
                let behind = self.held.split_off(start + at + END.len());
                let mut command = std::mem::replace(&mut self.held, behind);
                command.truncate(start + at);
                self.searched = 0;
                if command == CLOSE { Frame::Close } else { Frame::Command(command) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_the_bytes_are_cut() {
        let sent = b"one<F2B_END_COMMAND>two<F2B_END_COMMAND><F2B_CLOSE_COMMAND><F2B_END_COMMAND>";
        for size in 1..sent.len() {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for piece in sent.chunks(size) {
                assert!(frames.push(piece));
                loop {
                    match frames.next() {
                        Frame::More => break,
                        frame => found.push(frame),
                    }
                }
            }
            let wanted = [Frame::Command(b"one".to_vec()), Frame::Command(b"two".to_vec()), Frame::Close];
            assert_eq!(found, wanted, "in pieces of {size}");
        }
    }
}
