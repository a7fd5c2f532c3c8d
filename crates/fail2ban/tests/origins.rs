//! Where options stand that the stream of commands tells of: whoever takes the commands can say file and line of what he cannot honour.

use std::fs;
use std::path::Path;

use fail2ban::Topic;
use fail2ban::stream::{self, Ask, Logs, Overrides, Stream};

const FILES: [(&str, &str); 8] = [
    ("fail2ban.conf", "[Definition]\nloglevel = INFO\nlogtarget = /nowhere/x.log\ndbfile = None\n"),
    ("fail2ban.local", "[Definition]\ndbfile = :memory:\n"),
    (
        "jail.conf",
        "[DEFAULT]\nignoreip = localhost\nlogencoding = koi8-r\nport = 0:65535\nprotocol = tcp\n\
         action_ = deny[port=\"%(port)s\", protocol=\"%(protocol)s\"]\naction = %(action_)s\n\
         [one]\nfilter = one\nlogpath = /dev/null\nport = ssh,odd\n",
    ),
    (
        "jail.local",
        "[DEFAULT]\nmaxretry = 7\nbackend = auto\n\n[one]\nenabled = true\n\nignorecommand = /bin/false\n",
    ),
    (
        "jail.d/two.local",
        "[two]\nenabled = true\nfilter = one\nlogpath = /dev/null\naction = deny\n  smtp.py[x=y]\n",
    ),
    ("filter.d/one.conf", "[Definition]\nfailregex = ^a <HOST>$\nignoreregex =\nmaxlines = 2\n"),
    ("filter.d/one.local", "[Definition]\n\nignoreregex = ^a 192\n"),
    (
        "action.d/deny.conf",
        "[Definition]\nactionban = echo <matches>\n\nactionunban = true\n[Init]\nport = 1\nuser = root\n",
    ),
];

fn write(folder: &Path) {
    for (name, text) in FILES {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
        fs::write(path, text).expect("write a file");
    }
}

fn place(stream: &Stream, folder: &Path, topic: &Topic) -> String {
    let place = stream.origins.place(topic).map(ToString::to_string).unwrap_or_default();
    place.strip_prefix(&format!("{}/", folder.display())).unwrap_or(&place).to_owned()
}

#[test]
fn each_option_is_known_by_the_line_that_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder);
    let stream = stream::read(folder, &Ask { logs: Logs::AsWritten, ..Ask::default() });
    assert_eq!(stream.complaints, []);
    let expected = [
        (Topic::jail("one", "logencoding"), "jail.conf:3"),
        (Topic::jail("one", "ignoreip"), "jail.conf:2"),
        (Topic::jail("one", "maxretry"), "jail.local:2"),
        (Topic::jail("one", "ignorecommand"), "jail.local:8"),
        (Topic::jail("one", "failregex"), "filter.d/one.conf:2"),
        (Topic::jail("one", "ignoreregex"), "filter.d/one.local:3"),
        (Topic::jail("two", "maxlines"), "filter.d/one.conf:4"),
        (Topic::action("one", "deny", "actionban"), "action.d/deny.conf:2"),
        (Topic::action("two", "deny", "actionunban"), "action.d/deny.conf:4"),
        // What the jail passes on stands where the jail says it, or where all jails have it from.
        (Topic::action("one", "deny", "port"), "jail.conf:11"),
        (Topic::action("one", "deny", "protocol"), "jail.conf:5"),
        // What nobody passes is the action's own; what no file says is at the action's name.
        (Topic::action("two", "deny", "user"), "action.d/deny.conf:7"),
        (Topic::action("two", "smtp", ""), "jail.d/two.local:5"),
        (Topic::action("one", "deny", "actionflush"), "jail.conf:7"),
        // A jail's own option that no file says is at its section.
        (Topic::jail("two", "bantime.factor"), "jail.d/two.local:2"),
        (Topic::server("logtarget"), "fail2ban.conf:3"),
        (Topic::server("dbfile"), "fail2ban.local:2"),
        (Topic::server("dbpurgeage"), ""),
        (Topic::jail("three", "maxretry"), ""),
    ];
    for (topic, expected) in expected {
        assert_eq!(place(&stream, folder, &topic), expected, "{topic:?}");
    }
}

#[test]
fn each_command_is_known_by_what_it_is_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder);
    let overrides = Overrides { logtarget: Some("STDOUT".to_owned()), ..Overrides::default() };
    let stream = stream::read(folder, &Ask { logs: Logs::AsWritten, overrides, ..Ask::default() });
    let placed = |beginning: &str| -> Vec<String> {
        let those = stream.commands.iter().filter(|command| fail2ban::repr(command).starts_with(beginning));
        those.map(|command| place(&stream, folder, &Topic::of_command(command))).collect()
    };
    assert_eq!(placed("['set', 'dbfile'"), ["fail2ban.local:2"]);
    // The command line stands in no file.
    assert_eq!(placed("['set', 'logtarget'"), [""]);
    assert_eq!(placed("['add', 'one'"), ["jail.local:3"]);
    assert_eq!(placed("['set', 'one', 'addfailregex'"), ["filter.d/one.conf:2"]);
    assert_eq!(placed("['set', 'one', 'addignoreip'"), ["jail.conf:2"]);
    assert_eq!(placed("['set', 'two', 'addaction', 'smtp'"), ["jail.d/two.local:5"]);
    assert_eq!(placed("['multi-set', 'one', 'action', 'deny'"), ["jail.conf:7"]);
    assert_eq!(placed("['start', 'two'"), ["jail.d/two.local:2"]);
}
