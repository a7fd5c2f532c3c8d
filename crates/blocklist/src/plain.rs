//! Plain lists, as they are found in the world: one address or subnet a line, with comments, with other columns behind it, with an end of line of
//! any kind. Reads bytes and makes subjects; knows no file and no network.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr};

use event::Subject;
use event::limit::LIST_LINE_BYTES;

use crate::fence;

/// What a list says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// Who is on it.
    pub subjects: BTreeSet<Subject>,
    /// What is not taken from it.
    pub left_out: LeftOut,
    /// Whether there was anything at all, were it a comment.
    pub has_text: bool,
    /// Whether it is a page for people: what stands where a list was, when it is gone.
    pub is_page: bool,
}

/// What is not taken from a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Lines that do not begin with an address.
    pub no_address: u64,
    /// Subnets too wide, and addresses that no list may name.
    pub unfit: u64,
    /// Entries past the bound.
    pub past_bound: u64,
}

impl LeftOut {
    /// All of them.
    pub fn sum(&self) -> u64 {
        self.no_address + self.unfit + self.past_bound
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { no_address, unfit, past_bound } = self;
        write!(
            f,
            "{no_address} lines without an address, {unfit} subnets too wide or addresses of local networks, {past_bound} past max_entries"
        )
    }
}

impl Plain {
    /// Reads to the end. Of entries that are different, the first `most` are taken.
    pub fn read(list: impl Read, most: usize) -> io::Result<Self> {
        let mut plain = Self::default();
        let mut reader = BufReader::with_capacity(64 * 1024, list);
        let mut line = Vec::new();
        let mut is_first = true;
        while next_line(&mut reader, &mut line)? {
            let text = if is_first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
            is_first = false;
            // What is no UTF-8 stands in comments; in an address it would be no address anyway.
            plain.take(&String::from_utf8_lossy(text), most);
        }
        Ok(plain)
    }

    fn take(&mut self, line: &str, most: usize) {
        let line = line.trim();
        self.is_page |= !self.has_text && line.starts_with('<');
        self.has_text |= !line.is_empty();
        let entry = line.split(['#', ';']).next().unwrap_or_default().trim();
        if entry.is_empty() {
            return;
        }
        // The first column, whatever separates columns; some put quotation marks around it.
        let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '|' | '"' | '\'');
        let word = entry.trim_start_matches(['"', '\'']).split(is_end).next().unwrap_or_default();
        if let Ok(subject) = word.parse::<Subject>() {
            self.insert(subject, most);
        } else if let Some((first, last)) = range(word) {
            subnets(first, last).for_each(|subject| self.insert(subject, most));
        } else {
            self.left_out.no_address += 1;
        }
    }

    fn insert(&mut self, subject: Subject, most: usize) {
        if !fence::is_fit_for_plain_list(&subject) {
            self.left_out.unfit += 1;
        } else if self.subjects.len() < most {
            self.subjects.insert(subject);
        } else if !self.subjects.contains(&subject) {
            self.left_out.past_bound += 1;
        }
    }
}

