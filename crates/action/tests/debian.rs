//! Stock actions of Debian's fail2ban are run by its own code and by ours, with the same bans: what every program that they call is told, in its
//! arguments and on its standard input, must be the same, and so must the files that they write. The programs are stand-ins, the firewalls' too.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use action::Actions;
use dropin::{Counts, Happening, JailModel};
use event::{Failure, JailName, Moment, Proof, Subject};
use fail2ban::Value;
use serde_json::json;

/// Actions with what they are given beside their own. `DIR` is where everything is.
const STOCK: [(&str, &str); 54] = [
    ("abuseipdb", "abuseipdb_apikey=key, abuseipdb_category=\"18,22\""),
    ("apf", ""),
    ("apprise", ""),
    ("blocklist_de", "email=\"a@example.org\", apikey=\"key\", service=sshd, agent=\"f2b/1\""),
    ("bsd-ipfw", ""),
    ("cloudflare", "cfuser=\"a@example.org\", cftoken=token"),
    ("cloudflare-token", "cfzone=zone, cftoken=token"),
    ("complain", "logpath=\"DIR/a.log\""),
    ("dshield", "tmpfile=\"DIR/run/dshield\", myip=192.0.2.99"),
    ("dummy", "target=\"DIR/run/dummy\""),
    ("firewallcmd-allports", ""),
    ("firewallcmd-ipset", ""),
    ("firewallcmd-multiport", "port=\"22,80\""),
    ("firewallcmd-new", "port=22"),
    ("firewallcmd-rich-logging", "port=\"22,80\""),
    ("firewallcmd-rich-rules", "port=\"22,80\""),
    ("hostsdeny", "file=\"DIR/hosts.deny\""),
    ("ipfw", ""),
    ("iptables", "port=22"),
    ("iptables-allports", ""),
    ("iptables-ipset", "port=22"),
    ("iptables-ipset-proto4", "port=22"),
    ("iptables-ipset-proto6", "port=\"22,80\""),
    ("iptables-ipset-proto6-allports", ""),
    ("iptables-multiport", "port=\"22,80\""),
    ("iptables-multiport-log", "port=\"22,80\""),
    ("iptables-new", "port=22"),
    ("ipthreat", "ipthreat_apikey=key, ipthreat_flags=8"),
    ("mail", ""),
    ("mail-buffered", "tmpfile=\"DIR/run/mail\", lines=2"),
    ("mail-whois", ""),
    ("mail-whois-lines", "logpath=\"DIR/a.log\""),
    ("mynetwatchman", "tmpfile=\"DIR/run/mnw\", myip=192.0.2.99, mnwlogin=me, mnwpass=\"a b\""),
    ("netscaler", "ns_host=ns, ns_auth=auth"),
    ("nftables", "port=22"),
    ("nftables-allports", ""),
    ("nftables-multiport", "port=\"22,80\""),
    ("nginx-block-map", "srv_cfg_path=\"DIR/run/\", srv_pid=\"DIR/a.log\""),
    ("npf", ""),
    ("nsupdate", "domain=example.org"),
    ("pf", ""),
    ("route", ""),
    ("sendmail", ""),
    ("sendmail-buffered", "tmpfile=\"DIR/run/sendmail\", lines=2"),
    ("sendmail-geoip-lines", "logpath=\"DIR/a.log\""),
    ("sendmail-whois", ""),
    ("sendmail-whois-ipjailmatches", ""),
    ("sendmail-whois-ipmatches", ""),
    ("sendmail-whois-lines", "logpath=\"DIR/a.log\""),
    ("sendmail-whois-matches", ""),
    ("shorewall", ""),
    ("shorewall-ipset-proto6", ""),
    ("symbiosis-blacklist-allports", ""),
    ("ufw", "port=22"),
];

