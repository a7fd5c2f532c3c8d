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
    let (sshd, asterisk, nginx, dovecot) =
        (log("sshd"), log("asterisk"), log("nginx-http-auth"), log("dovecot"));
    let cases: [&[&str]; 16] = [
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
        &["-V"],
        &["--nonsense"],
        &["only-one-word"],
        &["--print-no-missed", "--print-all-missed", &own, "x"],
    ];
    let today = jiff::Zoned::new(crate::support::deadline::now(), jiff::tz::TimeZone::system());
    let today = today.strftime("  %a %b %d ").to_string();
    for words in cases {
        let (ours, theirs) = (host.ours("fail2ban-regex", words), host.theirs("fail2ban-regex", words));
        assert_eq!(ours.code, theirs.code, "{words:?} {ours:?}");
        // What has no date is shown with the present one, which goes on while the test runs.
        let timeless = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with("[processed in "));
            lines.map(|line| line.split_once(&today).map_or(line, |(before, _)| before).to_owned()).collect()
        };
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

#[test]
fn the_journal_is_reported_too() {
    let entry = |second: u8, unit: &str, message: &str| {
        format!(
            "__REALTIME_TIMESTAMP=17000000{second:02}000000\n_HOSTNAME=box\nSYSLOG_IDENTIFIER={unit}\n_PID=7\n\
             _SYSTEMD_UNIT={unit}.service\nMESSAGE={message}\n\n"
        )
    };
    let host = Host::new();
    let journal = host.place.path("own.journal");
    let mut command = Command::new("/usr/lib/systemd/systemd-journal-remote");
    command.arg("-o").arg(&journal).arg("-");
    let failed = "Failed password for root from 192.0.2.1 port 22 ssh2";
    let entries = entry(1, "sshd", failed)
        + &entry(2, "cron", failed)
        + &entry(3, "sshd", "Server listening on :: port 22.");
    assert_eq!(finish(command, &entries).code, 0, "tests/setup.sh installs systemd-journal-remote");
    // Debian's program needs a Python module that the package does not bring, so what is expected stands here.
    let log = format!("systemd-journal[journalfiles={}]", journal.display());
    let report = host.ours("fail2ban-regex", &["-v", &log, "sshd"]);
    assert_eq!((report.code, report.err.as_str()), (0, ""));
    assert!(
        report.out.contains("Use    journal match : _SYSTEMD_UNIT=sshd.service + _COMM=sshd\n"),
        "{report:?}"
    );
    assert!(report.out.contains("\nLines: 2 lines, 0 ignored, 1 matched, 1 missed\n"), "{report:?}");
    assert!(report.out.contains("|  box sshd[7]: Server listening on :: port 22.\n"), "{report:?}");
    let report = host.ours("fail2ban-regex", &["systemd-journal[journalflags=1]", "sshd"]);
    assert!(report.code == 255 && report.err.contains("'journalflags' is not known here"), "{report:?}");
}
