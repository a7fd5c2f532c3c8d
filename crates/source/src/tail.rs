//! One open file and how far it has been read. Knows its inode and not its name: renaming it changes nothing here.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use event::limit::{FIRST_CATCH_UP_BYTES, HEAD_BYTES, LINE_BYTES};
use event::{Origin, Position};
use rustix::fs::{Mode, OFlags, SeekFrom};

use crate::head::Head;
use crate::lines::{self, Run};

/// What makes two paths the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// What one look into the file gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The buffer begins with `len` bytes of whole lines.
    Lines { len: usize, origin: Origin },
    /// Nothing to hand on, but there is more to read.
    More,
    /// Nothing more to read now. An unfinished line may be waiting for its end.
    Drained,
}

/// How far a file had been read before it was truncated, and by what a copy of it is known.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    offset: u64,
    head: Head,
    foot: Vec<u8>,
}

/// So much of what was read last is kept: with its times and numbers, no other place in any log looks the same.
const FOOT_BYTES: usize = 128;

#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    identity: Identity,
    /// The start of the next unread line, or the next unread byte of a line that is skipped.
    offset: u64,
    /// The first bytes up to `offset`, as far as `Head` keeps them.
    head: Head,
    /// The last bytes before `offset`.
    foot: Vec<u8>,
    /// What was there before a truncation that has just been noticed.
    past: Option<Past>,
    /// What lies before this was written before we listened.
    catch_up_end: u64,
    /// Everything up to the next `\n` is left out.
    skipping: bool,
    /// The kernel's watch.
    pub(crate) watch: Option<i32>,
    /// Whether something may have been written since it was last drained.
    pub(crate) pending: bool,
}

