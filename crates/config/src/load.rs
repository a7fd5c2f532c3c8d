//! Reads `stockade.toml` from the disk. The only file here that touches it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use event::limit;

use crate::complaint::Complaint;
use crate::{Settings, check};

/// Reads and judges the file. There are settings if and only if there is no complaint. A missing file means the defaults:
/// whoever asked for a certain file looks first whether it exists.
pub fn load(path: &Path) -> (Option<Settings>, Vec<Complaint>) {
    let file = path.display().to_string();
    match read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => check(&file, text.trim_start_matches('\u{feff}'), zone_exists),
            Err(cause) => {
                let good = &cause.as_bytes()[..cause.utf8_error().valid_up_to()];
                let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
                refuse(file, line, "this line is not UTF-8; save the file in that encoding".to_owned())
            }
        },
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => (Some(Settings::default()), Vec::new()),
        Err(cause) => {
            refuse(file, 0, format!("cannot be read: {cause}; make it a file that this user may read"))
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit::CONFIG_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit::CONFIG_BYTES {
        let text = format!("it is larger than {} KiB, which no configuration is", limit::CONFIG_BYTES / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

fn refuse(file: String, line: usize, text: String) -> (Option<Settings>, Vec<Complaint>) {
    (None, vec![Complaint { file, line, text }])
}

fn zone_exists(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}
