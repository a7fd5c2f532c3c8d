//! Lines of any lengths around the bound: the quick search for whole lines finds what looking at each line finds.

#![no_main]

use event::limit::LINE_BYTES;
use libfuzzer_sys::{arbitrary, fuzz_target};
use source::fuzzing::whole_lines;

#[derive(arbitrary::Arbitrary, Debug)]
enum Length {
    Short(u8),
    Any(u16),
    NearTheBound(i8),
}

impl Length {
    fn bytes(&self) -> usize {
        match self {
            Self::Short(length) => usize::from(*length),
            Self::Any(length) => usize::from(*length),
            Self::NearTheBound(off) => LINE_BYTES.saturating_add_signed(isize::from(*off)),
        }
    }
}

fuzz_target!(|input: (Vec<Length>, Option<Length>)| {
    let (lines, unfinished) = input;
    let mut text = Vec::new();
    for length in lines.iter().take(12) {
        text.resize(text.len() + length.bytes(), b'x');
        text.push(b'\n');
    }
    text.resize(text.len() + unfinished.map_or(0, |length| length.bytes()), b'x');

    let mut whole = 0;
    while let Some(length) = text[whole..].iter().position(|byte| *byte == b'\n') {
        if length > LINE_BYTES {
            break;
        }
        whole += length + 1;
    }
    let next = text[whole..].iter().position(|byte| *byte == b'\n').unwrap_or(text.len() - whole);
    let too_long = whole == 0 && next > LINE_BYTES;
    assert_eq!(whole_lines(&text), (whole, too_long));
});
