//! Very many bans at once, put where the daemon finds them when it starts: to make them one by one would take a test too long.
//! They are copies of one that the daemon itself recorded, so nothing is assumed of how bans lie on disk but that a subject
//! begins with the octets of its address.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// The ban that is copied.
pub const PATTERN: &str = "198.17.255.255";
const PATTERN_HEX: &str = "C611FFFF";

/// Adds copies of the pattern's ban for 198.18.0.0 and those behind it, `count` bans together.
pub fn fill(state: &Path, count: usize) -> Result<()> {
    let rest = sqlite(
        state,
        &format!("SELECT substr(hex(subject), 9) FROM bans WHERE hex(subject) LIKE '{PATTERN_HEX}%'"),
    )?;
    let rest = rest.trim();
    let mut text = String::from("BEGIN;\n");
    for number in 0..count - 1 {
        let address = 0xC612_0000_usize + number;
        writeln!(
            text,
            "INSERT INTO bans SELECT X'{address:08X}{rest}', jail, scope, since - {number}, until + {number}, \
             failures, proof, reason FROM bans WHERE subject = X'{PATTERN_HEX}{rest}';"
        )
        .expect("a string takes everything");
    }
    text.push_str("COMMIT; SELECT count(*) FROM bans;\n");
    let said = sqlite(state, &text)?;
    if said.trim() == count.to_string() {
        Ok(())
    } else {
        Err(Error::Answer { what: "sqlite3".to_owned(), said })
    }
}

fn sqlite(state: &Path, text: &str) -> Result<String> {
    let mut command = Command::new("sqlite3");
    command.arg("-bail").arg(state.join("stockade.db"));
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = child.and_then(|mut child| {
        child.stdin.take().expect("piped").write_all(text.as_bytes())?;
        child.wait_with_output()
    });
    let output = output.map_err(arena::Error::io("run", "sqlite3"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let said = format!("{said}{}", String::from_utf8_lossy(&output.stderr));
    Err(arena::Error::Failed { what: "sqlite3".to_owned(), status: output.status.to_string(), said }.into())
}
