//! Configurations that were made to do harm: each must be read, or refused by file and line, within its bounds and soon.

use std::path::Path;

use fail2ban::{filter_file, ini, jail};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let made = tempfile::tempdir().unwrap();
    for part in ["filter.d", "action.d", "jail.d"] {
        std::fs::create_dir(made.path().join(part)).unwrap();
    }
    for (name, text) in files {
        std::fs::write(made.path().join(name), text).unwrap();
    }
    made
}

/// What is said of the filter `x` of a folder, or nothing if it is read.
fn refusal(text: &str) -> String {
    let folder = folder(&[("filter.d/x.conf", text)]);
    match filter_file::read(folder.path(), "x") {
        Ok(_) => String::new(),
        Err(complaints) => complaints.iter().map(|complaint| format!("{complaint}\n")).collect(),
    }
}

#[test]
fn names_in_circles_are_refused_with_their_line() {
    let said = refusal("[Definition]\na = %(b)s\nb = %(a)s\n\nfailregex = %(a)s\n");
    assert!(said.contains("filter.d/x.conf:5: 'failregex' refers to itself"), "{said}");
    let said = refusal("[Definition]\nfailregex = <a> <HOST>\n[Init]\na = <b>\nb = <a>\n");
    assert!(said.contains("refers to itself"), "{said}");
    let said = refusal("[Definition]\nfailregex = 100%\n");
    assert!(said.contains("x.conf:2: 'failregex' has a bare %"), "{said}");
    let said = refusal("[Definition]\nfailregex = %(nothing)s\n");
    assert!(said.contains("refers to %(nothing)s"), "{said}");
}

#[test]
fn values_that_grow_are_refused() {
    let mut names = "[Definition]\nfailregex = %(n0)s\n".to_owned();
    let mut tags = "[Definition]\nfailregex = <t0>\n[Init]\n".to_owned();
    let mut empty = "[Definition]\nfailregex = %(n0)s\n".to_owned();
    for n in 0..8 {
        names.push_str(&format!("n{n} = {}\n", format!("%(n{})s", n + 1).repeat(100)));
        tags.push_str(&format!("t{n} = {}\n", format!("<t{}>", n + 1).repeat(100)));
        empty.push_str(&format!("n{n} = {}\n", format!("%(n{})s", n + 1).repeat(100)));
    }
    names.push_str("n8 = xxxxxxxxxx\n");
    tags.push_str("t8 = xxxxxxxxxx\n");
    empty.push_str("n8 =\n");
    for text in [names, tags, empty] {
        let said = refusal(&text);
        assert!(said.contains("grows past"), "{said}");
    }
}

#[test]
fn includes_in_circles_and_in_floods_end() {
    let both = "[INCLUDES]\nbefore = b.conf\nafter = a.conf\n[Definition]\nfailregex = ^<HOST>$\n";
    let many: String = (0..40).map(|n| format!(" f{n}.conf\n")).collect();
    let mut files = vec![
        ("filter.d/a.conf".to_owned(), both.to_owned()),
        ("filter.d/b.conf".to_owned(), both.replace("b.conf", "a.conf")),
    ];
    for n in 0..40 {
        files.push((
            format!("filter.d/f{n}.conf"),
            format!("[INCLUDES]\nbefore =\n{many}[Definition]\nfailregex = ^<HOST>$\n"),
        ));
        files.push((
            format!("filter.d/d{n}.conf"),
            format!("[INCLUDES]\nbefore = d{}.conf\n[Definition]\nx = 1\n", n + 1),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let (filter, _) = filter_file::read(folder.path(), "a").unwrap();
    assert_eq!(filter.failregex, ["^<HOST>$"]);
    let (_, complaints) = filter_file::read(folder.path(), "f0").unwrap();
    assert!(
        complaints.iter().any(|complaint| complaint.to_string().contains("more than 512 files")),
        "{complaints:?}"
    );
    let (_, complaints) = filter_file::read(folder.path(), "d0").unwrap();
    assert!(
        complaints.iter().any(|complaint| complaint.to_string().contains("files deep")),
        "{complaints:?}"
    );
}

#[test]
fn files_that_are_none_are_left_out() {
    let folder =
        folder(&[("filter.d/big.conf", &"# x\n".repeat(300_000)), ("filter.d/dir.local", "[Definition]\n")]);
    std::fs::create_dir(folder.path().join("filter.d/dir.conf")).unwrap();
    std::fs::write(folder.path().join("filter.d/bytes.conf"), b"[Definition]\nfailregex = \xff\n").unwrap();
    let said = |name: &str| match filter_file::read(folder.path(), name) {
        Ok((_, complaints)) | Err(complaints) => {
            complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
    };
    assert!(said("big").contains("larger than"), "{}", said("big"));
    assert!(said("dir").contains("is not a file"), "{}", said("dir"));
    assert!(said("bytes").contains("not UTF-8 at byte 25"), "{}", said("bytes"));
    assert!(said("none").contains("neither filter.d/none.conf nor"), "{}", said("none"));
    assert!(said("a[b").contains("is wrong from"), "{}", said("a[b"));
}

#[test]
fn a_folder_without_jails_says_so() {
    let empty = folder(&[]);
    let read = jail::read(empty.path(), jail::Which::Enabled);
    assert!(
        read.complaints[0].to_string().contains("neither jail.conf nor jail.local"),
        "{:?}",
        read.complaints
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_fail(text in "([\\[\\]=:;#%()s<>a-c \\n\\t{}^$*?-]|%[a-zA-Z]|\\{(DATE|EPOCH|UNB|\\^LN-BEG)\\}|é|\\PC){0,200}") {
        let (sections, _) = ini::parse(&text, Path::new("x"));
        proptest::prop_assert!(sections.len() <= text.len());
        let folder = folder(&[("filter.d/x.conf", &format!("[Definition]\nfailregex = {text}\n")), ("jail.conf", &text)]);
        let _ = filter_file::read(folder.path(), "x");
        let _ = jail::read(folder.path(), jail::Which::All);
        let _ = fail2ban::DateDetector::new(None, Some(&text));
        if let Ok(mut dates) = fail2ban::DateDetector::new(Some(&text), None) {
            for line in [&text, "2005-08-14 11:59:59 x", "", "é", &text] {
                dates.find(line, event::Moment::from_seconds(1_124_013_600), &jiff::tz::TimeZone::UTC);
            }
        }
    }
}
