//! The stream of commands that we make of a configuration must be the one that Debian's `fail2ban-client -d` prints, to the byte. Another
//! edition of it is compared with where `FAIL2BAN_PACKAGE` names the folder that its package was unpacked into.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use fail2ban::stream::{self, Ask, Logs, Overrides, Stream};

/// The folder of the package.
fn package() -> PathBuf {
    env::var_os("FAIL2BAN_PACKAGE").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// Whether its client takes the journal for logs that are not there.
fn takes_the_journal() -> bool {
    let client = package().join("usr/lib/python3/dist-packages/fail2ban/client/jailreader.py");
    std::fs::read_to_string(client).is_ok_and(|text| text.contains("systemd_if_nologs"))
}

/// What Debian's client prints of a folder.
fn theirs(folder: &Path, more: &[&str]) -> String {
    let output = Command::new("/usr/bin/python3")
        .args(["-W", "ignore"])
        .arg(package().join("usr/bin/fail2ban-client"))
        .env("PYTHONPATH", package().join("usr/lib/python3/dist-packages"))
        .args(["-c", folder.to_str().unwrap(), "-d"])
        .args(more)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("fail2ban-client is there: tests/setup.sh installs fail2ban");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).unwrap()
}

fn ours(folder: &Path) -> Stream {
    stream::read(folder, &Ask { journal_without_logs: takes_the_journal(), ..Ask::default() })
}

/// Both, line by line. Python lists a folder's files in no order, so files of one jail are sorted.
fn assert_same(folder: &Path) -> Stream {
    let read = ours(folder);
    let (ours, theirs) = (sorted(&read.text()), sorted(&theirs(folder, &[])));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
    assert!(read.broken.is_empty(), "{:?}", read.broken);
    read
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_path = |line: &String| line.contains("', 'addlogpath', '");
    for run in lines.chunk_by_mut(|a, b| is_path(a) && is_path(b)) {
        run.sort();
    }
    lines
}

/// The stock folder with files over it; `@` in them is the folder itself.
fn with_files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let made = tempfile::tempdir().unwrap();
    let here = made.path().to_str().unwrap();
    let stock = package().join("etc/fail2ban/.");
    assert!(
        Command::new("cp").arg("-a").args([stock.as_path(), Path::new(here)]).status().unwrap().success()
    );
    for (name, text) in files {
        let path = made.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace('@', here)).unwrap();
    }
    made
}

#[test]
fn debians_configuration_as_it_is_shipped() {
    let read = assert_same(&package().join("etc/fail2ban"));
    assert_eq!(read.jails, ["sshd"]);
}

#[test]
fn every_stock_jail_enabled() {
    let folder = with_files(&[("jail.local", "[DEFAULT]\nenabled = true\n")]);
    let read = assert_same(folder.path());
    assert!(read.jails.len() > 80, "{}", read.jails.len());
    // A log that is not there is said, with file and line of the option.
    let said: Vec<String> = read.complaints.iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|said| said.contains("jail.conf:") && said.contains("'logpath = ")), "{said:?}");
}

