//! What dates look like in lines and what they mean, by hand; `tests/dates.rs` compares with fail2ban itself. No clock is read.

use super::*;

/// 2005-08-14 12:00 in Zurich.
const NOW: Moment = Moment::from_seconds(1_124_013_600);

fn zurich() -> TimeZone {
    TimeZone::get("Europe/Zurich").unwrap()
}

/// The date's text in the line, and its seconds.
fn seen<'a>(pattern: Option<&str>, line: &'a str) -> Option<(&'a str, Option<i64>)> {
    let found = DateDetector::new(pattern, None).unwrap().find(line, NOW, &zurich())?;
    Some((&line[found.start..found.end], found.at.map(Moment::seconds)))
}

#[test]
fn default_templates_find_what_logs_write() {
    let noon = Some(1_124_013_599);
    for (line, date) in [
        ("Aug 14 11:59:59 host sshd[1]: x", "Aug 14 11:59:59"),
        ("2005-08-14T11:59:59.123+02:00 x", "2005-08-14T11:59:59.123+02:00"),
        ("[2005/08/14 09:59:59 Z] x", "2005/08/14 09:59:59 Z"),
        ("1.2.3.4 - - [14/Aug/2005:11:59:59 +0200] \"GET", "14/Aug/2005:11:59:59 +0200"),
        ("type=X msg=audit(1124013599.000:5): y", "1124013599.000"),
        ("[1124013599] x", "1124013599"),
        ("11:59:59 x", "11:59:59"),
        ("050814 11:59:59 x", "050814 11:59:59"),
        ("14/08/05 11:59:59 x", "14/08/05 11:59:59"),
        ("@4000000042ff151f00000000 x", "@4000000042ff151f00000000"),
    ] {
        let found = seen(None, line);
        assert_eq!(found.map(|found| found.0), Some(date), "{line}");
        if !date.starts_with('@') {
            assert_eq!(found.unwrap().1, noon, "{line}");
        }
    }
    assert_eq!(seen(None, "no date 12 here"), None);
}

#[test]
fn what_is_not_written_is_guessed() {
    assert_eq!(seen(None, "Dec 31 23:59:59 x").unwrap().1, Some(1_104_533_999));
    assert_eq!(seen(None, "23:00:00 x").unwrap().1, Some(1_123_966_800));
    assert_eq!(seen(None, "2005-02-30 10:00:00 x").unwrap(), ("2005-02-30 10:00:00", None));
}

#[test]
fn patterns_bind_and_stand_for_others() {
    assert_eq!(seen(Some("{NONE}"), "11:59:59 x").unwrap(), ("", None));
    assert_eq!(seen(Some("^<W>{DATE}"), "<W>2005-08-14 11:59:59 x").unwrap().0, "<W>2005-08-14 11:59:59");
    assert_eq!(
        seen(Some(r"^[^\[]*\[({DATE})"), "a [2005-08-14 11:59:59] x").unwrap().0,
        "2005-08-14 11:59:59"
    );
    assert_eq!(seen(Some("^%Y:%m:%d-%H:%M:%S"), "x 2005:08:14-11:59:59"), None);
    assert_eq!(seen(Some("%H:%M\n%Y_%m_%d"), "on 2005_08_14 x").unwrap().0, "2005_08_14");
    assert_eq!(seen(Some("epoch={LEPOCH}"), "epoch=1124013599123 x").unwrap().1, Some(1_124_013_599));
    assert_eq!(seen(Some("%d.%m.%Y %H:%M %Exz"), "14.08.2005 11:59 CEST").unwrap().1, Some(1_124_013_540));
    assert!(DateDetector::new(Some("%Q"), None).is_err());
    assert!(DateDetector::new(Some("(%Y"), None).is_err());
    assert!(DateDetector::new(None, Some("Mars")).is_err());
}

#[test]
fn strange_lines_do_no_harm() {
    let mut detector = DateDetector::new(None, Some("UTC+0100")).unwrap();
    for line in
        ["", "é", "Aug 14 11:59:59 é", "éé 14 11:59:59", "é", "", "日本 Aug 14 11:59:59 x", "日", "Aug 14"]
    {
        detector.find(line, NOW, &zurich());
    }
}
