//! nginx: the text of its `deny` list, and the signal that makes it read the list again.
//!
//! `deny` and not `geo`: with 100,000 addresses a request pays some 130 µs for the list, but a `geo` tree takes nginx 100 MB, and twice
//! that while it reloads (measured with nginx 1.22; `docs/nginx.md` has the figures).

use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::error::Error;
use crate::list::{List, loopback};

const MASTER: &str = "nginx: master process";
/// Longer than any process id, and than what is looked at of a command line.
const PID_FILE_BYTES: u64 = 64;
const TITLE_BYTES: u64 = 256;

/// The file's text behind its first line.
pub fn text(list: &List) -> String {
    let mut text = String::new();
    // The first rule that fits decides. To allow this machine always would open what the site closes to it further down.
    if list.subjects.iter().any(|subject| loopback().iter().any(|own| subject.covers(own))) {
        text.push_str("allow 127.0.0.0/8;\nallow ::1;\n");
    }
    for subject in &list.subjects {
        writeln!(text, "deny {subject};").expect("a string takes any text");
    }
    text
}

/// Tells the master process to read its configuration again. It is signalled only if it is one, and it cannot become another
/// process between the look and the signal.
pub fn tell(pid_file: &Path) -> Result<(), Error> {
    let not_found = |reason: String| Error::NoMaster { pid_file: pid_file.to_owned(), reason };
    let text = head(pid_file, PID_FILE_BYTES).map_err(|error| not_found(error.to_string()))?;
    let number: i32 = text
        .trim()
        .parse()
        .map_err(|_| not_found(format!("'{}' is no process id", text.trim().escape_debug())))?;
    let pid = Some(number)
        .filter(|number| *number > 1)
        .and_then(Pid::from_raw)
        .ok_or_else(|| not_found(format!("{number} is no process of nginx")))?;
    let process = pidfd_open(pid, PidfdFlags::empty())
        .map_err(|errno| not_found(format!("process {number}: {}", std::io::Error::from(errno))))?;
    let title = head(&Path::new("/proc").join(number.to_string()).join("cmdline"), TITLE_BYTES)
        .map_err(|error| not_found(format!("process {number}: {error}")))?;
    if !title.starts_with(MASTER) {
        let title = title.replace('\0', " ");
        return Err(not_found(format!(
            "process {number} is '{}', not '{MASTER}'",
            title.trim().escape_debug()
        )));
    }
    pidfd_send_signal(process, Signal::HUP)
        .map_err(|errno| not_found(format!("process {number}: {}", std::io::Error::from(errno))))
}

fn head(path: &Path, bytes: u64) -> std::io::Result<String> {
    // Opening something else than a file might wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut head = Vec::new();
    File::open(path)?.take(bytes).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_for_each() {
        let subjects = ["192.0.2.1", "192.0.2.128/25", "2001:db8::/64"].map(|text| text.parse().unwrap());
        let list = List { subjects: subjects.to_vec(), left_out: 0 };
        assert_eq!(text(&list), "deny 192.0.2.1;\ndeny 192.0.2.128/25;\ndeny 2001:db8::/64;\n");
        let everybody = List { subjects: vec!["0.0.0.0/0".parse().unwrap()], left_out: 0 };
        assert_eq!(text(&everybody), "allow 127.0.0.0/8;\nallow ::1;\ndeny 0.0.0.0/0;\n");
    }

    #[test]
    fn another_process_is_never_signalled() {
        let directory = tempfile::tempdir().unwrap();
        let pid_file = directory.path().join("nginx.pid");
        let said = |text: &str| {
            fs::write(&pid_file, text).unwrap();
            tell(&pid_file).unwrap_err().to_string()
        };
        assert!(said(&format!("{}\n", std::process::id())).contains("not 'nginx: master process'"));
        assert!(said("1\n").contains("no process of nginx"));
        assert!(said("-1\n").contains("no process of nginx"));
        assert!(said("0").contains("no process of nginx"));
        assert!(said("x\n").contains("no process id"));
        assert!(said("").contains("no process id"));
        assert!(tell(&directory.path().join("none")).unwrap_err().to_string().contains("No such file"));
        assert!(tell(directory.path()).unwrap_err().to_string().contains("not a file"));
    }
}
