//! Any bytes as a syslog line and as a timestamp of every form: the parts lie in the line, and no time is in the future that
//! may not be.

#![no_main]

use std::time::Duration;

use filter::prefix::syslog;
use filter::timestamp::{FORM_NAMES, Form};
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::{NOW, ZONES};

fuzz_target!(|line: &[u8]| {
    if let Some(read) = syslog(line) {
        assert!(read.count >= 1);
        assert!(read.time.len() + read.program.len() + read.message.len() < line.len());
        for part in [read.time, read.program, read.message] {
            let (part, whole) = (part.as_ptr_range(), line.as_ptr_range());
            assert!(whole.start <= part.start && part.end <= whole.end);
        }
        for zone in ZONES.iter() {
            read.form.read(read.time, zone);
        }
    }
    for form in FORM_NAMES.map(|name| Form::named(name).expect("it is named")) {
        for zone in ZONES.iter() {
            let Some(moment) = form.read(line, zone) else { continue };
            // "Nov  1 23:04:05" and a fraction: without a year it means the past, or a clock a little ahead of ours.
            let has_year = line.windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
            assert!(form != Form::Syslog || has_year || moment <= NOW.after(Duration::from_secs(48 * 3600)));
        }
    }
});
