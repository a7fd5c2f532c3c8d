//! Logs in another character set than UTF-8: their bytes become text as Python makes it. Sets that `encoding_rs` does not know are not read
//! here.

mod names;

use encoding_rs::{Encoding as Standard, UTF_16BE, UTF_16LE};

use names::{Kind, NAMES};

/// How bytes become text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charset {
    /// A byte is a character: those from 0x80 on.
    Bytes(Box<[char; 128]>),
    /// Two bytes or four are one: which comes first.
    Wide(Order),
    /// Some bytes are one.
    Mixed(&'static Standard),
}

/// Which byte of two comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The low one.
    Little,
    /// The high one.
    Big,
}

/// What `logencoding` means.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let Some((_, label, kind)) =
            NAMES.iter().find(|(names, ..)| names.split(' ').any(|known| known == plain))
        else {
            return Self::Unknown;
        };
        let standard = || Standard::for_label(label.as_bytes());
        match kind {
            Kind::Utf8 => Self::Utf8,
            Kind::Little => Self::Known(Charset::Wide(Order::Little)),
            Kind::Big => Self::Known(Charset::Wide(Order::Big)),
            Kind::Mixed => standard().map_or(Self::Unknown, |one| Self::Known(Charset::Mixed(one))),
            Kind::Bytes(patch) => {
                standard().map_or(Self::Unknown, |one| Self::Known(Charset::Bytes(table(one, patch))))
            }
        }
    }
}

/// What each byte from 0x80 on stands for. The web's standard and Python differ where a set has no character.
fn table(standard: &'static Standard, patch: &[(u8, char)]) -> Box<[char; 128]> {
    let mut table = Box::new([char::REPLACEMENT_CHARACTER; 128]);
    for (byte, place) in (0x80..=0xff_u8).zip(table.iter_mut()) {
        let (text, _) = standard.decode_without_bom_handling(std::slice::from_ref(&byte));
        let patched = patch.iter().find(|(patched, _)| *patched == byte).map(|(_, character)| *character);
        let found = text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
        *place = match patched {
            Some(character) => character,
            None if standard.name().starts_with("windows") && found.is_control() => {
                char::REPLACEMENT_CHARACTER
            }
            None => found,
        };
    }
    table
}

impl Charset {
    /// Whether this line of it is the same as UTF-8: most lines are ASCII, which is the same in nearly all sets.
    pub fn is_plain(&self, line: &[u8]) -> bool {
        match self {
            Self::Wide(_) => false,
            // A set that shifts by escapes is ASCII throughout.
            Self::Mixed(standard) if !standard.is_ascii_compatible() => {
                line.is_ascii() && !line.contains(&0x1b)
            }
            Self::Bytes(_) | Self::Mixed(_) => line.is_ascii(),
        }
    }

    /// Whether lines of it end otherwise than with a byte, so that only a whole block can be read.
    pub fn is_wide(&self) -> bool {
        matches!(self, Self::Wide(_))
    }

    /// A line as text, or a block of lines, in `text`, whose memory is used again.
    pub fn read(&self, bytes: &[u8], text: &mut String) {
        text.clear();
        match self {
            Self::Bytes(table) => text.extend(bytes.iter().map(|byte| match byte.checked_sub(0x80) {
                Some(high) => table[usize::from(high)],
                None => char::from(*byte),
            })),
            Self::Mixed(standard) => text.push_str(&standard.decode_without_bom_handling(bytes).0),
            Self::Wide(order) => text.push_str(&order.read(bytes)),
        }
    }
}

