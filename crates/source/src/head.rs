//! The first bytes of a file, by which it is told apart from another file with the same inode number, and by which a
//! truncation is noticed even if the file has grown past our offset again.

use event::limit::HEAD_BYTES;

/// What we know of a file's first bytes; grows while the file is short.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    hash: u64,
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

impl Head {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), hash: FNV_OFFSET }
    }

    /// Takes what follows on the bytes it has, up to `HEAD_BYTES`.
    pub(crate) fn extend(&mut self, following: &[u8]) {
        let room = HEAD_BYTES - self.bytes.len();
        let taken = &following[..following.len().min(room)];
        self.bytes.extend_from_slice(taken);
        // FNV-1a: the hash is kept on disk, so it must be the same in every build and on every machine.
        self.hash =
            taken.iter().fold(self.hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME));
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() == HEAD_BYTES
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a_however_it_is_fed() {
        let mut head = Head::new();
        assert_eq!(head.hash(), 0xcbf2_9ce4_8422_2325);
        head.extend(b"foo");
        head.extend(b"bar");
        // The reference value for "foobar".
        assert_eq!(head.hash(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn it_stops_growing() {
        let mut head = Head::new();
        head.extend(&[7; 1000]);
        let hash = head.hash();
        head.extend(b"more");
        assert!(head.is_full());
        assert_eq!(head.hash(), hash);
    }
}