#[test]
fn a_telephone_exchange_like_mikopbx() {
    let folder = with_files(&[
        (
            "fail2ban.local",
            "[Definition]\nloglevel = NOTICE\nlogtarget = SYSLOG\nsocket = /var/run/f.sock\ndbpurgeage = 90d\ndbfile = None\n\
             [Thread]\nstacksize = 32\n",
        ),
        (
            "jail.local",
            "[DEFAULT]\nignoreip = 127.0.0.1 10.0.0.0/8,2001:db8::/32\n  pbx.example.com\nbantime.increment = 1\n\
             bantime.factor = 2.0 / 2.885385\nbantime.formula = ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)\n\
             bantime.maxtime = 30d\nbantime.rndtime = 600\nbantime.overalljails = no\n",
        ),
        (
            "jail.d/pbx_conf.conf",
            "[dropbear]\nenabled = true\nlogpath = @/logs/messages\naction = miko-iptables-multiport-all[name=SSH, port=\"22,222:223\"]\n\
             [mikopbx-www]\nenabled = true\nfilter = mikopbx-www\nlogpath = @/logs/messages\nmaxretry = 5\nbantime = 86400\nfindtime = 10m\n\
             action = miko-iptables-multiport-all[name=HTTP, port=\"80,443\"]\n\
             [asterisk_security_log]\nenabled = true\nfilter = asterisk-main\nlogencoding = utf-8\n\
             logpath = @/logs/asterisk/security_*.log\n  @/logs/asterisk/none*.log tail\n\
             action = miko-iptables-multiport-all[name=ASTERISK_PROTOCOLS, port=\"5060,10000:10800\"]\n  iptables-allports[name=modules]\n",
        ),
        (
            "filter.d/mikopbx-www.conf",
            "[INCLUDES]\nbefore = common.conf\n[Definition]\n_daemon = [\\S\\-]+web_auth\n\
             failregex = ^%(__prefix_line)sFrom:\\s<HOST>\\sUserAgent:(\\S|\\s)*Wrong password$\n            \
             ^(\\S|\\s)*nginx:\\s+\\d+/\\d+/\\d+\\s+(\\S|\\s)*status\\s+403(\\S|\\s)*client:\\s+<HOST>(\\S|\\s)*\nignoreregex =\n",
        ),
        (
            "filter.d/asterisk-main.conf",
            "[INCLUDES]\nbefore = common.conf\n[Definition]\nlog_prefix= (?:NOTICE|SECURITY)%(__pid_re)s:?(?:\\[C-[\\da-f]*\\])? [^:]+:\\d*( in \\w+:)?\n\
             prefregex = ^\\[?\\]?\\s*%(log_prefix)s <F-CONTENT>.+</F-CONTENT>$\n\
             failregex = ^Registration from '[^']*' failed for '<HOST>(:\\d+)?' - (Wrong password|Peer is not supposed to register)$\n            \
             ^%(log_prefix)s ^hacking attempt detected '<HOST>'$\n            \
             ^SecurityEvent=\"(FailedACL|InvalidPassword)\".*,RemoteAddress=\"IPV[46]/[^/\"]+/<HOST>/\\d+\"(?!RemoteAddress=)\\$\n\
             datepattern = {^LN-BEG}%%Y-%%m-%%d %%H:%%M:%%S\n              {^LN-BEG}\n",
        ),
        (
            "action.d/miko-iptables-multiport-all.conf",
            "[INCLUDES]\nbefore = iptables.conf\n[Definition]\n\
             actionstart = <iptables> -N f2b-<name>\n              <iptables> -A f2b-<name> -j <returntype>\n              \
             <iptables> -I <chain> -p tcp -m multiport --dports <port> -j f2b-<name>\n\
             actionstop = <iptables> -D <chain> -p tcp -m multiport --dports <port> -j f2b-<name>\n             <actionflush>\n\
             actionban = <iptables> -I f2b-<name> 1 -s <ip> -j <blocktype>\n[Init]\nblocktype = DROP\n",
        ),
        ("logs/messages", ""),
        ("logs/asterisk/security_log.log", ""),
        ("logs/asterisk/security_2.log", ""),
        ("logs/asterisk/.security_3.log", ""),
    ]);
    let read = assert_same(folder.path());
    assert_eq!(read.jails, ["sshd", "dropbear", "mikopbx-www", "asterisk_security_log"]);
    assert_eq!((read.server.socket.as_str(), read.server.stacksize), ("/var/run/f.sock", Some(32)));
    // Later packages read the journal for dropbear.
    let dropbear = usize::from(read.text().contains("['add', 'dropbear', 'auto']"));
    let telephone = |line: &&str| line.contains("'addlogpath', '") && line.contains("/logs/");
    assert_eq!(read.text().lines().filter(telephone).count(), 3 + dropbear);
}

