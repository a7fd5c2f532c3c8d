//! Writes logs to measure with, the same bytes for the same arguments: `cargo xtask corpus DIR [LINES]`.
//!
//! `auth.log` is a quiet server (one line in ten is an sshd failure), `attack.log` the same server under attack (every line
//! is), `security_log` an Asterisk's security events (one in ten is a failure). The logs of other services are in `services`.

mod services;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use services::SERVICES;

const USERS: [&str; 10] =
    ["root", "admin", "test", "oracle", "ubuntu", "git", "postgres", "user", "pi", "ftp"];
const ATTACKERS: u32 = 20_000;

/// Writes the logs into `dir`.
pub fn write(dir: &Path, lines: u32) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut dice = Dice(7);
    let log = |name: &str| File::create(dir.join(name)).map(BufWriter::new);
    let (mut auth, mut attack, mut security) = (log("auth.log")?, log("attack.log")?, log("security_log")?);
    for number in 0..lines {
        let failed = dice.below(10) == 0;
        sshd(&mut auth, &mut dice, number, failed)?;
        sshd(&mut attack, &mut dice, number, true)?;
        asterisk(&mut security, &mut dice, number)?;
    }
    auth.flush()?;
    attack.flush()?;
    security.flush()?;
    for service in &SERVICES {
        let mut out = log(service.log)?;
        (0..lines).try_for_each(|number| service.write(&mut out, &mut dice, number))?;
        out.flush()?;
    }
    Ok(())
}

fn sshd(out: &mut impl Write, dice: &mut Dice, number: u32, failed: bool) -> io::Result<()> {
    let (hour, minute, second) = clock(number);
    let (pid, port, kind) = (1000 + dice.below(64_000), 1024 + dice.below(64_000), dice.below(100));
    write!(out, "Nov  1 {hour:02}:{minute:02}:{second:02} pbx1 ")?;
    if !failed {
        return match kind {
            0..45 => writeln!(
                out,
                "CRON[{pid}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"
            ),
            45..75 => {
                let peer = dice.below(200);
                writeln!(
                    out,
                    "sshd[{pid}]: Accepted publickey for deploy from 10.0.0.{peer} port {port} ssh2: RSA SHA256:abcdefghijklmnop"
                )
            }
            _ => writeln!(out, "systemd-logind[512]: New session {number} of user deploy."),
        };
    }
    let (from, user) = (attacker(dice), USERS[dice.below(10) as usize]);
    match kind {
        0..40 => writeln!(out, "sshd[{pid}]: Failed password for {user} from {from} port {port} ssh2"),
        40..70 => writeln!(out, "sshd[{pid}]: Invalid user {user} from {from} port {port}"),
        70..85 => {
            writeln!(out, "sshd[{pid}]: Failed password for invalid user {user} from {from} port {port} ssh2")
        }
        _ => writeln!(
            out,
            "sshd[{pid}]: Connection closed by authenticating user {user} {from} port {port} [preauth]"
        ),
    }
}

fn asterisk(out: &mut impl Write, dice: &mut Dice, number: u32) -> io::Result<()> {
    let (hour, minute, second) = clock(number);
    let failed = dice.below(10) == 0;
    let kinds =
        if failed { ["InvalidPassword", "InvalidAccountID"] } else { ["SuccessfulAuth", "ChallengeSent"] };
    let (kind, account, port) =
        (kinds[dice.below(2) as usize], 100 + dice.below(900), 1024 + dice.below(64_000));
    let from = if failed { attacker(dice) } else { format!("10.0.0.{}", dice.below(200)) };
    writeln!(
        out,
        "[2026-11-01 {hour:02}:{minute:02}:{second:02}] SECURITY[1234] res_security_log.c: SecurityEvent=\"{kind}\",\
         EventTV=\"2026-11-01T{hour:02}:{minute:02}:{second:02}.000+0000\",Severity=\"{}\",Service=\"PJSIP\",EventVersion=\"1\",\
         AccountID=\"{account}\",SessionID=\"0x7f{number:08x}\",LocalAddress=\"IPV4/UDP/192.0.2.10/5060\",\
         RemoteAddress=\"IPV4/UDP/{from}/{port}\"",
        if failed { "Error" } else { "Informational" }
    )
}

fn attacker(dice: &mut Dice) -> String {
    let number = dice.below(ATTACKERS);
    format!("198.{}.{}.{}", 18 + number / 10_000, number / 100 % 100, 1 + number % 100)
}

fn clock(number: u32) -> (u32, u32, u32) {
    let second = number / 3;
    (second / 3600 % 24, second / 60 % 60, second % 60)
}

/// A small generator: what is needed is variety that is the same each time, not randomness.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}
