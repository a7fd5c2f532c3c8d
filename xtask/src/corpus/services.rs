//! Logs of services that fail2ban has filters for: each with the failures that the filter finds and the lines that such a log is full of.
//! One line in ten is a failure. It refuses to be exhaustive: one log for each way to write dates and prefixes is enough.

use std::io::{self, Write};

use super::{Dice, USERS, attacker, clock};

/// A service's log. In its lines, `{from}` is an attacker's address, `{peer}` another, `{user}`, `{port}`, `{pid}` and `{number}` vary.
pub struct Service {
    /// The file's name.
    pub log: &'static str,
    date: Date,
    failed: &'static [&'static str],
    others: &'static [&'static str],
}

/// How a log writes its dates.
enum Date {
    /// `Nov  1 00:00:00`
    Syslog,
    /// `2026-11-01 00:00:00`
    Iso,
    /// `2026-11-01 00:00:00,123`
    Millis,
    /// `2026/11/01 00:00:00`
    Slashes,
    /// `[Sun Nov 01 00:00:00.123456 2026]`
    Apache,
    /// `192.0.2.1 - - [01/Nov/2026:00:00:00 +0000]`: `{date}` within the line.
    Web,
}

/// All of them.
pub const SERVICES: [Service; 9] = [
    Service {
        log: "nginx-error.log",
        date: Date::Slashes,
        failed: &[
            r#"[error] {pid}#0: *{number} user "{user}": password mismatch, client: {from}, server: www.example.com, request: "GET /admin HTTP/1.1", host: "www.example.com""#,
            r#"[error] {pid}#0: *{number} user "{user}" was not found in "/etc/nginx/.htpasswd", client: {from}, server: www.example.com, request: "GET / HTTP/1.1", host: "www.example.com""#,
        ],
        others: &[
            r#"[error] {pid}#0: *{number} open() "/var/www/html/favicon.ico" failed (2: No such file or directory), client: {peer}, server: www.example.com, request: "GET /favicon.ico HTTP/1.1", host: "www.example.com""#,
            r#"[warn] {pid}#0: *{number} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/1/00/{number} while reading upstream, client: {peer}, server: www.example.com"#,
            r#"[notice] {pid}#0: signal process started"#,
        ],
    },
    Service {
        log: "postfix.log",
        date: Date::Syslog,
        failed: &[
            "mx1 postfix/smtpd[{pid}]: NOQUEUE: reject: RCPT from unknown[{from}]: 554 5.7.1 <{user}@example.org>: Relay access denied; from=<a@example.com> to=<{user}@example.org> proto=ESMTP helo=<mail>",
            "mx1 postfix/smtpd[{pid}]: NOQUEUE: reject: RCPT from unknown[{from}]: 550 5.1.1 <{user}@example.com>: Recipient address rejected: User unknown in local recipient table; from=<a@example.com> to=<{user}@example.com> proto=ESMTP helo=<mail>",
        ],
        others: &[
            "mx1 postfix/smtpd[{pid}]: connect from mail.example.net[{peer}]",
            "mx1 postfix/smtpd[{pid}]: disconnect from mail.example.net[{peer}] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5",
            "mx1 postfix/cleanup[{pid}]: 4F{number}: message-id=<{number}.{port}@example.net>",
            "mx1 postfix/qmgr[712]: 4F{number}: from=<list@example.net>, size={port}, nrcpt=1 (queue active)",
            "mx1 postfix/lmtp[{pid}]: 4F{number}: to=<{user}@example.com>, relay=mx1[private/dovecot-lmtp], delay=0.3, dsn=2.0.0, status=sent (250 2.0.0 Saved)",
        ],
    },
    Service {
        log: "dovecot.log",
        date: Date::Syslog,
        failed: &[
            "mx1 dovecot: imap-login: Disconnected (auth failed, 2 attempts in 8 secs): user=<{user}>, method=PLAIN, rip={from}, lip=192.0.2.10, TLS, session=<a{number}>",
            "mx1 dovecot: pop3-login: Aborted login (auth failed, 1 attempts in 17 secs): user=<{user}>, method=PLAIN, rip={from}, lip=192.0.2.10, session=<a{number}>",
        ],
        others: &[
            "mx1 dovecot: imap-login: Login: user=<{user}>, method=PLAIN, rip={peer}, lip=192.0.2.10, mpid={pid}, TLS, session=<a{number}>",
            "mx1 dovecot: imap({user})<{pid}><a{number}>: Logged out in=120 out={port} deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0",
            "mx1 dovecot: lmtp({user})<{pid}><a{number}>: sieve: msgid=<{number}@example.net>: stored mail into mailbox 'INBOX'",
        ],
    },
    Service {
        log: "fail2ban.log",
        date: Date::Millis,
        failed: &["fail2ban.actions        [812]: NOTICE  [sshd] Ban {from}"],
        others: &[
            "fail2ban.filter         [812]: INFO    [sshd] Found {from} - 2026-11-01 00:00:00",
            "fail2ban.actions        [812]: NOTICE  [sshd] Unban {from}",
            "fail2ban.observer       [812]: INFO    [sshd] Found {from}, bad - 2026-11-01 00:00:00, 1 # -> 2.0",
        ],
    },
    Service {
        log: "apache-error.log",
        date: Date::Apache,
        failed: &[
            "[auth_basic:error] [pid {pid}:tid 140123053950720] [client {from}:{port}] AH01617: user {user}: authentication failure for \"/admin\": Password Mismatch",
            "[authz_core:error] [pid {pid}] [client {from}:{port}] AH01630: client denied by server configuration: /var/www/html/.env",
        ],
        others: &[
            "[core:error] [pid {pid}] [client {peer}:{port}] AH00126: Invalid URI in request GET /%%{number} HTTP/1.1",
            "[php:notice] [pid {pid}] [client {peer}:{port}] PHP Notice:  Undefined index: page in /var/www/html/index.php on line 12, referer: https://www.example.com/",
            "[mpm_event:notice] [pid 1:tid 140123053950720] AH00489: Apache/2.4.57 (Debian) configured -- resuming normal operations",
        ],
    },
    Service {
        log: "exim.log",
        date: Date::Iso,
        failed: &[
            "login authenticator failed for (mail) [{from}]: 535 Incorrect authentication data (set_id={user})",
            "H=(mail) [{from}]:{port} I=[192.0.2.10]:25 F=<a@example.com> rejected RCPT {user}@example.org: relay not permitted",
        ],
        others: &[
            "1o{number}-0003Nd-Ab <= list@example.net H=mail.example.net [{peer}] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 S={port} id={number}@example.net",
            "1o{number}-0003Nd-Ab => {user} <{user}@example.com> R=local_user T=maildir_home",
            "1o{number}-0003Nd-Ab Completed",
            "no host name found for IP address {peer}",
        ],
    },
    Service {
        log: "mysqld.log",
        date: Date::Iso,
        failed: &["{number} [Warning] Access denied for user '{user}'@'{from}' (using password: YES)"],
        others: &[
            "{number} [Warning] Aborted connection {number} to db: 'shop' user: '{user}' host: '{peer}' (Got timeout reading communication packets)",
            "{number} [Note] InnoDB: page_cleaner: 1000ms intended loop took {port}ms. The settings might not be optimal.",
        ],
    },
    Service {
        log: "nginx-access.log",
        date: Date::Web,
        failed: &[
            r#"{from} - - [{date}] "GET /phpMyAdmin/scripts/setup.php HTTP/1.1" 404 162 "-" "Mozilla/5.0""#,
            r#"{from} - - [{date}] "GET /cgi-bin/php4 HTTP/1.1" 404 162 "-" "Mozilla/5.0""#,
        ],
        others: &[
            r#"{peer} - - [{date}] "GET /static/app.js?v={number} HTTP/1.1" 200 {port} "https://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101""#,
            r#"{peer} - {user} [{date}] "POST /api/v1/items HTTP/1.1" 201 {port} "-" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101""#,
            r#"{peer} - - [{date}] "GET /missing/{number} HTTP/1.1" 404 162 "-" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101""#,
        ],
    },
    Service {
        log: "vsftpd.log",
        date: Date::Syslog,
        failed: &[
            "ftp1 vsftpd[{pid}]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser={user} rhost={from}",
        ],
        others: &[
            "ftp1 vsftpd[{pid}]: pam_unix(vsftpd:session): session opened for user {user} by (uid=0)",
            "ftp1 vsftpd[{pid}]: CONNECT: Client \"{peer}\"",
        ],
    },
];

