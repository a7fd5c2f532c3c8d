//! What was deleted while nobody here kept the file is noticed when it is opened again; what never was there is not.

mod peer;

use std::fs;
use std::path::{Path, PathBuf};

use dropin::Happening;
use event::Moment;
use mirror::Seal;
use peer::{Ours, Peer, banned, now, opened, ours, panel, started};

/// The file of a run that was kept to its end, with bans of two jails.
struct Left {
    dir: tempfile::TempDir,
    at: Moment,
    never_written: Option<u8>,
}

/// What somebody does to a file.
type Change = fn(&Path);

const SEAL: Seal = Seal { is_known: true, last: 7, next: 8 };
const JAILS: [&str; 2] = ["asterisk", "sshd"];
const ALL: [&str; 6] = [
    "asterisk 192.0.2.1",
    "asterisk 192.0.2.2",
    "asterisk 192.0.2.3",
    "sshd 192.0.2.1",
    "sshd 192.0.2.2",
    "sshd 192.0.2.3",
];

impl Left {
    fn closed() -> Self {
        let left = Self { dir: tempfile::tempdir().unwrap(), at: now(), never_written: None };
        assert!(left.fill().database.close());
        left
    }

    /// As a kill leaves it: without the ban that was to be written next.
    fn killed() -> Self {
        let left = Self { dir: tempfile::tempdir().unwrap(), at: now(), never_written: Some(4) };
        let first = left.fill();
        let copy = left.dir.path().join("copy");
        fs::copy(left.path(), &copy).unwrap();
        drop(first);
        fs::rename(copy, left.path()).unwrap();
        left
    }

    fn fill(&self) -> Ours {
        let first = opened(&self.path(), Seal { is_known: false, last: 0, next: SEAL.last });
        self.tell(&first, &[1, 2, 3], false);
        first.settle();
        first
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("fail2ban.sqlite3")
    }

    fn tell(&self, ours: &Ours, numbers: &[u8], is_restored: bool) {
        for jail in JAILS {
            ours.database.tell(&started(jail));
            for number in numbers {
                let mut ban = banned(jail, &format!("192.0.2.{number}"), self.at, 600, 0);
                if let Happening::Banned { restored, .. } = &mut ban {
                    *restored = is_restored;
                }
                ours.database.tell(&ban);
            }
        }
    }

    /// At the next start: what is lifted. All else stands in the file then.
    fn lifted(&self) -> Vec<String> {
        let ours = opened(&self.path(), SEAL);
        let numbers: Vec<u8> = (1..=3).chain(self.never_written).collect();
        self.tell(&ours, &numbers, true);
        let lifted = ours.lifted_before();
        for table in ["bans", "bips"] {
            let stands = stands(&self.path(), table);
            let all =
                JAILS.iter().flat_map(|jail| numbers.iter().map(move |at| format!("{jail} 192.0.2.{at}")));
            let expected: Vec<String> = all.filter(|one| !lifted.contains(one)).collect();
            assert_eq!(stands.lines().collect::<Vec<_>>(), expected, "{table}");
        }
        assert!(ours.nothing_lifted());
        lifted
    }
}

fn stands(path: &Path, table: &str) -> String {
    panel(path, &[&format!("SELECT jail, ip FROM {table} ORDER BY jail, ip")])
}

/// In the middle, where rows are.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let from = bytes.len() / 10;
    bytes[from..].fill(0xa5);
    fs::write(path, bytes).unwrap();
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_was_deleted_meanwhile_is_lifted() {
    // A kill leaves no seal; one table is enough to know of the other.
    for left in [Left::closed(), Left::killed()] {
        panel(&left.path(), &["DELETE FROM bans WHERE jail = 'sshd' AND ip = '192.0.2.2'", "VACUUM"]);
        assert_eq!(left.lifted(), ["sshd 192.0.2.2"]);
    }
    let left = Left::killed();
    panel(&left.path(), &["DELETE FROM bans", "VACUUM"]);
    assert_eq!(left.lifted(), ALL);
    // From which fail2ban itself takes up what holds.
    let left = Left::killed();
    panel(&left.path(), &["DELETE FROM bips WHERE ip = '192.0.2.3'"]);
    assert_eq!(left.lifted(), ["asterisk 192.0.2.3", "sshd 192.0.2.3"]);
}