/// The next line without its end; `false` at the end of the list. What is too long is read and thrown away.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut is_any = false;
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok(is_any);
        }
        is_any = true;
        // Old systems end lines with a carriage return alone.
        let end = available.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let piece = &available[..end.unwrap_or(available.len())];
        let room = LIST_LINE_BYTES - line.len();
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        let used = piece.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// `192.0.2.0-192.0.2.255`, of IPv4.
fn range(word: &str) -> Option<(u32, u32)> {
    let (first, last) = word.split_once('-')?;
    let number = |text: &str| text.parse::<Ipv4Addr>().ok().map(u32::from);
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

/// The fewest subnets that are together exactly the range.
fn subnets(first: u32, last: u32) -> impl Iterator<Item = Subject> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let first = next?;
        let fits = |bits: u32| {
            let size = 1_u64 << bits;
            u64::from(first) % size == 0 && u64::from(first) + size - 1 <= u64::from(last)
        };
        let bits = (0..=32).rev().find(|bits| fits(*bits))?;
        let end = u64::from(first) + (1_u64 << bits);
        next = u32::try_from(end).ok().filter(|next| *next <= last);
        Some(Subject::network(IpAddr::V4(Ipv4Addr::from(first)), 32 - bits as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], most: usize) -> (Vec<String>, [u64; 3]) {
        let plain = Plain::read(text, most).unwrap();
        let LeftOut { no_address, unfit, past_bound } = plain.left_out;
        (plain.subjects.iter().map(ToString::to_string).collect(), [no_address, unfit, past_bound])
    }

    #[test]
    fn real_lists_are_read_as_they_are() {
        let firehol = b"#\n# firehol_level1\n#\n# ipv4 hash:net ipset\n#\n0.0.0.0/8\n1.10.16.0/20\n10.0.0.0/8\n224.0.0.0/3\n2.56.192.0/22\n";
        assert_eq!(read(firehol, 100), (vec!["1.10.16.0/20".into(), "2.56.192.0/22".into()], [0, 3, 0]));
        let drop = b"; Spamhaus DROP List 2026/11/22 - (c) 2026 The Spamhaus Project\r\n; Last-Modified: Sun\r\n1.10.16.0/20 ; SBL256894\r\n2a0e:b107::/32 ; SBL1\r\n";
        assert_eq!(read(drop, 100), (vec!["1.10.16.0/20".into(), "2a0e:b107::/32".into()], [0, 0, 0]));
        let blocklist_de = b"1.2.3.4\n2001:db8::7\n\n1.2.3.4\n5.6.7.8";
        let three = vec!["1.2.3.4".to_owned(), "5.6.7.8".into(), "2001:db8::7".into()];
        let (mut found, left_out) = read(blocklist_de, 100);
        found.sort_by_key(|text| three.iter().position(|one| one == text));
        assert_eq!((found, left_out), (three, [0, 0, 0]));
        let voipbl = b"# VOIPBL\n1.53.46.219/32\n1.9.0.0/16\n";
        assert_eq!(read(voipbl, 100), (vec!["1.9.0.0/16".into(), "1.53.46.219".into()], [0, 0, 0]));
        let csv = b"\xef\xbb\xbfip,country,score\r\n\"1.2.3.4\",\"AQ\",9\r\n5.6.7.8,AQ,7\r\n'9.9.9.9'|x\r\n";
        assert_eq!(read(csv, 100), (vec!["1.2.3.4".into(), "5.6.7.8".into(), "9.9.9.9".into()], [1, 0, 0]));
        let mac = b"1.2.3.4\r5.6.7.8\r";
        assert_eq!(read(mac, 100).0, ["1.2.3.4", "5.6.7.8"]);
        let odd = b"\xef\xbb\xbf1.2.3.4#x\n\t 5.6.7.8\tseen 3 times\nhost.example\n1.2.3\n::ffff:9.9.9.9\n999.1.1.1\n\xff\xfe\n1.1.1.1 # \xff";
        assert_eq!(
            read(odd, 100),
            (vec!["1.1.1.1".into(), "1.2.3.4".into(), "5.6.7.8".into(), "9.9.9.9".into()], [4, 0, 0])
        );
    }

    #[test]
    fn ranges_become_exactly_their_subnets() {
        assert_eq!(
            read(b"1.2.3.1-1.2.3.6\n5.0.0.0-5.0.255.255 # x\n9.9.9.9-9.9.9.9\n2.0.0.9-2.0.0.1\n", 100),
            (
                vec![
                    "1.2.3.1".into(),
                    "1.2.3.2/31".into(),
                    "1.2.3.4/31".into(),
                    "1.2.3.6".into(),
                    "5.0.0.0/16".into(),
                    "9.9.9.9".into()
                ],
                [1, 0, 0]
            )
        );
        assert_eq!(subnets(0, u32::MAX).count(), 1);
        assert_eq!(subnets(1, u32::MAX).count(), 32);
        assert_eq!(subnets(u32::MAX, u32::MAX).count(), 1);
    }

    #[test]
    fn the_bounds_hold() {
        assert_eq!(read(b"1.1.1.1\n1.1.1.1\n2.2.2.2\n3.3.3.3\n1.1.1.1\n", 2).1, [0, 0, 1]);
        let long = [b"1.2.3.4 ".to_vec(), vec![b'x'; 3 * LIST_LINE_BYTES], b"\n5.6.7.8\n".to_vec()].concat();
        assert_eq!(read(&long, 100), (vec!["1.2.3.4".into(), "5.6.7.8".into()], [0, 0, 0]));
    }

    #[test]
    fn pages_and_nothing_are_told_apart() {
        let read = |text: &[u8]| Plain::read(text, 10).unwrap();
        assert!(read(b"\r\n<!DOCTYPE html>\n<p>1.2.3.4\n1.2.3.4\n").is_page);
        assert!(!read(b"1.2.3.4\n<b>\n").is_page);
        assert!(!read(b" \n\n").has_text);
        assert!(read(b"# nobody just now\n").has_text);
    }

    proptest::proptest! {
        /// Whatever comes, in whatever pieces: never more than was asked for, and nobody whom no list may name.
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>, lines in "([0-9a-f.:/,;# \\-]{0,24}[\r\n]){0,20}", most in 0_usize..6) {
            for list in [bytes.as_slice(), lines.as_bytes()] {
                let plain = Plain::read(list, most).unwrap();
                assert!(plain.subjects.len() <= most);
                assert!(plain.subjects.iter().all(fence::is_fit_for_plain_list));
            }
        }

        #[test]
        fn ranges_are_covered_without_a_gap(first: u32, length in 0_u32..100_000) {
            let last = first.saturating_add(length);
            let sizes = subnets(first, last).map(|subnet| 1_u64 << (32 - subnet.prefix_bits()));
            assert_eq!(sizes.sum::<u64>(), u64::from(last - first) + 1);
        }
    }
}
