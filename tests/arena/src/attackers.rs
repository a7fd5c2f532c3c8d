//! The attackers: the very programs that break into hosts every day, run against the victim from a host of their own.
//!
//! Each goes on until its list is through or it is dropped; being banned does not end all of them.

use std::path::{Path, PathBuf};

use crate::deadline::PATIENCE;
use crate::process::Process;
use crate::scene::write;
use crate::{Host, Result};

/// hydra guesses root's password over SSH, one guess after the other.
pub fn hydra_ssh(from: &Host, to: &Host, directory: &Path, guesses: usize) -> Result<Process> {
    let list = words(&directory.join("hydra.words"), guesses)?;
    let mut command = from.command("hydra");
    // It leaves a restore file where it stands.
    command.current_dir(directory);
    command.args(["-I", "-t", "1", "-W", "1", "-l", "root", "-P"]).arg(list).arg(format!("ssh://{}", to.v4));
    Process::start("hydra", &mut command)
}

/// ffuf asks nginx for the paths that scanners ask for, one request after the other.
pub fn ffuf(from: &Host, to: &Host, directory: &Path, paths: &[&str]) -> Result<Process> {
    let list = directory.join("ffuf.words");
    write(&list, &(paths.join("\n") + "\n"))?;
    let mut command = from.command("ffuf");
    command.env("HOME", directory).current_dir(directory);
    command.args(["-t", "1", "-timeout", "2", "-mc", "all", "-w"]).arg(list);
    command.args(["-u", &format!("http://{}/FUZZ", to.v4)]);
    Process::start("ffuf", &mut command)
}

/// How many requests a run of `svwar` sends: for an account that cannot exist, and for the one it was asked about.
pub const SVWAR_REQUESTS: u32 = 2;

/// SIPVicious tries whether a SIP account exists, with REGISTER over UDP. A run tries only one: Asterisk answers for
/// existing and other accounts alike, at which svwar gives up; whoever wants more has to call it again.
pub fn svwar(from: &Host, to: &Host, account: &str) -> Result<Process> {
    let mut command = from.command("svwar");
    command.args(["--force", "-m", "REGISTER", "-e", account, &to.v4.to_string()]);
    Process::start("svwar", &mut command)
}

/// SIPVicious guesses the password of a SIP account.
pub fn svcrack(from: &Host, to: &Host, directory: &Path, account: &str, guesses: usize) -> Result<Process> {
    let list = words(&directory.join("svcrack.words"), guesses)?;
    let mut command = from.command("svcrack");
    command.args(["-u", account, "-d"]).arg(list).arg(to.v4.to_string());
    Process::start("svcrack", &mut command)
}

/// One request with curl, with a password if `login` is given. The HTTP status; `None` if there was no answer.
pub fn curl(from: &Host, to: &Host, path: &str, login: Option<(&str, &str)>) -> Result<Option<u16>> {
    request(from, &format!("http://{}{path}", to.v4), login)
}

/// The same over IPv6.
pub fn curl_v6(from: &Host, to: &Host, path: &str, login: Option<(&str, &str)>) -> Result<Option<u16>> {
    request(from, &format!("http://[{}]{path}", to.v6), login)
}

fn request(from: &Host, url: &str, login: Option<(&str, &str)>) -> Result<Option<u16>> {
    let mut command = from.command("curl");
    command.args([
        "-q",
        "--silent",
        "--noproxy",
        "*",
        "--globoff",
        "--max-time",
        "3",
        "--output",
        "/dev/null",
    ]);
    command.args(["--write-out", "%{http_code}\n"]);
    if let Some((account, password)) = login {
        command.args(["--user", &format!("{account}:{password}")]);
    }
    let (_, said) = Process::start("curl", command.arg(url))?.finish(PATIENCE)?;
    // curl writes 000 when nobody answered.
    Ok(said.trim().parse().ok().filter(|status| *status != 0))
}

/// A list of wrong passwords.
fn words(path: &Path, count: usize) -> Result<PathBuf> {
    let words: String = (1..=count).map(|number| format!("wrong-{number}\n")).collect();
    write(path, &words)?;
    Ok(path.to_owned())
}
