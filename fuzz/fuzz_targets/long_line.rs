//! A line as long as a line may be, made of a piece that repeats: it is judged well before the time limit of a unit.

#![no_main]

use event::limit::LINE_BYTES;
use filter::Scratch;
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::SHIPPED;

// The input is head, piece and tail, with a zero byte between them.
fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let (head, piece, tail) =
        (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
    if piece.is_empty() || data.len() > LINE_BYTES {
        return;
    }
    let times = (LINE_BYTES - head.len() - tail.len()) / piece.len();
    let line = [head, &piece.repeat(times), tail].concat();
    let mut scratch = Scratch::default();
    SHIPPED.judge_line(&line, &mut scratch, &mut |found| assert!(found.count >= 1));
    SHIPPED.judge_message(&line, &mut scratch, &mut |found| assert!(found.count >= 1));
});
