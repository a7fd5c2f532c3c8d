//! What a judge makes of lines, by hand; `tests/samples.rs` holds it against fail2ban's own samples. No file is read.

use super::*;
use crate::filter_file::FilterText;
use crate::pattern::Wrong;

const NOW: Moment = Moment::from_millis(1_000_000_000_000);

fn judge(prefix: &str, failures: &[&str], ignored: &[&str], maxlines: u32) -> Judge {
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let filter = FilterText {
        prefregex: (!prefix.is_empty()).then(|| prefix.to_owned()),
        failregex: own(failures),
        ignoreregex: own(ignored),
        maxlines,
        ..FilterText::default()
    };
    let dates = DateDetector::new(None, None).unwrap();
    let (judge, wrong) = Judge::new(&filter, Names::Read, dates, TimeZone::UTC);
    assert_eq!(wrong, []);
    judge
}

/// The verdict in short: whom, and after how many lines.
fn told(judge: &mut Judge, message: &str) -> String {
    match judge.message(message, NOW, NOW) {
        Verdict::Failure(failure) => format!("{} {}", failure.who, failure.attempts),
        Verdict::NoFailure(_) => "nofail".to_owned(),
        Verdict::Ignored(_) => "ignored".to_owned(),
        Verdict::Missed => "missed".to_owned(),
    }
}

#[test]
fn the_content_is_what_the_patterns_see() {
    let mut judge = judge(r"^\[<F-ID>\w+</F-ID>\] <F-CONTENT>.+</F-CONTENT>$", &["^bad <ADDR>$"], &[], 1);
    assert_eq!(told(&mut judge, "[a] bad 192.0.2.1"), "a 1");
    assert_eq!(told(&mut judge, "bad 192.0.2.1"), "missed");
    assert_eq!(told(&mut judge, "[a] [a] bad 192.0.2.1"), "missed");
}

#[test]
fn an_address_of_the_prefix_counts_where_the_pattern_names_none() {
    let mut judge = judge(
        r"^auth\(<ADDR>\) <F-CONTENT>.+</F-CONTENT>$",
        &["^(?:from <ADDR>: )?bad$", r"^<F-USER>\w+</F-USER> lost$"],
        &[],
        1,
    );
    assert_eq!(told(&mut judge, "auth(192.0.2.1) bad"), "192.0.2.1 1");
    assert_eq!(told(&mut judge, "auth(192.0.2.1) from 192.0.2.2: bad"), "192.0.2.2 1");
    assert_eq!(told(&mut judge, "auth(192.0.2.1) root lost"), "192.0.2.1 1");
}

#[test]
fn a_connection_is_a_failure_once_its_address_is_known() {
    let patterns = [
        r"^<F-MLFID>\d+</F-MLFID> wrong for <F-USER>\w+</F-USER>$",
        r"^<F-MLFID>\d+</F-MLFID> <F-NOFAIL>from</F-NOFAIL> <ADDR>$",
        r"^<F-MLFID>\d+</F-MLFID> <F-MLFFORGET>closed</F-MLFFORGET> by <ADDR>$",
        r"^<F-MLFID>\d+</F-MLFID> <F-MLFFORGET><F-MLFGAINED>welcome</F-MLFGAINED></F-MLFFORGET> <F-USER>\w+</F-USER> <ADDR>$",
    ];
    let mut judge = judge("", &patterns, &[], 1);
    // The address first, the failures behind it.
    assert_eq!(told(&mut judge, "1 from 192.0.2.1"), "nofail");
    assert_eq!(told(&mut judge, "1 wrong for a"), "192.0.2.1 2");
    // A failure that waits for its address.
    assert_eq!(told(&mut judge, "2 wrong for a"), "nofail");
    assert_eq!(told(&mut judge, "2 closed by 192.0.2.2"), "192.0.2.2 2");
    // Forgotten: nothing of it counts again.
    assert_eq!(told(&mut judge, "2 wrong for a"), "nofail");
    // Who got in has not failed, unless another account was tried before.
    assert_eq!(told(&mut judge, "3 from 192.0.2.3"), "nofail");
    assert_eq!(told(&mut judge, "3 welcome a 192.0.2.3"), "nofail");
    assert_eq!(told(&mut judge, "4 wrong for a"), "nofail");
    assert_eq!(told(&mut judge, "4 welcome b 192.0.2.4"), "192.0.2.4 1");
}

#[test]
fn connections_that_are_remembered_are_few_and_fresh() {
    let patterns =
        [r"^<F-MLFID>\d+</F-MLFID> <F-NOFAIL>from</F-NOFAIL> <ADDR>$", r"^<F-MLFID>\d+</F-MLFID> wrong$"];
    let mut judge = judge("", &patterns, &[], 1);
    told(&mut judge, "0 from 192.0.2.1");
    for number in 1..=event::limit::FAIL2BAN_PENDING_CONNECTIONS {
        told(&mut judge, &format!("{number} from 192.0.2.2"));
    }
    assert_eq!(told(&mut judge, "0 wrong"), "nofail", "the oldest made room");
    assert_eq!(told(&mut judge, "99 wrong"), "192.0.2.2 2");
    let later = NOW.after(std::time::Duration::from_secs(5 * 60));
    assert!(matches!(judge.message("98 wrong", later, later), Verdict::NoFailure(_)));
}