impl Service {
    /// Writes the line of this number.
    pub fn write(&self, out: &mut impl Write, dice: &mut Dice, number: u32) -> io::Result<()> {
        let texts = if dice.below(10) == 0 { self.failed } else { self.others };
        let text = texts[dice.below(texts.len() as u32) as usize];
        let (hour, minute, second) = clock(number);
        let time = format!("{hour:02}:{minute:02}:{second:02}");
        let millis = dice.below(1000);
        match self.date {
            Date::Syslog => write!(out, "Nov  1 {time} ")?,
            Date::Iso => write!(out, "2026-11-01 {time} ")?,
            Date::Millis => write!(out, "2026-11-01 {time},{millis:03} ")?,
            Date::Slashes => write!(out, "2026/11/01 {time} ")?,
            Date::Apache => write!(out, "[Sun Nov 01 {time}.{millis:03}456 2026] ")?,
            Date::Web => {}
        }
        let peer = format!("10.0.0.{}", dice.below(200));
        let line = text
            .replace("{date}", &format!("01/Nov/2026:{time} +0000"))
            .replace("{from}", &attacker(dice))
            .replace("{peer}", &peer)
            .replace("{user}", USERS[dice.below(10) as usize])
            .replace("{port}", &(1024 + dice.below(64_000)).to_string())
            .replace("{pid}", &(1000 + dice.below(64_000)).to_string())
            .replace("{number}", &number.to_string());
        writeln!(out, "{line}")
    }
}
