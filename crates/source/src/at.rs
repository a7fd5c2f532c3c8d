//! A position that another program tells as a path and an offset: where it stopped reading, we go on.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use event::Position;
use event::limit::HEAD_BYTES;

use crate::head::Head;

/// The position `offset` bytes into the file that stands at `path` now. An error if there is no such file or it is shorter.
pub fn position_at(path: &Path, offset: u64) -> io::Result<Position> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.len() < offset {
        return Err(io::Error::other(format!("{} has not {offset} bytes any more", path.display())));
    }
    // Behind the offset nothing was read yet, so nothing of it is known.
    let mut bytes = Vec::new();
    file.take(offset.min(HEAD_BYTES as u64)).read_to_end(&mut bytes)?;
    let mut head = Head::new();
    head.extend(&bytes);
    Ok(Position::File {
        device: found.dev(),
        inode: found.ino(),
        offset,
        fingerprint: head.hash(),
        head_bytes: u32::try_from(head.bytes().len()).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileSource, FileSpec};
    use event::Moment;

    #[test]
    fn reading_goes_on_where_another_program_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("auth.log");
        std::fs::write(&log, "one\ntwo\nthree\n").unwrap();
        let pattern = log.display().to_string();
        let saved = [(pattern.clone(), position_at(&log, 8).unwrap())].into_iter().collect();
        let spec = FileSpec { pattern };
        let mut source = FileSource::open(vec![spec], saved, || Moment::from_seconds(1_000_000)).unwrap();
        let mut read = Vec::new();
        source
            .read(Some(std::time::Duration::ZERO), &mut |found| read.extend_from_slice(found.block.text))
            .unwrap();
        assert_eq!(read, b"three\n");
        assert!(position_at(&log, 99).is_err());
    }
}