/// Actions of our own, for what no stock one does.
const OWN: [(&str, &str); 9] = [
    (
        "own-tags",
        "actionban = notify \"<ip>|<family>|<ip-rev>|<ip-host>|<fid>|<failures>|<time>|<bantime>|<bancount>|<restored>|<F-USER>|<ipfailures>|\
         <ipjailfailures>|<jail.found>|<none>|<F-NONE>|\" \"<matches>\" \"a<ipmatches>.b\" \"<ipjailmatches>\" '<failures>'<br>notify <sp>x\n\
         actionunban = notify gone \"<ip>\" \"<F-USER>\" \"<matches>\" <failures>\n",
    ),
    (
        "own-nested",
        "actionstart = notify start <family> <<kind>_word> <b<c>e>\nactionstop = notify stop <family>\nactionflush = notify flush <family>\n\
         actionban = notify <<kind>_word> <word> <ip>\nactionunban = notify un <ip>\n[Init]\nkind = x\nx_word = one\nc = l\nble = deep\n\
         word = four\n[Init?family=inet6]\nword = six\n",
    ),
    (
        "own-broken",
        "actionstart = notify start; touch DIR/run/there\nactionstop = notify stop\nactioncheck = notify check; test -f DIR/run/there\n\
         actionban = notify ban <ip>; if [ <failures> = 7 ] && [ ! -f DIR/run/once ]; then touch DIR/run/once; rm DIR/run/there; fi; test -f DIR/run/there\n\
         actionunban = notify unban <ip>; false\n",
    ),
    (
        "own-repaired",
        "actionstart = notify start\nactionstop = notify stop\nactioncheck = notify check; test -f DIR/run/mended\n\
         actionrepair = notify repair <family>; touch DIR/run/mended\n\
         actionban = notify ban <ip>; test -f DIR/run/mended\nactionunban = notify unban <ip>\nactionrepair_on_unban = true\n",
    ),
    (
        "own-restored",
        "norestored = 1\nactionban = notify ban <ip> <restored>\nactionunban = notify unban <ip>\nactionflush = notify flush; false\n\
         actioncheck = notify check\n",
    ),
    (
        "own-checked",
        "actionstart = notify start; touch DIR/run/stands\nactionstop = notify stop\nactioncheck = notify check; test -f DIR/run/stands\n\
         actionban = notify ban <ip>; [ <failures> != 1 ] || rm DIR/run/stands\nactionunban = notify unban <ip>\n",
    ),
    (
        "own-rebanned",
        "actionstart_on_demand = true\nactionstart = notify start\nactioncheck = notify check <family>; test -f DIR/run/again-<family>\n\
         actionrepair = notify repair <family>; touch DIR/run/again-<family>\n\
         actionban = notify ban <ip>\nactionreban = notify reban <ip> <failures>\nactionunban = notify unban <ip>\n",
    ),
    (
        "own-lost",
        "actionstart = notify start\nactioncheck = notify check; false\nactionrepair = notify repair; false\n\
         actionban = notify ban <ip>\nactionunban = notify unban <ip>\n",
    ),
    (
        "own-demand",
        "actionstart_on_demand = true\nactionstart = notify start <family>\nactionstop = notify stop <family>\n\
         actionban = notify ban <ip>\nactionunban = notify unban <ip>\n",
    ),
];

/// Programs that only write down what they are told.
const STAND_INS: &str = "iptables ip6tables ipset nft firewall-cmd ufw shorewall ip route curl wget mail sendmail whois dig date geoiplookup apprise \
    nsupdate jq pfctl ipfw npfctl apf afctl nginx systemctl notify ss conntrack host dpkg-query service killall";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ban,
    /// Somebody who is banned has failed as often again.
    Again,
    Unban,
}

struct Step {
    kind: Kind,
    ip: &'static str,
    failures: u32,
    lines: &'static [&'static str],
    user: &'static str,
    restored: bool,
}

const HOSTILE: &[&str] = &[
    "Nov 23 00:00:01 host sshd[1]: Failed password for $(touch DIR/run/owned) from 192.0.2.7",
    "`touch DIR/run/owned` \"; touch DIR/run/owned; \" '; touch DIR/run/owned; ' && | > DIR/run/owned",
    "%s %n \\n~! touch DIR/run/owned \\0176! \\",
    "~! touch DIR/run/owned",
];

impl Step {
    const fn of(kind: Kind, ip: &'static str) -> Self {
        Self { kind, ip, failures: 3, lines: &[], user: "", restored: false }
    }

    /// Those who fail on do so long after the ban.
    fn seconds(&self) -> u64 {
        if self.kind == Kind::Again { 30 } else { 0 }
    }
}