impl Order {
    /// A block of lines. It ends behind the byte of a line's end, which is the first of two with the low byte first: then the other one stands
    /// at the beginning of the next block.
    fn read(self, block: &[u8]) -> String {
        let is_odd = |bytes: &[u8]| !bytes.len().is_multiple_of(2);
        let text = match self {
            Self::Little => {
                let bare = block.strip_prefix(&[0]).unwrap_or(block);
                let whole = if is_odd(bare) { [bare, &[0]].concat() } else { bare.to_vec() };
                UTF_16LE.decode_without_bom_handling(&whole).0.into_owned()
            }
            Self::Big => {
                // A zero that a block begins with is taken for a gap in the file, and left out.
                let whole = if is_odd(block) { [&[0], block].concat() } else { block.to_vec() };
                UTF_16BE.decode_without_bom_handling(&whole).0.into_owned()
            }
        };
        // What tells the order at the beginning of a file is no text.
        text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn names_are_read_as_python_reads_them() {
        for (name, is_known) in [("utf_8", true), ("UTF-8", true), ("cp437", false), ("utf-7", false)] {
            let expected = if is_known { Encoding::Utf8 } else { Encoding::Unknown };
            assert_eq!(Encoding::named(name), expected, "{name}");
        }
        for names in [
            ["latin-1", "ISO-8859-1"],
            ["KOI8-R", "cskoi8r"],
            ["Windows-1251", "cp1251"],
            ["sjis", "Shift_JIS"],
        ] {
            let [one, other] = names.map(Encoding::named);
            assert_eq!(one, other, "{names:?}");
            assert!(matches!(one, Encoding::Known(_)), "{names:?}");
        }
    }

    #[test]
    fn bytes_of_a_block_with_two_for_each_character_belong_together() {
        let little: Vec<u8> = "\u{feff}привет\nЊ\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}привет\nЊ\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut text = String::new();
        // A block ends behind the byte of a line's end.
        Charset::Wide(Order::Little).read(&little[..little.len() - 1], &mut text);
        assert_eq!(text, "привет\nЊ\n");
        Charset::Wide(Order::Little).read(&[&[0], &little[2..little.len() - 1]].concat(), &mut text);
        assert_eq!(text, "привет\nЊ\n");
        Charset::Wide(Order::Big).read(&big, &mut text);
        assert_eq!(text, "привет\nЊ\n");
        Charset::Wide(Order::Big).read(b"a\0b\0\n", &mut text);
        assert_eq!(text, "ab\n");
    }

    /// Where Python is there, it has the last word. Of every set in which a byte is a character, all bytes; of the others, texts.
    /// The mark that begins a file in `utf-8-sig` stays, as with `utf-8`.
    #[test]
    fn as_python_reads_them() {
        let names: Vec<&str> = NAMES
            .iter()
            .flat_map(|(names, ..)| names.split(' '))
            .filter(|name| *name != "auto" && *name != "utf8sig")
            .collect();
        let script = "import sys, codecs, re, encodings, pkgutil\n\
            plain = lambda name: re.sub('[^a-z0-9]', '', name.lower())\n\
            from encodings.aliases import aliases\n\
            names = [name for pair in aliases.items() for name in pair] + [one.name for one in pkgutil.iter_modules(encodings.__path__)]\n\
            known = {plain(name): name for name in names}\n\
            texts = ['Пароль неверен', 'falsches Paßwort', 'パスワードが違います', '密码错误', '密碼錯誤', '비밀번호 오류', 'λάθος κωδικός', 'รหัสผ่าน']\n\
            for name in sys.argv[1:]:\n    \
                codec = codecs.lookup(known.get(name, name)).name\n    \
                for text in texts:\n        \
                    try: bytes_ = text.encode(codec.replace('utf-16', 'utf-16-le') if codec == 'utf-16' else codec)\n        \
                    except UnicodeEncodeError: continue\n        \
                    print(name, bytes_.hex(), text.encode().hex())\n    \
                if codec.startswith(('utf', 'iso2022')): continue\n    \
                every = bytes(range(128, 256)).decode(codec, 'replace')\n    \
                if len(every) == 128 and bytes([0x81, 0x40]).decode(codec, 'replace')[-1] == '@': print(name, bytes(range(128, 256)).hex(), every.encode().hex())\n";
        let Ok(output) = Command::new("python3").arg("-c").arg(script).args(&names).output() else { return };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let bytes = |hex: &str| -> Vec<u8> {
            hex.as_bytes()
                .chunks(2)
                .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
                .collect()
        };
        let mut wrong = Vec::new();
        let mut compared = 0;
        for line in String::from_utf8(output.stdout).expect("it prints text").lines() {
            let [name, told, expected] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let expected = String::from_utf8(bytes(expected)).unwrap();
            let mut text = String::new();
            match Encoding::named(name) {
                Encoding::Known(charset) => charset.read(&bytes(told), &mut text),
                Encoding::Utf8 => text = String::from_utf8_lossy(&bytes(told)).into_owned(),
                Encoding::Unknown => wrong.push(format!("{name}: unknown")),
            }
            compared += 1;
            // ASCII is read as UTF-8, which is more.
            if text != expected && !expected.starts_with("\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}") {
                wrong.push(format!("{name}: '{text}', expected '{expected}'"));
            }
        }
        assert!(compared > names.len(), "{compared}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
