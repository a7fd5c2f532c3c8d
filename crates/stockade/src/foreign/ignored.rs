//! Whom a jail ignores: addresses and subnets as they stand in `ignoreip`, and whom its names and files mean just now.

use std::path::PathBuf;
use std::sync::Arc;

use dropin::Ignorer;
use dropin::model::{Id, JailModel};
use event::limit::FAIL2BAN_IGNORED_NAMES;
use event::{Subject, Whitelist};

use super::directory::{Directory, Entry, Key};

/// Everybody whom a jail never bans, beside those whom nobody bans.
#[derive(Debug, Default)]
pub struct Ignored {
    listed: Whitelist,
    found: Vec<Arc<Entry>>,
}

impl Ignored {
    /// As it was told. What is left out is told to `leave_out`, with the reason.
    pub fn of(
        model: &JailModel,
        directory: &Arc<Directory>,
        mut leave_out: impl FnMut(&str, String),
    ) -> Self {
        let origin = format!("ignoreip of jail {}", model.name);
        let (mut listed, mut found) = (Vec::new(), Vec::new());
        for (text, is_network) in told(model) {
            let key = match (file(text), Id::read(text)) {
                (Some(path), _) => Key::File(path),
                // A network of all addresses is known by its first.
                (None, Ok(id @ Id::Network(address, _))) if is_network && id.is_single() => {
                    listed.push((Subject::network(address, 0), origin.clone()));
                    continue;
                }
                (None, Ok(Id::Network(address, bits))) => {
                    listed.push((Subject::network(address, bits), origin.clone()));
                    continue;
                }
                (None, Ok(Id::Raw(name))) => Key::Name(name),
                (None, Err(wrong)) => {
                    leave_out(text, wrong.to_string());
                    continue;
                }
            };
            match directory.entry(key) {
                Ok(entry) => found.push(entry),
                Err(_) => leave_out(
                    text,
                    format!("there are more than {FAIL2BAN_IGNORED_NAMES} names and files; write addresses"),
                ),
            }
        }
        Self { listed: Whitelist::new(listed), found }
    }

    /// What says that somebody in `subject` is ignored. With one address of a subnet, the subnet is: its ban would be one of that address.
    pub fn protects(&self, subject: &Subject) -> Option<Ignorer> {
        let listed = self.listed.protects(subject).map(|_| Ignorer::Address);
        let found = || self.found.iter().find(|entry| entry.protects(subject)).map(|entry| entry.ignorer());
        listed.or_else(found)
    }
}

/// What was told, and whether it is no single address.
fn told(model: &JailModel) -> impl Iterator<Item = (&str, bool)> {
    let networks = model.ignored_networks.iter().map(|text| (text.as_str(), true));
    networks.chain(model.ignored_addresses.iter().map(|text| (text.as_str(), false)))
}

/// The file that is meant, as fail2ban 1.1.1 understands it: with any slash it is a path from the root, unless a dot stands behind.
fn file(text: &str) -> Option<PathBuf> {
    let told = text.strip_prefix("file:")?;
    let bare = told.trim_start_matches('/');
    let is_from_root = bare.len() < told.len() && !bare.starts_with("./") && !bare.starts_with("../");
    Some(PathBuf::from(if is_from_root { format!("/{bare}") } else { bare.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_in_fail2ban_1_1_1() {
        let cases = [
            ("file:/etc/ours", Some("/etc/ours")),
            ("file://etc/ours", Some("/etc/ours")),
            ("file:///etc/ours", Some("/etc/ours")),
            ("file:ours", Some("ours")),
            ("file:///../ours", Some("../ours")),
            ("example.com", None),
        ];
        for (text, expected) in cases {
            assert_eq!(file(text), expected.map(PathBuf::from), "{text}");
        }
    }
}