const STEPS: [Step; 11] = [
    Step {
        kind: Kind::Ban,
        ip: "192.0.2.7",
        failures: 5,
        lines: HOSTILE,
        user: "ro\"ot $(touch DIR/run/owned)",
        restored: false,
    },
    Step { kind: Kind::Ban, ip: "2001:db8::7", failures: 7, lines: &["one line"], user: "", restored: false },
    Step { kind: Kind::Ban, ip: "198.51.100.3", failures: 3, lines: &[], user: "", restored: true },
    Step::of(Kind::Unban, "192.0.2.7"),
    Step { kind: Kind::Ban, ip: "192.0.2.8", failures: 1, lines: &["plain"], user: "root", restored: false },
    // The first finds out what is broken; the others have their bans anew, once. Nobody looks again so soon.
    Step::of(Kind::Again, "198.51.100.3"),
    Step::of(Kind::Again, "192.0.2.8"),
    Step::of(Kind::Again, "192.0.2.8"),
    Step::of(Kind::Again, "2001:db8::7"),
    Step::of(Kind::Again, "198.51.100.3"),
    Step::of(Kind::Unban, "2001:db8::7"),
];

fn texts(step: &Step, dir: &str) -> (Vec<String>, String) {
    (step.lines.iter().map(|line| line.replace("DIR", dir)).collect(), step.user.replace("DIR", dir))
}

/// Where everything is: `bin` with stand-ins, `etc` with the configuration, `run` and `calls` with what comes of it.
fn prepare(dir: &Path) {
    let bin = dir.join("bin");
    let stand_in = format!(
        "#!/bin/sh\nname=$(mktemp {0}/calls/XXXXXXXX)\n{{ echo \"${{0##*/}}\"; for one; do printf '[%s]' \"$one\"; done; echo; \
         case ${{0##*/}} in mail|sendmail|apprise|nsupdate|pfctl) cat;; esac; }} >\"$name\"\n\
         case ${{0##*/}} in date) echo DATE; esac\n\
         case ${{0##*/}} in dig) echo '\"abuse@example.org\"'; esac\ncase ${{0##*/}} in whois|geoiplookup) echo \"about: $1 $2 $3\"; esac\nexit 0\n",
        dir.display()
    );
    support::programs(&bin, STAND_INS, &stand_in);
    support::put(&dir.join("a.log"), "failure of 192.0.2.7\nfailure of 192.0.2.70\nfailure of 2001:db8::7\n");
    configure(dir);
}

fn configure(dir: &Path) {
    let etc = dir.join("etc");
    let here = dir.display().to_string();
    for entry in fs::read_dir("/etc/fail2ban/action.d").expect("tests/setup.sh installs fail2ban") {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        // What has its place on the host has it here.
        let text = text
            .replace("/usr/sbin/sendmail", &format!("{here}/bin/sendmail"))
            .replace("/etc/symbiosis", &format!("{here}/run/symbiosis"))
            .replace("/var/run/fail2ban", &format!("{here}/run"))
            .replace("/sbin/ipfw", "ipfw");
        support::put(&etc.join("action.d").join(path.file_name().unwrap()), &text);
    }
    let mut jails = String::new();
    for (name, given) in STOCK {
        jails += &format!("[j-{name}]\nenabled = true\naction = {name}[{}]\n", given.replace("DIR", &here));
    }
    for (name, text) in OWN {
        let text = format!("[Definition]\n{}", text.replace("DIR", &here));
        support::put(&etc.join(format!("action.d/{name}.conf")), &text);
        jails += &format!("[j-{name}]\nenabled = true\naction = {name}\n");
    }
    support::configure(&etc, &jails);
}

/// What the programs were told and the files that stand there, each as often as it came.
fn collect(dir: &Path) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for folder in ["calls", "run", "run/symbiosis/firewall/blacklist.d"] {
        for entry in fs::read_dir(dir.join(folder)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let Ok(bytes) = fs::read(&path) else { continue };
            let name = if folder == "calls" { "call".into() } else { path.display().to_string() };
            *all.entry(format!("{name}: {}", String::from_utf8_lossy(&bytes))).or_default() += 1;
        }
    }
    all
}

