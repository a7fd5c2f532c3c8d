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

mod by_hand {
    use proptest::prelude::*;

    use super::super::default::PATTERNS;
    use super::super::template::Template;
    use crate::pattern::linear::Workspace;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// What is read by hand is what the regular expression finds.
        #[test]
        fn dates_are_those_of_the_regular_expression(
            pattern in prop::sample::select(vec![0usize, 1, 4]),
            begin in prop::sample::select(vec!["{^LN-BEG}", "^", ""]),
            before in "(|\\[|<1|\\(\\[|  |[ a1_\\[é]{0,3})",
            date in "(20[0-4][0-9][-/.](0[1-9]|1[0-3])[-/.]([0-3][0-9]| ?[0-9])[ T]|(Sun )?(nov|Jan|MAY|mai) ([0-3][0-9]| ?[0-9]) |([0-3][0-9]| ?[0-9])[-/](Nov|Oct)[-/]20[0-4][0-9][ :])",
            time in "([0-2][0-9]|[0-9]):[0-6][0-9]:[0-6][0-9]",
            behind in "([.,][0-9]{0,7})?(|[+-][01][0-9]:?[0-9]{0,3}| [+-][01][0-9]{3}|  ?(Z|UTC|GMT|z|u)|[a-z ]{1,3}| 20[0-4][0-9]|[ .,:\\]é\\t\u{1c}]{1,2}| 2.x)(x|\\[|)",
            cut in 0usize..3,
        ) {
            let template = Template::new(&format!("{begin}{}", PATTERNS[pattern])).unwrap();
            let line = format!("{before}{date}{time}{behind}");
            let length = line.floor_char_boundary(line.len().saturating_sub(cut));
            for part in [0..line.len(), 0..length, before.len()..line.len(), before.len()..length.max(before.len())] {
                let hand = template.find(&line, part.clone(), &mut Workspace::default());
                let regex = template.search(&line, part, &mut Workspace::default());
                let places = |seen: &super::super::template::Seen| (seen.whole.clone(), seen.cut.clone());
                prop_assert_eq!(hand.as_ref().map(places), regex.as_ref().map(places), "{}", line);
            }
        }
    }
}
