//! `<name>` in a command: no space and no angle bracket in the name, as fail2ban finds them.

/// The first tag at or behind `from`: where it begins and ends.
pub fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut start = None;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            b'<' => start = Some(at),
            b' ' => start = None,
            b'>' => {
                if let Some(start) = start.filter(|start| at > start + 1) {
                    return Some((start, at + 1));
                }
                start = None;
            }
            _ => {}
        }
    }
    None
}

/// The name within.
pub fn name(text: &str, (start, end): (usize, usize)) -> &str {
    &text[start + 1..end - 1]
}
