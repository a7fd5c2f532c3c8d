//! How far a source has been read, so that a restart goes on there: no line lost, none counted twice.

/// Where to go on reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// In a file: valid only while `device`, `inode` and the fingerprint of its head are still the same.
    File {
        /// Device number of the file.
        device: u64,
        /// Inode number of the file.
        inode: u64,
        /// Bytes read so far: the start of the next unread line.
        offset: u64,
        /// Hash of the first `head_bytes` bytes: an inode number that was used again is told apart by it.
        fingerprint: u64,
        /// How many bytes `fingerprint` covers.
        head_bytes: u32,
    },
    /// In a journal or a stream that names its entries: the last entry read.
    Cursor {
        /// As journald or Redis gave it.
        cursor: String,
    },
}
