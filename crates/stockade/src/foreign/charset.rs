//! Logs in another character set than UTF-8: lines become text. Knows the sets of western Europe, where each byte is one character; of any
//! other, bytes are read as UTF-8, as without it.

/// A character set in which each byte is a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// ISO 8859-1: the first 256 characters of Unicode.
    Latin1,
    /// ISO 8859-15: the same but for eight.
    Latin9,
    /// Windows-1252: the same, with printed characters in the place of controls.
    Windows1252,
}

/// The characters of Windows-1252 from 0x80 to 0x9f; five bytes stand for none.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
    '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

/// What `logencoding` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or less.
    Utf8,
    /// One that is read as it is.
    Known(Charset),
    /// One that is not.
    Unknown,
}

impl Encoding {
    /// By any of the names that Python knows it by.
    pub fn named(name: &str) -> Self {
        let plain: String =
            name.to_ascii_lowercase().chars().filter(|one| one.is_ascii_alphanumeric()).collect();
        match plain.as_str() {
            "auto" | "utf8" | "u8" | "utf" | "utf8sig" | "cp65001" | "ascii" | "usascii" | "us" | "646"
            | "iso646us" | "cp367" | "ibm367" => Self::Utf8,
            "latin1" | "latin" | "l1" | "iso88591" | "88591" | "8859" | "iso8859" | "cp819" | "ibm819"
            | "csisolatin1" | "isoir100" | "iso885911987" => Self::Known(Charset::Latin1),
            "latin9" | "l9" | "iso885915" => Self::Known(Charset::Latin9),
            "cp1252" | "1252" | "windows1252" => Self::Known(Charset::Windows1252),
            _ => Self::Unknown,
        }
    }
}

impl Charset {
    /// A line as text, in `text`, whose memory is used again.
    pub fn read(self, line: &[u8], text: &mut String) {
        text.clear();
        text.extend(line.iter().map(|byte| self.character(*byte)));
    }

    fn character(self, byte: u8) -> char {
        match (self, byte) {
            (Self::Windows1252, 0x80..=0x9f) => WINDOWS[usize::from(byte - 0x80)],
            (Self::Latin9, 0xa4) => '€',
            (Self::Latin9, 0xa6) => 'Š',
            (Self::Latin9, 0xa8) => 'š',
            (Self::Latin9, 0xb4) => 'Ž',
            (Self::Latin9, 0xb8) => 'ž',
            (Self::Latin9, 0xbc) => 'Œ',
            (Self::Latin9, 0xbd) => 'œ',
            (Self::Latin9, 0xbe) => 'Ÿ',
            _ => char::from(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_python_reads_them() {
        let named = ["latin-1", "ISO-8859-1", "iso8859_15", "Windows-1252", "utf_8", "auto", "koi8-r"];
        let found = named.map(Encoding::named);
        let known = Encoding::Known;
        assert_eq!(
            found,
            [
                known(Charset::Latin1),
                known(Charset::Latin1),
                known(Charset::Latin9),
                known(Charset::Windows1252),
                Encoding::Utf8,
                Encoding::Utf8,
                Encoding::Unknown
            ]
        );
    }

    #[test]
    fn each_byte_is_one_character() {
        let mut text = String::new();
        for (charset, expected) in
            [(Charset::Latin1, "ß\u{80}¤"), (Charset::Latin9, "ß\u{80}€"), (Charset::Windows1252, "ß€¤")]
        {
            charset.read(b"\xdf\x80\xa4", &mut text);
            assert_eq!(text, expected);
        }
    }

    /// Where Python is there, it has the last word: all bytes of all three.
    #[test]
    fn as_python_reads_them() {
        let script = "import sys\nfor name in ('latin-1', 'iso8859-15', 'cp1252'):\n    \
                      sys.stdout.buffer.write(bytes(range(256)).decode(name, 'replace').encode())\n";
        let Ok(output) = std::process::Command::new("python3").args(["-c", script]).output() else { return };
        let every: Vec<u8> = (0..=255).collect();
        let mut all = String::new();
        for charset in [Charset::Latin1, Charset::Latin9, Charset::Windows1252] {
            let mut text = String::new();
            charset.read(&every, &mut text);
            all.push_str(&text);
        }
        assert!(output.stdout == all.as_bytes(), "{:?}", String::from_utf8_lossy(&output.stdout));
    }
}