#[test]
fn a_match_may_span_lines_and_leaves_what_it_skipped() {
    let pattern = [r"^(?P<c>\d+) wrong$<SKIPLINES>^(?P=c) end <ADDR>$"];
    let mut judge = judge("", &pattern, &[], 3);
    for (line, verdict) in [
        ("1 wrong", "missed"),
        ("2 wrong", "missed"),
        ("1 end 192.0.2.1", "192.0.2.1 2"),
        ("2 end 192.0.2.2", "192.0.2.2 2"),
        ("3 wrong", "missed"),
        ("x", "missed"),
        ("y", "missed"),
        ("3 end 192.0.2.3", "missed"),
    ] {
        assert_eq!(told(&mut judge, line), verdict, "{line}");
    }
}

#[test]
fn what_is_ignored_is_no_failure() {
    let mut one = judge("", &["^bad <ADDR>"], &["monitor$"], 1);
    assert_eq!(told(&mut one, "bad 192.0.2.1 monitor"), "ignored");
    assert_eq!(told(&mut one, "bad 192.0.2.1"), "192.0.2.1 1");
    let mut many = judge("", &["^a <ADDR>", "^b <ADDR>", "^c <ADDR>", "^d <ADDR>"], &["monitor$"], 1);
    assert_eq!(told(&mut many, "nothing monitor"), "ignored");
}

#[test]
fn alternates_and_tuples_are_put_together() {
    let mut judge = judge(
        "",
        &[
            "^a (?:<F-USER>x</F-USER>|<F-ALT_USER_1>y</F-ALT_USER_1>) <ADDR>$",
            "^b <F-ID>\\w</F-ID>/<F-TUPLE_ID>\\w</F-TUPLE_ID> <ADDR>$",
        ],
        &[],
        1,
    );
    let Verdict::Failure(failure) = judge.message("a y 192.0.2.1", NOW, NOW) else { panic!() };
    assert_eq!(failure.groups.get("user"), Some(&Some(Value::Text("y".into()))));
    let Verdict::Failure(failure) = judge.message("b k/l 192.0.2.1", NOW, NOW) else { panic!() };
    let parts = ["k", "l"].map(|part| Some(part.to_owned())).into();
    assert_eq!(failure.who, Who::Identity(Value::Tuple(parts)));
    assert_eq!(failure.address.unwrap().to_string(), "192.0.2.1");
}

#[test]
fn whom_it_is_about() {
    let mut judge = judge("", &["^h <HOST>$", "^s <SUBNET>$", "^i <F-ID/>$"], &[], 1);
    for (line, whom) in [
        ("h 192.0.2.1", "192.0.2.1 1"),
        ("h ::ffff:c000:201", "192.0.2.1 1"),
        ("h [2001:DB8:0::1]", "2001:db8::1 1"),
        ("h host.example", "host.example 1"),
        ("h 999.0.2.1", "999.0.2.1 1"),
        ("s 192.0.2.1/24", "192.0.2.0/24 1"),
        ("s 2001:db8::1/32", "2001:db8::/32 1"),
        ("i session", "session 1"),
    ] {
        assert_eq!(told(&mut judge, line), whom, "{line}");
    }
}

#[test]
fn patterns_that_cannot_be_used_are_told_and_left_out() {
    let filter = FilterText {
        failregex: ["^(a <ADDR>", "^b <ADDR>", "^nobody$"].map(str::to_owned).into(),
        maxlines: 1,
        ..FilterText::default()
    };
    let dates = DateDetector::new(None, None).unwrap();
    let (mut judge, wrong) = Judge::new(&filter, Names::Read, dates, TimeZone::UTC);
    assert_eq!(
        wrong.iter().map(|one| &one.wrong).collect::<Vec<_>>(),
        [&Wrong::Unclosed, &Wrong::NoIdentity]
    );
    assert_eq!(told(&mut judge, "b 192.0.2.1"), "192.0.2.1 1");
}

#[test]
fn lines_that_lack_what_every_pattern_needs_go_at_once_and_no_others() {
    let mut judge =
        judge("", &["^(?i:bask) <ADDR>$", "^wrong (?:key|password) <ADDR>$", "^\\d+ <ADDR>$"], &[], 1);
    for (line, verdict) in [
        ("BaSK 192.0.2.1", "192.0.2.1 1"),
        ("ba\u{17f}\u{212a} 192.0.2.1", "192.0.2.1 1"),
        ("wrong key 192.0.2.1", "192.0.2.1 1"),
        ("17 192.0.2.1", "192.0.2.1 1"),
        ("\u{661} 192.0.2.1", "192.0.2.1 1"),
        ("right key 192.0.2.1", "missed"),
    ] {
        assert_eq!(told(&mut judge, line), verdict, "{line}");
    }
}
