//! A source address that may be forged is believed only so far.

use crate::support::place::seconds_between;
use crate::support::{Notices, Place};

const SETTINGS: &str = "[defaults]\nmax_retry = 3\nban_time = '1h'\n[evidence]\nclaimed_ban_time = '5m'\n";

/// Asterisk names an account that does not exist; over UDP, one datagram with any source is enough for that.
fn unknown_account(address: &str, transport: &str) -> String {
    format!(
        "[2026-11-01 00:00:00] SECURITY[42] res_security_log.c: SecurityEvent=\"InvalidAccountID\",\
         EventTV=\"2026-11-01T00:00:00.015+0300\",Severity=\"Error\",Service=\"PJSIP\",EventVersion=\"1\",AccountID=\"7\",\
         SessionID=\"a\",LocalAddress=\"IPV4/{transport}/192.0.2.10/5060\",\
         RemoteAddress=\"IPV4/{transport}/{address}/5061\"\n"
    )
}

/// A login with a password, which answers a challenge: not to be forged.
fn login(address: &str) -> String {
    format!(
        "[2026-11-01 00:00:00] SECURITY[42] res_security_log.c: SecurityEvent=\"SuccessfulAuth\",\
         EventTV=\"2026-11-01T00:00:00.123+0000\",Severity=\"Informational\",Service=\"PJSIP\",EventVersion=\"1\",\
         AccountID=\"100\",SessionID=\"abc\",LocalAddress=\"IPV4/UDP/192.0.2.10/5060\",\
         RemoteAddress=\"IPV4/UDP/{address}/5060\",UsingPassword=\"1\"\n"
    )
}

/// Where only Asterisk's log is read.
fn asterisk_place() -> Place {
    let place = Place::new("");
    let log = place.log();
    place
        .configure(&format!("{SETTINGS}[jails.asterisk]\nenabled = true\nlogs = {log:?}\njournal = false\n"));
    place
}

#[test]
fn forged_datagrams_ban_for_a_short_time_and_never_a_friend() {
    let place = asterisk_place();
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.append(&unknown_account("198.51.100.1", "UDP").repeat(3));
    assert_eq!(notices.added("198.51.100.1"), "asterisk_v4");
    let claimed = place.ban_of("198.51.100.1").expect("it is banned");
    assert_eq!(
        (&claimed["proof"], seconds_between(&claimed["since"], &claimed["until"])),
        (&"claimed".into(), 300)
    );
    assert_eq!(place.json(&["why", "198.51.100.1"])["earlier_bans"], 0);

    place.append(&unknown_account("198.51.100.2", "TCP").repeat(3));
    notices.added("198.51.100.2");
    let proven = place.ban_of("198.51.100.2").expect("it is banned");
    assert_eq!(
        (&proven["proof"], seconds_between(&proven["since"], &proven["until"])),
        (&"proven".into(), 3600)
    );

    place.append(&login("198.51.100.3"));
    place.append(&unknown_account("198.51.100.3", "UDP").repeat(3));
    place.settle(&mut daemon);
    assert_eq!(place.ban_of("198.51.100.3"), None);
    let why = place.run(&["why", "198.51.100.3"]);
    assert!(why.code == 1 && why.out.contains("only claimed evidence, and it logged in"), "{why:?}");
    place.append(&unknown_account("198.51.100.3", "TCP").repeat(3));
    notices.added("198.51.100.3");
}

/// The notice that Asterisk writes into another log about the same attempt; it does not say by which transport.
fn notice(address: &str) -> String {
    format!(
        "[2026-11-01 00:00:00] NOTICE[42] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:7@192.0.2.10>' failed \
         for '{address}:5061' (callid: a) - No matching endpoint found\n"
    )
}

#[test]
fn an_attempt_that_two_lines_tell_of_counts_once_and_proof_outlasts_a_claim() {
    let place = asterisk_place();
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    let attempt = |address: &str| unknown_account(address, "TCP") + &notice(address);
    place.append(&attempt("198.51.100.1").repeat(2));
    place.settle(&mut daemon);
    assert_eq!(place.ban_of("198.51.100.1"), None, "four lines tell of two attempts");

    // The notices come first and claim; what the events prove counts on, and its ban takes the place of the short one.
    place.append(&notice("198.51.100.2").repeat(3));
    notices.added("198.51.100.2");
    assert_eq!(place.ban_of("198.51.100.2").expect("it is banned")["proof"], "claimed");
    place.append(&unknown_account("198.51.100.2", "TCP").repeat(3));
    notices.added("198.51.100.2");
    let proven = place.ban_of("198.51.100.2").expect("it is banned");
    assert_eq!(
        (&proven["proof"], seconds_between(&proven["since"], &proven["until"])),
        (&"proven".into(), 3600)
    );
}
