//! What `fail2ban-regex` prints, beside Debian's.

use super::*;

#[test]
fn the_report_is_debians() {
    const LOGS: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
    let host = Host::new();
    let log = |name: &str| format!("{LOGS}/{name}");
    let own = host.place.path("own.log");
    fs::write(
        &own,
        "2026-01-02 03:04:05 bad login from 192.0.2.1\n2026-01-02 03:04:06 well\n2026-01-02 03:04:07 bad login from 192.0.2.2",
    )
    .expect("write a log");
    let own = own.display().to_string();
    let russian = host.place.path("russian.log");
    // KOI8-R: "пароль" and "ъ".
    let lines = b"2026-01-02 03:04:05 \xd0\xc1\xd2\xcf\xcc\xd8 from 192.0.2.1\n2026-01-02 03:04:06 \xdf\n";
    fs::write(&russian, lines).expect("write a log");
    let russian = russian.display().to_string();
    let (sshd, asterisk, nginx, dovecot) =
        (log("sshd"), log("asterisk"), log("nginx-http-auth"), log("dovecot"));
    let cases: [&[&str]; 18] = [
        &["-r", &sshd, "sshd"],
        &["-r", "--print-all-matched", &sshd, "sshd[mode=aggressive]"],
        &["--usedns", "no", "-v", &asterisk, "asterisk"],
        &["-r", "--print-all-missed", &nginx, "nginx-http-auth"],
        &["-r", "-o", "ip", &dovecot, "dovecot"],
        &["-r", &own, "bad login from <HOST>$"],
        &["-r", &own, "bad login from <HOST>$", "192.0.2.1"],
        &["-r", "2026-01-02 03:04:05 bad login from 192.0.2.1", "bad login from <HOST>$"],
        &["-r", "one\n2026-01-02 03:04:05 bad login from 192.0.2.1", "bad login from <HOST>$"],
        &["-r", "a line", "no host"],
        &["-r", "-", "from <HOST>$"],
        &["-r", "a line", "no-such-filter"],
        &["-e", "koi8-r", "--print-all-matched", &russian, "пароль from <HOST>$"],
        &["-e", "latin1", &russian, "пароль from <HOST>$"],
        &["-V"],
        &["--nonsense"],
        &["only-one-word"],
        &["--print-no-missed", "--print-all-missed", &own, "x"],
    ];
    for words in cases {
        let (ours, theirs) = (host.ours("fail2ban-regex", words), host.theirs("fail2ban-regex", words));
        assert_eq!(ours.code, theirs.code, "{words:?} {ours:?}");
        if ours.out.starts_with("Usage:") {
            assert!(theirs.out.starts_with("Usage:"), "{words:?}");
        } else {
            assert_eq!(timeless(&ours.out), timeless(&theirs.out), "{words:?}");
        }
        assert_eq!(ours.err.lines().last(), theirs.err.lines().last(), "{words:?}");
        let times = |text: &str| text.lines().filter(|line| line.starts_with("[processed in ")).count();
        assert_eq!(times(&ours.out), times(&theirs.out), "{words:?}");
    }
}

/// The lines of a report but for the time that it took. What has no date is shown with the present one, which goes on while a test runs.
pub fn timeless(text: &str) -> Vec<String> {
    let today = jiff::Zoned::new(crate::support::deadline::now(), jiff::tz::TimeZone::system());
    let today = today.strftime("  %a %b %d ").to_string();
    let lines = text.lines().filter(|line| !line.starts_with("[processed in "));
    lines.map(|line| line.split_once(&today).map_or(line, |(before, _)| before).to_owned()).collect()
}
