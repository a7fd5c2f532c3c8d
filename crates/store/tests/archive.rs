//! The archive reads what the store writes, while it writes, and goes on when the file is replaced.

mod sample;

use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use event::{Decision, Failure, JailName, Moment, Subject, Unban, limit};
use sample::{ban, batch, failure, open, scattered, subject};
use store::{Archive, Batch, Sqlite, Store, StoreError, TopNetwork, TopSubject};

const HOUR: Duration = Duration::from_secs(3600);
/// A full hour.
const BEGIN: i64 = 3600 * 400_000;

fn at(seconds: i64) -> Moment {
    Moment::from_seconds(BEGIN + seconds)
}

fn failed(who: &str, jail: &str, seconds: i64) -> Failure {
    Failure { jail: JailName::new(jail), ..failure(who, BEGIN + seconds) }
}

fn steps(pairs: &[(&str, &[u64])]) -> Vec<(JailName, Vec<u64>)> {
    pairs.iter().map(|(jail, sums)| (JailName::new(jail), sums.to_vec())).collect()
}

#[test]
fn failures_are_summed_up_by_step_and_second_tellings_do_not_count_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let failures = vec![
        failed("192.0.2.1", "sshd", -1),
        failed("192.0.2.1", "sshd", 0),
        Failure { count: 3, ..failed("192.0.2.2", "sshd", 3599) },
        Failure { echo: 1, ..failed("192.0.2.1", "sshd", 10) },
        failed("192.0.2.1", "sshd", 3600),
        // Seen in its second telling only.
        Failure { echo: 1, count: 2, ..failed("192.0.2.1", "asterisk", 7200) },
        failed("192.0.2.1", "sshd", 3 * 3600),
    ];
    let mut archive = Archive::open(store.path()).unwrap();
    store.commit(&Batch { failures: failures.clone(), ..Batch::default() }).unwrap();
    let expected = steps(&[("asterisk", &[0, 0, 2]), ("sshd", &[4, 1, 0])]);
    assert_eq!(archive.failures_by_step(at(0), HOUR, 3).unwrap(), expected);
    // A second batch adds to the sums of the first, in fewer and longer steps.
    store.commit(&Batch { failures, ..Batch::default() }).unwrap();
    let expected = steps(&[("asterisk", &[0, 4]), ("sshd", &[10, 2])]);
    assert_eq!(archive.failures_by_step(at(0), 2 * HOUR, 2).unwrap(), expected);
    assert_eq!(archive.failures_by_step(at(9 * 3600), HOUR, 3).unwrap(), []);
    assert_eq!(archive.failures_by_step(at(0), Duration::ZERO, usize::MAX).unwrap().len(), 1);
}

#[test]
fn bans_are_counted_where_they_begin_and_prolonged_ones_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let made = |who: &str, jail: &str, since: i64, until: i64| {
        Decision::Ban(ban(who, jail, BEGIN + since, BEGIN + until))
    };
    let lifted = Unban {
        subject: subject("192.0.2.2"),
        jail: JailName::new("manual"),
        at: at(50),
        actor: "admin".to_owned(),
    };
    let decisions = [
        made("192.0.2.1", "sshd", 0, 7000),
        made("192.0.2.1", "sshd", 3700, 9000),
        made("192.0.2.1", "sshd", 9001, 9999),
        made("192.0.2.2", "manual", 1, 8000),
        Decision::Unban(lifted),
        made("192.0.2.2", "manual", 60, 8000),
    ];
    store.commit(&batch(decisions)).unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let expected = steps(&[("manual", &[2, 0, 0]), ("sshd", &[1, 0, 1])]);
    assert_eq!(archive.bans_by_step(at(0), HOUR, 3).unwrap(), expected);
}

#[test]
fn sums_stay_when_the_rows_go_and_go_when_they_are_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let bound = u32::try_from(limit::RECORDED_FAILURES).unwrap();
    store
        .commit(&Batch {
            failures: vec![Failure { count: bound, ..failed("192.0.2.1", "sshd", 0) }],
            ..batch([Decision::Ban(ban("192.0.2.1", "sshd", BEGIN, BEGIN + 9))])
        })
        .unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let age = Duration::from_secs(24 * 3600) * limit::RECORDED_FAILURE_DAYS;
    assert_eq!(store.prune(at(0).after(age)).unwrap().tallies, 0);
    assert_eq!(archive.failures_by_step(at(0), HOUR, 1).unwrap(), steps(&[("sshd", &[u64::from(bound)])]));
    assert_eq!(store.prune(at(900).after(age)).unwrap().tallies, 2);
    assert_eq!(archive.failures_by_step(at(0), HOUR, 1).unwrap(), []);
    assert_eq!(archive.bans_by_step(at(0), HOUR, 1).unwrap(), []);
}

