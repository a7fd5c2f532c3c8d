//! Any bytes as a line, as a message of the journal, against all shipped filters: what is found stands in the line.

#![no_main]

use filter::Scratch;
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::{SHIPPED, check_found};

fuzz_target!(|line: &[u8]| {
    let mut scratch = Scratch::default();
    SHIPPED.judge_line(line, &mut scratch, &mut |found| check_found(&found, line));
    SHIPPED.judge_message(line, &mut scratch, &mut |found| check_found(&found, line));
});
