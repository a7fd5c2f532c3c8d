//! A moment, written in every form as the services write it: it is read back as the same moment.

#![no_main]

use event::Moment;
use filter::timestamp::{self, FORM_NAMES, Form};
use jiff::Timestamp;
use jiff::civil::DateTime;
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::ZONES;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// From 2001, where ten digits begin, to 2286, where they end.
const SECONDS: std::ops::Range<i64> = 1_000_000_000..10_000_000_000;

fuzz_target!(|data: (u64, u16)| {
    let seconds = SECONDS.start + (data.0 >> 1) as i64 % (SECONDS.end - SECONDS.start);
    let millis = seconds * 1000 + i64::from(data.1 % 1000);
    let moment = Timestamp::from_millisecond(millis).expect("it is in range");
    let zone = &ZONES[0];
    let time = zone.zone.to_datetime(moment);
    let form = Form::named(FORM_NAMES[usize::from(data.1 / 1000) % FORM_NAMES.len()]).expect("it is named");
    let (text, exact) = written(form, &time, seconds);
    let wanted = Moment::from_millis(if exact { millis } else { seconds * 1000 });
    assert_eq!(form.read(text.as_bytes(), zone), Some(wanted), "{form:?} {text}");
    assert_eq!(timestamp::read(text.as_bytes(), &[form], zone), Some(wanted));
    // In a zone whose clock is turned, an hour may be missing or come twice; every text has an answer all the same.
    assert!(form.read(text.as_bytes(), &ZONES[1]).is_some(), "{form:?} {text}");
});

/// The text, and whether it has the milliseconds.
fn written(form: Form, time: &DateTime, seconds: i64) -> (String, bool) {
    let (year, month, day) = (time.year(), time.month(), time.day());
    let name = MONTHS[month as usize - 1];
    let clock = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let millis = time.millisecond();
    match form {
        Form::Syslog => (format!("{name} {day:>2} {year} {clock}"), false),
        Form::Iso8601 => (format!("{year}-{month:02}-{day:02}T{clock}.{millis:03}"), true),
        Form::Clf => (format!("{day:02}/{name}/{year}:{clock}"), false),
        Form::Slash => (format!("{year}/{month:02}/{day:02} {clock}"), false),
        Form::Asctime => (format!("Sun {name} {day:>2} {clock}.{millis:03} {year}"), true),
        Form::Compact => (format!("{year}{month:02}{day:02} {clock}"), false),
        Form::DashedDmy => (format!("{day:02}-{name}-{year} {clock}.{millis:03}"), true),
        Form::Epoch => (format!("{seconds}.{millis:03}"), true),
    }
}
