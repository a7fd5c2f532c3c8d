//! Names of users and groups, from `/etc/passwd` and `/etc/group` alone: no name service, whose answer could be slow.

use std::fs;

/// The name of the user `uid`, or `uid N` where the file does not know it.
pub fn user_name(uid: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&passwd, uid).unwrap_or_else(|| format!("uid {uid}"))
}

/// The number of the group `name`, which may be a number itself.
pub fn group_id(name: &str) -> Option<u32> {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    name.parse().ok().or_else(|| id_of(&groups, name))
}

/// `name:password:id:…`, in both files.
fn rows(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name, fields.nth(1)?.parse().ok()?))
    })
}

fn name_of(text: &str, wanted: u32) -> Option<String> {
    rows(text).find(|(_, id)| *id == wanted).map(|(name, _)| name.to_owned())
}

fn id_of(text: &str, wanted: &str) -> Option<u32> {
    rows(text).find(|(name, _)| *name == wanted).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_broken_ones_skipped() {
        let text = "root:x:0:0:root:/root:/bin/sh\nbroken\nstockade:x:998:alice,bob\n";
        assert_eq!(name_of(text, 0).as_deref(), Some("root"));
        assert_eq!(id_of(text, "stockade"), Some(998));
        assert_eq!(id_of(text, "broken"), None);
    }
}
