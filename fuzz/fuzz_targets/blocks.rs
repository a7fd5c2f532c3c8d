//! Any bytes as a block of lines: judged as a block, it gives exactly what its lines give one by one.

#![no_main]

use filter::Scratch;
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::{SHIPPED, Verdict};

fuzz_target!(|text: &[u8]| {
    let mut scratch = Scratch::default();
    let (mut together, mut each) = (Vec::new(), Vec::new());
    SHIPPED.judge_block(text, &mut scratch, &mut |found| together.push(Verdict::of(&found)));
    for line in text.split(|byte| *byte == b'\n') {
        SHIPPED.judge_line(line, &mut scratch, &mut |found| each.push(Verdict::of(&found)));
    }
    assert_eq!(together, each);
});