#[test]
fn who_stands_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let named = |account: &str, failure: Failure| Failure { account: Some(account.into()), ..failure };
    let failures = vec![
        failed("192.0.2.9", "sshd", -1),
        named("root", failed("192.0.2.1", "sshd", 5)),
        named("root", failed("192.0.2.1", "sshd", 4)),
        failed("192.0.2.1", "asterisk", 1),
        // Two tellings of two attempts, one of which was told once only.
        named("100", failed("192.0.2.7", "asterisk", 2)),
        Failure { echo: 1, count: 2, ..named("100", failed("192.0.2.7", "asterisk", 2)) },
        named("root", failed("198.51.100.1", "sshd", 3)),
        failed("198.51.0.0/16", "sshd", 3),
        failed("2001:db8:0:1::/64", "sshd", 3),
        failed("2001:db8:0:2::/64", "sshd", 3),
    ];
    store.commit(&Batch { failures, ..Batch::default() }).unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let top = archive.top(at(0), 3).unwrap();
    let jails = |names: &[&str]| names.iter().map(|name| JailName::new(name)).collect::<Vec<_>>();
    let first = &top.subjects[0];
    assert_eq!((first.subject, first.failures, first.last), (subject("192.0.2.1"), 3, at(5)));
    assert_eq!(first.jails.iter().map(JailName::as_str).collect::<std::collections::BTreeSet<_>>().len(), 2);
    let second =
        TopSubject { subject: subject("192.0.2.7"), failures: 2, last: at(2), jails: jails(&["asterisk"]) };
    assert_eq!(top.subjects[1], second);
    assert_eq!(top.subjects.len(), 3);
    let networks = [
        TopNetwork { subnet: subject("192.0.2.0/24"), addresses: 2, failures: 5 },
        TopNetwork { subnet: subject("2001:db8::/48"), addresses: 2, failures: 2 },
    ];
    assert_eq!(top.networks, networks);
    let accounts: Vec<_> = top
        .accounts
        .iter()
        .map(|one| (one.account.as_str(), one.jail.as_str(), one.failures, one.addresses))
        .collect();
    assert_eq!(accounts, [("root", "sshd", 3, 2), ("100", "asterisk", 2, 1)]);
    assert_eq!(archive.top(at(0), 1).unwrap().networks.len(), 1);
    assert_eq!(archive.top(at(0), 0).unwrap(), store::Top::default());
    assert_eq!(archive.top(at(100), 9).unwrap(), store::Top::default());
}

#[test]
fn the_archive_answers_as_the_store_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut archive = Archive::open(store.path()).unwrap();
    let failures = (0..50).map(|n| failed("192.0.2.1", "sshd", n % 7)).collect();
    let decisions =
        [Decision::Ban(ban("192.0.2.1", "sshd", 1, 2)), Decision::Ban(ban("192.0.2.1", "sshd", 3, 9))];
    store.commit(&Batch { failures, ..batch(decisions) }).unwrap();
    let who = subject("192.0.2.1");
    assert_eq!(archive.evidence(&who, 9).unwrap(), store.evidence(&who, 9).unwrap());
    assert_eq!(archive.history(Some(&who), 9).unwrap(), store.history(Some(&who), 9).unwrap());
    assert_eq!(archive.history(None, 9).unwrap().len(), 1);
    assert_eq!(archive.audit(1).unwrap(), store.audit(1).unwrap());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    archive.failures_since(at(2), &mut |failure| ours.push(failure)).unwrap();
    store.failures_since(at(2), &mut |failure| theirs.push(failure)).unwrap();
    assert!(ours.len() > 30 && ours.is_sorted_by_key(|failure| failure.at));
    assert_eq!(ours, theirs);
}

#[test]
fn a_long_reading_sees_one_state_and_keeps_no_writer_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let turn =
        |seconds| Batch { failures: vec![failed("192.0.2.1", "sshd", seconds); 3], ..Batch::default() };
    store.commit(&turn(0)).unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let mut told = 0;
    archive
        .failures_since(at(0), &mut |_| {
            told += 1;
            // Written, and folded into the file as far as may be, in the midst of the reading.
            store.commit(&turn(told)).unwrap();
            store.prune(at(9)).unwrap();
        })
        .unwrap();
    assert_eq!(told, 3);
    assert_eq!(archive.top(at(0), 1).unwrap().subjects[0].failures, 12);
}