#[test]
fn a_ban_that_is_in_neither_table_is_missed_if_all_was_written() {
    let both =
        ["DELETE FROM bans WHERE ip = '192.0.2.1'", "DELETE FROM bips WHERE ip = '192.0.2.1'", "VACUUM"];
    let left = Left::killed();
    panel(&left.path(), &both);
    assert_eq!(left.lifted(), NOTHING);
    let left = Left::closed();
    panel(&left.path(), &both);
    assert_eq!(left.lifted(), ["asterisk 192.0.2.1", "sshd 192.0.2.1"]);
    // The seal is broken by the next start, so that a kill leaves none.
    let left = Left::closed();
    left.lifted();
    assert_eq!(panel(&left.path(), &["PRAGMA user_version"]), "8");
    let ours = opened(&left.path(), SEAL);
    ours.settle();
    assert_eq!(panel(&left.path(), &["PRAGMA user_version"]), "0");
}

#[test]
fn a_file_that_is_not_the_one_that_was_left_lifts_nothing() {
    let changes: [(&str, Change); 6] = [
        ("deleted", |path| fs::remove_file(path).unwrap()),
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("damaged", |path| damage(path)),
        ("stripped", |path| drop(panel(path, &["DROP TABLE bans"]))),
        ("made anew", |path| {
            fs::remove_file(path).unwrap();
            drop(ours(path));
        }),
        ("vacuumed", |path| drop(panel(path, &["VACUUM"]))),
    ];
    for (what, change) in changes {
        for left in [Left::closed(), Left::killed()] {
            change(&left.path());
            assert_eq!(left.lifted(), NOTHING, "{what}");
        }
    }
    // Nor does one that was never kept here, though bans of ours stand there.
    let left = Left::closed();
    panel(&left.path(), &["DELETE FROM bans"]);
    let ours = opened(&left.path(), Seal { is_known: false, ..SEAL });
    left.tell(&ours, &[1, 2, 3], true);
    assert_eq!(ours.lifted_before(), NOTHING);
}

#[test]
fn what_debians_server_purges_meanwhile_is_no_deletion() {
    let mut peer = Peer::new();
    let at = Moment::from_seconds(now().seconds() - 200_000);
    let first = opened(&peer.database(), Seal { is_known: false, last: 0, next: SEAL.last });
    first.database.tell(&started("sshd"));
    let mut ban = banned("sshd", "192.0.2.1", at, 1_000_000, 0);
    first.database.tell(&ban);
    assert!(first.database.close());
    peer.start();
    peer.stop();
    // What its server does an hour after its start.
    panel(&peer.database(), &["DELETE FROM bans WHERE timeofban < strftime('%s', 'now') - 86400"]);
    assert_eq!(stands(&peer.database(), "bans"), "");
    let ours = opened(&peer.database(), SEAL);
    ours.database.tell(&started("sshd"));
    if let Happening::Banned { restored, .. } = &mut ban {
        *restored = true;
    }
    ours.database.tell(&ban);
    assert_eq!(ours.lifted_before(), NOTHING);
    assert_eq!(stands(&peer.database(), "bans"), "sshd 192.0.2.1");
}

#[test]
fn a_jail_that_starts_again_later_misses_nothing() {
    let left = Left::closed();
    let ours = opened(&left.path(), SEAL);
    left.tell(&ours, &[1, 2, 3], true);
    assert_eq!(ours.lifted_before(), NOTHING);
    ours.database.tell(&Happening::Stopped { jail: "sshd".to_owned() });
    ours.settle();
    panel(&left.path(), &["DELETE FROM bans WHERE jail = 'sshd'"]);
    left.tell(&ours, &[1], true);
    assert_eq!(ours.lifted_before(), NOTHING);
}