fn wipe(dir: &Path) {
    for folder in ["calls", "run"] {
        let _ = fs::remove_dir_all(dir.join(folder));
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    fs::create_dir_all(dir.join("run/symbiosis/firewall/blacklist.d")).unwrap();
    support::put(&dir.join("hosts.deny"), "# mine\n");
}

/// Our side, in a process of its own with the stand-ins in its PATH.
#[test]
#[ignore = "run by the test below with its own environment"]
fn ours() {
    let dir = PathBuf::from(std::env::var_os("ACTION_TEST_DIR").expect("run by the test below"));
    let here = dir.display().to_string();
    let jails = support::jails(&dir.join("etc"));
    let actions = Actions::start(support::now, |_| Counts::default()).unwrap();
    let remarks = actions.set_jails(&jails, |_| false);
    assert_eq!(remarks, []);
    for (place, jail) in jails.iter().enumerate() {
        for (number, step) in STEPS.iter().enumerate() {
            let (lines, user) = texts(step, &here);
            happen(&actions, jail, moment(place, number), step, lines, &user);
        }
        actions.call(&jail.name, &jail.actions[0].name, "escapeTag", r#"{"value": ""}"#).unwrap();
    }
    actions.stop();
}

fn happen(actions: &Actions, jail: &JailModel, at: Moment, step: &Step, lines: Vec<String>, user: &str) {
    let name = "jail";
    let subject: Subject = step.ip.parse().unwrap();
    if step.kind == Kind::Again {
        let (jail, since) = (jail.name.clone(), at);
        let at = at.after(Duration::from_secs(step.seconds()));
        return actions.tell(&Happening::AlreadyBanned { jail, subject, since, at });
    }
    if step.kind == Kind::Unban {
        return actions.tell(&Happening::Unbanned { jail: jail.name.clone(), subject, at, expired: true });
    }
    if !user.is_empty() {
        let failure = Failure {
            jail: JailName::new(name),
            subject,
            address: Some(subject.address()),
            at,
            account: Some(user.into()),
            count: 1,
            proof: Proof::Proven,
            echo: 0,
            pattern: "".into(),
            line: "".into(),
        };
        actions.tell(&Happening::Found { jail: jail.name.clone(), failure });
    }
    actions.tell(&Happening::Banned {
        jail: jail.name.clone(),
        ban: support::ban(name, step.ip, at, step.failures),
        earlier: 0,
        lines,
        prolonged: false,
        restored: step.restored,
    });
}

/// A little before now, so that fail2ban does not take the bans for over.
fn moment(place: usize, number: usize) -> Moment {
    let base: i64 =
        std::env::var("ACTION_TEST_TIME").ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    Moment::from_millis(base * 1000 + i64::try_from(10 * place + 250 * number).unwrap())
}

#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn programs_are_told_what_fail2ban_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    prepare(dir);
    wipe(dir);
    let time = support::now().seconds() - 5;
    let environment = |command: &mut Command| {
        command.env_clear().env("PATH", dir.join("bin")).env("ACTION_TEST_DIR", dir);
        command.env("ACTION_TEST_TIME", time.to_string()).env("LC_ALL", "C.UTF-8");
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    environment(command.args(["--exact", "ours", "--ignored", "--nocapture"]));
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    let mut ours = collect(dir);
    ours.insert(fs::read_to_string(dir.join("hosts.deny")).unwrap(), 1);
    wipe(dir);
    theirs(dir, time, environment);
    let mut theirs = collect(dir);
    theirs.insert(fs::read_to_string(dir.join("hosts.deny")).unwrap(), 1);
    println!("{} calls and files compared", theirs.values().sum::<usize>());
    assert!(!dir.join("run/owned").exists());
    let missing: Vec<_> = theirs.iter().filter(|(call, count)| ours.get(*call) != Some(count)).collect();
    let extra: Vec<_> = ours.iter().filter(|(call, count)| theirs.get(*call) != Some(count)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "theirs alone: {missing:#?}\nours alone: {extra:#?}");
    assert!(theirs.len() > 100, "{}", theirs.len());
}

fn theirs(dir: &Path, time: i64, environment: impl Fn(&mut Command)) {
    let jails = support::jails(&dir.join("etc"));
    let here = dir.display().to_string();
    let value = |value: &Value| match value {
        Value::Int(number) => json!(number),
        Value::Bool(is) => json!(is),
        Value::None => json!(null),
        other => json!(fail2ban::repr::str(other)),
    };
    let told = json!({
        "jails": jails.iter().map(|jail| json!([jail.name, jail.actions.iter().map(|action| json!([
            action.name,
            action.properties.iter().map(|(name, told)| json!([name, value(told)])).collect::<Vec<_>>(),
        ])).collect::<Vec<_>>()])).collect::<Vec<_>>(),
        "steps": STEPS.iter().enumerate().map(|(number, step)| {
            let (lines, user) = texts(step, &here);
            let time = time as f64 + 0.25 * number as f64 + step.seconds() as f64;
            let what = match step.kind { Kind::Ban => "ban", Kind::Again => "again", Kind::Unban => "unban" };
            json!({"do": what, "ip": step.ip, "time": time, "lines": lines, "user": user,
                "failures": step.failures, "restored": step.restored})
        }).collect::<Vec<_>>(),
    });
    let mut command = Command::new("/usr/bin/python3");
    environment(command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/debian/theirs.py")));
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