#[test]
fn reading_on_another_thread_while_the_store_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.commit(&Batch { failures: vec![failed("192.0.2.1", "sshd", 0)], ..Batch::default() }).unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let reader = std::thread::spawn(move || {
        let mut last = 0;
        while last < 2001 {
            // Names that are given out meanwhile are known, sums and rows are of one state.
            let sums = archive.failures_by_step(at(0), HOUR, 1).unwrap();
            let now: u64 = sums.iter().map(|(_, sums)| sums[0]).sum();
            assert!(now >= last, "{now} after {last}");
            assert!(archive.top(at(0), 5).unwrap().subjects[0].failures >= now);
            last = now;
        }
    });
    for n in 0..2000 {
        let jail = format!("jail-{}", n % 300);
        store.commit(&Batch { failures: vec![failed("192.0.2.1", &jail, 1)], ..Batch::default() }).unwrap();
        if n % 100 == 0 {
            store.prune(at(9)).unwrap();
        }
    }
    reader.join().unwrap();
}

#[test]
fn the_successor_of_a_damaged_file_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    let mut store = open(dir.path());
    let failures: Vec<_> =
        (0..5000).map(|n| Failure { subject: scattered(n), ..failed("192.0.2.1", "sshd", 1) }).collect();
    store.commit(&Batch { failures, ..Batch::default() }).unwrap();
    drop(store);
    let mut store = open(dir.path());
    let mut archive = Archive::open(&path).unwrap();
    assert_eq!(archive.failures_by_step(at(0), HOUR, 1).unwrap(), steps(&[("sshd", &[5000])]));
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let bytes = file.metadata().unwrap().len();
    file.write_all_at(&vec![0xa5; usize::try_from(bytes).unwrap() - 40_000], 40_000).unwrap();
    assert!(matches!(archive.top(at(0), 9), Err(StoreError::Corrupt { .. })));
    assert!(store.mend(at(1)).unwrap().is_some());
    assert_eq!(archive.top(at(0), 9).unwrap(), store::Top::default());
    store.commit(&Batch { failures: vec![failed("192.0.2.1", "sshd", 1)], ..Batch::default() }).unwrap();
    assert_eq!(archive.top(at(0), 9).unwrap().subjects.len(), 1);
    // The second daemon is still refused, and the one that mended can go on.
    assert!(matches!(Sqlite::open(&path, at(1)).err().unwrap(), StoreError::InUse { .. }));
    drop(store);
    assert_eq!(Sqlite::open(&path, at(1)).unwrap().set_aside, None);
}

#[test]
fn a_store_closed_before_its_archive_leaves_no_log_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut archive = Archive::open(store.path()).unwrap();
    store.commit(&Batch { failures: vec![failed("192.0.2.1", "sshd", 0)], ..Batch::default() }).unwrap();
    assert_eq!(archive.evidence(&subject("192.0.2.1"), 9).unwrap().len(), 1);
    drop(store);
    drop(archive);
    let left = fs::metadata(dir.path().join("stockade.db-wal")).map_or(0, |log| log.len());
    assert_eq!(left, 0);
}

#[test]
fn what_is_not_there_or_not_ours_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    assert!(matches!(Archive::open(&path).err().unwrap(), StoreError::Unwritable { .. }));
    fs::write(&path, "").unwrap();
    assert!(matches!(Archive::open(&path).err().unwrap(), StoreError::InUse { .. }));
    fs::write(&path, "no database ".repeat(400)).unwrap();
    assert!(matches!(Archive::open(&path).err().unwrap(), StoreError::Corrupt { .. }));
    assert_eq!(Subject::counted([192, 0, 2, 1].into()), subject("192.0.2.1"));
}

#[test]
fn whose_ban_was_ended_before_its_time_is_told_while_it_would_last() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let jail = JailName::new("sshd");
    let bans = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    let live = |who: &str| ban(who, "sshd", BEGIN, BEGIN + 3600);
    let unban =
        |who: &str| Unban { subject: subject(who), jail: jail.clone(), at: at(60), actor: "root".into() };
    let mut decisions: Vec<Decision> = bans.iter().map(|who| Decision::Ban(live(who))).collect();
    decisions.push(Decision::Unban(unban("192.0.2.1")));
    decisions.push(Decision::Unban(unban("192.0.2.2")));
    let expired = vec![(subject("192.0.2.3"), jail.clone())];
    store.commit(&Batch { decisions, at: at(60), ..Batch::default() }).unwrap();
    store.commit(&Batch { expired, at: at(3601), ..Batch::default() }).unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let told = archive.lifted_early(at(61), 10).unwrap();
    assert_eq!(told, [subject("192.0.2.2"), subject("192.0.2.1")], "the latest first");
    assert_eq!(archive.lifted_early(at(61), 1).unwrap(), [subject("192.0.2.2")]);
    assert_eq!(archive.lifted_early(at(3600), 10).unwrap(), []);
}