#[test]
fn quotes_brackets_conditions_and_known_options() {
    let folder = with_files(&[
        (
            "jail.local",
            "[DEFAULT]\nbanaction = nftables\nbanaction_allports = nftables[type=allports]\ndestemail = root_at_example.com\n\
             bantime.increment = TRUE\nbantime.multipliers = 1 5 30 60\nbantime.overalljails = on\nusedns = no\n\
             ignorecommand = /bin/test <ip> = 192.0.2.1\nignorecache = key=\"<ip>\", max-count=100, max-time=5m\nignoreself = false\n\
             [sshd]\nbackend = systemd\nmode = aggressive\nfilter = sshd[mode=%(mode)s, publickey=\"in,va]lid\", x='a\"b']\n\
             action = %(action_mwl)s\n  nftables[type=allports, name=\"all-%(__name__)s\"]\n  %(action_mw)s\n\
             journalmatch = _SYSTEMD_UNIT=ssh.service + _COMM=sshd\n  _COMM=\"a b\" + _UID=0\n\
             maxretry = %(known/maxretry)s\nfailregex = %(known/failregex)s\n  ^it's a \"quote\" by <HOST>$\n\
             [recidive]\nenabled = true\nlogpath = @/a.log\nbanaction = %(banaction_allports)s\nbantime = 1w\nlogtimezone = UTC+02:00\n\
             [mine]\nenabled = on\nfilter = mine[who='x, y', usedns=raw][level=2]\nmaxmatches = 4\nmaxlines = 7\n\
             logpath = @/a.log tail\n  @/b.log head\n  @/none.log\nignoreregex = one <HOST>\n  two\n\
             datepattern = ^Epoch\n  {^LN-BEG}%%%%b %%%%d\nprefregex = ^<F-CONTENT>.*</F-CONTENT>$\n\
             action = blocklist_de[email=\"%(destemail)s\", service=\"%(__name__)s\", apikey=\"x\"]\n  smtp.py[sendername=\"Fäil\", dest=%(destemail)s]\n  \
             badips.py[category=\"%(__name__)s\", actname=bad]\n  dummy[target=\"/tmp/x\", init=\"it's\"]\n  dummy[name=other]\n  ufw[name=mine-x]\n\
             [plain]\nenabled = yes\nfilter =\nfailregex = ^bad <HOST>$\nlogpath = @/b.log\naction =\n",
        ),
        ("jail.d/zz.conf", "[sshd]\nmaxretry = 9\nfindtime = 1h 30m\n[mine]\nlogencoding = latin-1\n"),
        (
            "filter.d/mine.conf",
            "[INCLUDES]\nbefore = common.conf\n[DEFAULT]\nkind = base\n[Definition]\n_daemon = mine\nmaxlines = 2\n\
             failregex = ^%(__prefix_line)sbad <who> <<kind>-<level>> from <HOST>$\nignoreregex = ^fine %(kind)s\n\
             journalmatch = _COMM=mine + _UNIT=\"a b\"\n[Init]\nlevel = 1\nbase-2 = second\nmaxlines = 3\njournalmatch = _COMM=other\n",
        ),
        (
            "filter.d/mine.local",
            "[Definition]\nkind = base\nfailregex = %(known/failregex)s\n            ^local 50%%$\n",
        ),
        ("action.d/nftables.local", "[Init]\nblocktype = drop\n[Init?family=inet6]\nblocktype = reject\n"),
        ("a.log", ""),
        ("b.log", ""),
    ]);
    let read = assert_same(folder.path());
    assert_eq!(read.jails, ["sshd", "recidive", "mine", "plain"]);
}

#[test]
fn the_command_line_counts_before_the_file() {
    let folder = with_files(&[("jail.local", "[sshd]\nenabled = false\n")]);
    let given = |text: &str| Some(text.to_owned());
    let overrides =
        Overrides { loglevel: given("DEBUG"), logtarget: given("STDOUT"), ..Overrides::default() };
    let ours = stream::read(folder.path(), &Ask { overrides, ..Ask::default() });
    assert_eq!(ours.text(), theirs(folder.path(), &["--loglevel", "DEBUG", "--logtarget", "STDOUT"]));
}

#[test]
fn one_broken_jail_does_not_stop_the_others() {
    let folder = with_files(&[
        (
            "jail.d/z.conf",
            "[sshd]\nlogpath = @/a.log\n[nofilter]\nenabled = true\nfilter = none\n[circle]\nenabled = true\nfilter = sshd\nlogpath = %(a)s\n\
             a = %(b)s\nb = %(a)s\n[nolog]\nenabled = true\nfilter = sshd\nlogpath = @/none.log\n\
             [quiet]\nenabled = true\nfilter = sshd\nlogpath = @/none.log\nskip_if_nologs = true\n",
        ),
        ("a.log", ""),
    ]);
    let read = |logs| stream::read(folder.path(), &Ask { logs, ..Ask::default() });
    let names = |stream: &Stream| stream.broken.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let needed = read(Logs::Needed);
    assert_eq!(
        (needed.jails.as_slice(), names(&needed)),
        (
            ["sshd".to_owned()].as_slice(),
            vec!["nofilter".to_owned(), "circle".to_owned(), "nolog".to_owned()]
        )
    );
    let text = needed.text();
    assert_eq!(text.matches("['config-error', \"Jail '").count(), 3, "{text}");
    let file = folder.path().join("jail.d/z.conf");
    for line in [5, 9, 15] {
        assert!(text.contains(&format!("{}:{line}: ", file.display())), "{line} {text}");
    }
    assert!(
        needed.complaints.iter().any(|said| said.to_string().contains("z.conf:19: ")),
        "{:?}",
        needed.complaints
    );

    let waiting = read(Logs::AsWritten);
    assert_eq!(waiting.jails, ["sshd", "nolog", "quiet"]);
    let path = folder.path().join("none.log");
    assert!(
        waiting.text().contains(&format!("['set', 'nolog', 'addlogpath', '{}', 'head']", path.display()))
    );

    let one = |name| stream::read(folder.path(), &Ask { jail: Some(name), ..Ask::default() });
    assert_eq!((one("sshd").jails, one("sshd").broken.len()), (vec!["sshd".to_owned()], 0));
    assert_eq!(one("no-such-jail").broken.len(), 1);
}

