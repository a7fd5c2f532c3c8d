//! Journal files as journald would have written them: `systemd-journal-remote` writes what is told in the journal's export format. Where there is
//! no systemd, there is no other way to one.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const REMOTE: &str = "/lib/systemd/systemd-journal-remote";

/// A journal file that grows until it is dropped.
pub struct Journal {
    writer: Child,
    input: Option<ChildStdin>,
    entries: u64,
}

impl Journal {
    /// Begins the file; its name must end in `.journal`.
    pub fn begin(path: &Path) -> Self {
        assert!(Path::new(REMOTE).exists(), "{REMOTE} is missing: run tests/setup.sh");
        let mut command = Command::new(REMOTE);
        command.arg(format!("--output={}", path.display())).arg("-");
        let mut writer =
            command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start the writer");
        let input = writer.stdin.take();
        Self { writer, input, entries: 0 }
    }

    /// An entry with these fields, received at this time.
    pub fn write(&mut self, micros: i64, fields: &[(&str, &[u8])]) {
        self.entries += 1;
        let mut entry = format!(
            "__REALTIME_TIMESTAMP={micros}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID=6b8a0a5f3d9d4a3f8d7a6a1b2c3d4e5f\n",
            self.entries * 1_500_000
        )
        .into_bytes();
        // With its length before it, a value may be any bytes.
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            entry.extend(format!("{name}\n").as_bytes());
            entry.extend((value.len() as u64).to_le_bytes());
            entry.extend(*value);
            entry.push(b'\n');
        }
        entry.push(b'\n');
        let input = self.input.as_mut().expect("it is open");
        input.write_all(&entry).expect("write an entry");
        input.flush().expect("write an entry");
    }

    /// Ends the file: all that was written is in it.
    pub fn end(mut self) {
        drop(self.input.take());
        let status = self.writer.wait().expect("wait for the writer");
        assert!(status.success(), "{REMOTE} ended with {status}");
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.writer.kill();
        let _ = self.writer.wait();
    }
}