impl Tail {
    /// Opens a regular file at its start, all of it live.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Self {
            file,
            identity: Identity::of(&metadata),
            offset: 0,
            head: Head::new(),
            foot: Vec::new(),
            past: None,
            catch_up_end: 0,
            skipping: false,
            watch: None,
            pending: true,
        })
    }

    /// Goes on at `position`, if this is the file that it was taken from and nothing was cut off it since.
    pub(crate) fn resume(&mut self, position: &Position) -> io::Result<bool> {
        let Position::File { device, inode, offset, fingerprint, head_bytes } = *position else {
            return Ok(false);
        };
        // A device number may change at a boot; the inode and the head together are proof enough then.
        if inode != self.identity.inode || (device != self.identity.device && head_bytes == 0) {
            return Ok(false);
        }
        let size = self.size()?;
        let Some(head) = self.read_head(u64::from(head_bytes))? else { return Ok(false) };
        if size < offset || head.hash() != fingerprint {
            return Ok(false);
        }
        let Some(head) = self.read_head(offset)? else { return Ok(false) };
        self.offset = offset;
        self.head = head;
        self.foot = self.read_foot(offset)?;
        self.catch_up_end = size;
        Ok(true)
    }

    /// Goes on where another file was before it was truncated, if this is a copy of that.
    pub(crate) fn resume_copy(&mut self, past: &Past) -> io::Result<bool> {
        let head = self.read_head(past.head.bytes().len() as u64)?;
        let same_head = head.is_some_and(|head| head.bytes() == past.head.bytes());
        if !same_head || self.read_foot(past.offset)? != past.foot {
            return Ok(false);
        }
        self.offset = past.offset;
        self.head = past.head.clone();
        self.foot = past.foot.clone();
        Ok(true)
    }

    /// What was there before a truncation, once.
    pub(crate) fn take_past(&mut self) -> Option<Past> {
        self.past.take()
    }

    /// Begins at the first line within the last `FIRST_CATCH_UP_BYTES`.
    pub(crate) fn start_near_end(&mut self) -> io::Result<()> {
        let size = self.size()?;
        self.catch_up_end = size;
        let start = size.saturating_sub(FIRST_CATCH_UP_BYTES);
        if start > 0 {
            // One byte earlier: if a line begins exactly at `start`, only the `\n` before it is skipped.
            if let Some(head) = self.read_head(start - 1)? {
                self.offset = start - 1;
                self.head = head;
                self.foot = self.read_foot(start - 1)?;
                self.skipping = true;
            }
        }
        Ok(())
    }

    /// What is in the file by now was written before we listened.
    pub(crate) fn call_it_old(&mut self) -> io::Result<()> {
        self.catch_up_end = self.size()?;
        Ok(())
    }

    /// Reads the next whole lines into `buffer`, which must be larger than a line may be.
    pub(crate) fn read(&mut self, buffer: &mut [u8], cut_lines: &mut u64) -> io::Result<Step> {
        let old_bytes = usize::try_from(self.catch_up_end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let origin = if old_bytes > 0 { Origin::CatchUp } else { Origin::Live };
        // A block is old or live as a whole.
        let room = if old_bytes > 0 { buffer.len().min(old_bytes) } else { buffer.len() };
        let count = self.file.read_at(&mut buffer[..room], self.offset)?;
        // After reading, not before: so the bytes just read are known to be from the file as we know it.
        if self.was_truncated(count == 0)? {
            self.restart();
            return Ok(Step::More);
        }
        let text = &buffer[..count];
        if self.skipping && count > 0 {
            let end = memchr::memchr(b'\n', text);
            self.skipping = end.is_none();
            self.advance(&text[..end.map_or(count, |end| end + 1)]);
            return Ok(Step::More);
        }
        if text.first() == Some(&0) {
            self.skip_gap(text)?;
            return Ok(Step::More);
        }
        match lines::run(text) {
            Run::Whole(len) => {
                self.advance(&text[..len]);
                Ok(Step::Lines { len, origin })
            }
            Run::TooLong => {
                *cut_lines += 1;
                self.skipping = true;
                Ok(Step::More)
            }
            Run::Partial if origin == Origin::CatchUp => {
                // The line at the border is finished by who writes now, so it is live.
                self.catch_up_end = self.offset;
                Ok(Step::More)
            }
            Run::Partial => Ok(Step::Drained),
        }
    }

    /// The unfinished line at the end of a file that is given up, with the `\n` that it lacks.
    pub(crate) fn rest(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.skipping {
            return Ok(0);
        }
        let count = self.file.read_at(&mut buffer[..LINE_BYTES], self.offset)?;
        if count == 0 {
            return Ok(0);
        }
        self.advance(&buffer[..count]);
        buffer[count] = b'\n';
        Ok(count + 1)
    }

    pub(crate) fn position(&self) -> Position {
        Position::File {
            device: self.identity.device,
            inode: self.identity.inode,
            offset: self.offset,
            fingerprint: self.head.hash(),
            head_bytes: u32::try_from(self.head.bytes().len()).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    pub(crate) fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Whether no path leads to the file any more.
    pub(crate) fn is_unlinked(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    fn was_truncated(&self, at_end: bool) -> io::Result<bool> {
        if at_end && self.size()? < self.offset {
            return Ok(true);
        }
        // The file may have been cut and have grown past our offset again. Its head tells.
        let mut now = [0; HEAD_BYTES];
        let now = &mut now[..self.head.bytes().len()];
        let count = if now.is_empty() { 0 } else { self.file.read_at(now, 0)? };
        Ok(now[..count] != *self.head.bytes())
    }

    fn restart(&mut self) {
        let (head, foot) = (std::mem::replace(&mut self.head, Head::new()), std::mem::take(&mut self.foot));
        if !foot.is_empty() && !self.skipping {
            self.past = Some(Past { offset: self.offset, head, foot });
        }
        self.offset = 0;
        self.catch_up_end = 0;
        self.skipping = false;
    }

    /// Who writes without O_APPEND goes on at his old offset after a truncation, and leaves a gap that reads as NULs.
    fn skip_gap(&mut self, text: &[u8]) -> io::Result<()> {
        let count = text.iter().take_while(|byte| **byte == 0).count();
        self.advance(&text[..count]);
        if count == text.len() && self.head.is_full() {
            // Nothing says how large the gap is, but the kernel knows where the next data is.
            match rustix::fs::seek(&self.file, SeekFrom::Data(self.offset)) {
                Ok(data) => self.offset = self.offset.max(data),
                // No data behind us, or a file system that does not know: we read on.
                Err(rustix::io::Errno::NXIO | rustix::io::Errno::INVAL) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// `read` is what stands at `offset`. Until the head is full it ends at `offset`, so what is read follows on it.
    fn advance(&mut self, read: &[u8]) {
        self.offset += read.len() as u64;
        if !self.head.is_full() {
            self.head.extend(read);
        }
        let surplus = (self.foot.len() + read.len()).saturating_sub(FOOT_BYTES);
        self.foot.drain(..surplus.min(self.foot.len()));
        self.foot.extend_from_slice(&read[read.len().saturating_sub(FOOT_BYTES)..]);
    }

    /// The last bytes before `offset`; fewer if the file is shorter.
    fn read_foot(&self, offset: u64) -> io::Result<Vec<u8>> {
        let start = offset.saturating_sub(FOOT_BYTES as u64);
        let mut foot = vec![0; usize::try_from(offset - start).unwrap_or(FOOT_BYTES)];
        let count = if foot.is_empty() { 0 } else { self.file.read_at(&mut foot, start)? };
        foot.truncate(count);
        Ok(foot)
    }

    /// The head of the first `length` bytes; `None` if the file is shorter.
    fn read_head(&self, length: u64) -> io::Result<Option<Head>> {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(HEAD_BYTES);
        let mut bytes = [0; HEAD_BYTES];
        let count = if length == 0 { 0 } else { self.file.read_at(&mut bytes[..length], 0)? };
        let mut head = Head::new();
        head.extend(&bytes[..count]);
        Ok((count == length).then_some(head))
    }
}

impl AsFd for Tail {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