/// Of the broken jails that Debian's client survives, it says in its own words what is wrong; the rest is the same.
#[test]
fn the_others_are_as_debians_client_sends_them() {
    let folder = with_files(&[(
        "jail.d/z.conf",
        "[a]\nenabled = true\nfilter = none\n[b]\nenabled = true\nfilter = sshd\naction = none[name=x]\n[c]\nenabled = true\n\
         filter = sshd[x\n[d]\nenabled = true\nfilter = sshd\n",
    )]);
    let split = |text: &str| {
        let (errors, others): (Vec<String>, Vec<String>) =
            text.lines().map(str::to_owned).partition(|line| line.starts_with("['config-error', "));
        let name = |line: String| {
            let behind = line.split_once("Jail ").unwrap().1.trim_start_matches(['\\', '\'']).to_owned();
            behind.split(['\\', '\'']).next().unwrap_or_default().to_owned()
        };
        (errors.into_iter().map(name).collect::<Vec<_>>(), others)
    };
    let ours = split(&ours(folder.path()).text());
    assert_eq!(ours, split(&theirs(folder.path(), &[])));
    assert_eq!(ours.0, ["a", "b", "c"]);
}

#[test]
fn a_formula_that_is_no_arithmetic_is_left_out() {
    let folder = with_files(&[(
        "jail.local",
        "[sshd]\nbantime.increment = true\nbantime.factor = 1 +\nbantime.formula = ban.Time * random.random()\n",
    )]);
    let read = ours(folder.path());
    assert_eq!((read.jails.len(), read.broken.len()), (1, 0));
    assert!(read.text().contains("'bantime.increment', True") && !read.text().contains("'bantime.f"));
    let said: Vec<String> = read.complaints.iter().map(ToString::to_string).collect();
    let file = folder.path().join("jail.local");
    let wanted = format!(
        "{}:4: 'bantime.formula = ban.Time * random.random()' is wrong at character 12",
        file.display()
    );
    assert!(said.iter().any(|said| said.starts_with(&wanted)), "{said:?}");
    assert!(said.iter().any(|said| said.contains("jail.local:3: 'bantime.factor = 1 +'")), "{said:?}");
}

#[test]
fn every_stock_filter_and_action() {
    let names = |folder: &str| {
        let entries = std::fs::read_dir(Path::new("/etc/fail2ban").join(folder)).unwrap();
        let names = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        // Those that are there to be included define nothing.
        let names = names.filter(|name| !name.contains("common") && name != "pass2allow-ftp.conf");
        let mut names: Vec<String> =
            names.filter_map(|name| Some(name.strip_suffix(".conf")?.to_owned())).collect();
        names.sort();
        names
    };
    let mut text = String::new();
    for filter in names("filter.d") {
        text += &format!("[f-{filter}]\nenabled = true\nfilter = {filter}\nlogpath = @/a.log\naction =\n");
    }
    for action in names("action.d") {
        text += &format!(
            "[a-{action}]\nenabled = true\nfilter = sshd\nlogpath = @/a.log tail\nport = 1,2:3\nprotocol = udp\n\
             action = {action}[name=%(__name__)s-x, bantime=5, dest=\"a, b\"]\n  {action}\n"
        );
    }
    let folder = with_files(&[("jail.d/all.conf", &text), ("a.log", "")]);
    let read = assert_same(folder.path());
    assert!(read.jails.len() > 140, "{}", read.jails.len());
}

#[test]
fn a_jail_without_logs_reads_the_journal_where_that_is_asked_for() {
    let jails = "[DEFAULT]\nenabled = true\nfilter = sshd\nlogpath = @/none.log\nbackend = auto\n\
                 [one]\njournalmatch = _COMM=one\n\
                 [two]\n\
                 [three]\njournalmatch = _COMM=three\nsystemd_if_nologs = false\n\
                 [four]\njournalmatch = _COMM=four\nlogpath = @/jail.conf\n";
    let folder = with_files(&[("jail.conf", jails), ("jail.d/defaults-debian.conf", "")]);
    let backends = |journal_without_logs: bool, jails: &str| {
        let folder = with_files(&[("jail.conf", jails), ("jail.d/defaults-debian.conf", "")]);
        let read = stream::read(folder.path(), &Ask { journal_without_logs, ..Ask::default() });
        let text = read.text();
        let added = text.lines().filter(|line| line.starts_with("['add'"));
        added.map(|line| line.rsplit('\'').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(backends(false, jails), ["auto", "auto", "auto", "auto"]);
    assert_eq!(backends(true, jails), ["systemd", "auto", "auto", "auto"]);
    let written = jails.replace("systemd_if_nologs = false", "systemd_if_nologs = yes");
    assert_eq!(backends(false, &written), ["auto", "auto", "systemd", "auto"]);
    if takes_the_journal() {
        assert_same(folder.path());
    }
    let read = stream::read(folder.path(), &Ask { journal_without_logs: true, ..Ask::default() });
    let said: Vec<String> = read.complaints.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|said| said.contains("jail.conf:4: ") && said.contains("the journal is read instead")),
        "{said:?}"
    );
}
