//! CrowdSec's API at the real daemon: by hand with curl, and as Debian's crowdsec-firewall-bouncer understands it, whose nftables
//! sets must follow our bans, unbans, ends and prolongations.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Daemon, Deadline, Place};

const HERE: &str = "http://127.0.0.1:8765";
const STREAM: &str = "/v1/decisions/stream";

/// The bouncer's settings, in CrowdSec's YAML.
const BOUNCER: &str = "
mode: nftables
pid_dir: DIR/
update_frequency: 1s
daemonize: false
log_mode: stdout
log_level: debug
api_url: http://127.0.0.1:8765/
api_key: KEY
retry_initial_connect: true
disable_ipv6: false
deny_action: DROP
deny_log: false
supported_decisions_types: [ban]
blacklists_ipv4: crowdsec-blacklists
blacklists_ipv6: crowdsec6-blacklists
nftables:
  ipv4: {enabled: true, set-only: false, table: crowdsec, chain: crowdsec-chain}
  ipv6: {enabled: true, set-only: false, table: crowdsec6, chain: crowdsec6-chain}
prometheus: {enabled: false, listen_addr: 127.0.0.1, listen_port: 60601}
";

fn key(place: &Place, scope: &str) -> String {
    let made = place.run(&["token", "create", "--scope", scope, scope]);
    assert_eq!(made.code, 0, "{made:?}");
    made.out.trim().to_owned()
}

/// Asks with curl: status and body.
fn ask(key: &str, path: &str, more: &[&str]) -> (u16, String) {
    let mut command = Command::new("curl");
    command.args(["-s", "-w", "\n%{http_code}", "-H", &format!("X-Api-Key: {key}")]).args(more);
    let out = command.arg(format!("{HERE}{path}")).output().expect("run curl");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
    (status.parse().unwrap_or(0), body.to_owned())
}

/// The subjects in the lists `deleted` and `new`.
fn pull(key: &str, path: &str) -> [Vec<String>; 2] {
    let (status, body) = ask(key, path, &[]);
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    ["deleted", "new"].map(|list| {
        let list = answer[list].as_array().unwrap_or_else(|| panic!("{answer}"));
        list.iter().map(|one| one["value"].as_str().expect("a text").to_owned()).collect()
    })
}

fn ban(place: &Place, subject: &str, span: &str) {
    let done = place.run(&["ban", subject, "--for", span]);
    assert_eq!(done.code, 0, "{done:?}");
}

fn unban(place: &Place, subject: &str) {
    let done = place.run(&["unban", subject]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn the_lapi_answers_at_both_paths_and_tells_differences() {
    let place = Place::new("[lapi]\norigin = 'mikopbx-fail2ban'\nscenario = 'mikopbx/{jail}'\n");
    let daemon = place.start();
    let key = key(&place, "bouncer");
    let miko = format!("/pbxcore/api/v3/firewall-bouncer{STREAM}");
    assert_eq!(ask(&key, "/v1/decisions", &[]), (200, "null".to_owned()));
    assert_eq!(ask("wrong", STREAM, &[]), (403, r#"{"message":"access forbidden"}"#.to_owned()));
    assert_eq!(ask("wrong", &miko, &[]), (403, r#"{"message":"access forbidden"}"#.to_owned()));
    assert_eq!(ask(&key, "/v1/usage-metrics", &["-d", "{\"remediation_components\":[]}"]).0, 201);
    assert_eq!(ask(&key, "/v1/decisions", &["-I"]).0, 200);
    assert_eq!(ask(&key, "/api/v1/bans", &[]).0, 403, "a bouncer's key reads decisions only");

    ban(&place, "192.0.2.1", "1h");
    ban(&place, "2001:db8::5", "forever");
    let body = ask(&key, "/v1/decisions?ip=192.0.2.1", &[]).1;
    let one: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&one[0]["origin"], &one[0]["scenario"]),
        (&json!("mikopbx-fail2ban"), &json!("mikopbx/manual"))
    );
    let new = |subjects: &[&str]| [Vec::new(), subjects.iter().map(|one| (*one).to_owned()).collect()];
    assert_eq!(pull(&key, &format!("{miko}?startup=true")), new(&["192.0.2.1", "2001:db8::/64"]));
    assert_eq!(pull(&key, &miko), new(&[]));
    unban(&place, "192.0.2.1");
    assert_eq!(pull(&key, &miko), [vec!["192.0.2.1".to_owned()], Vec::new()]);

    // Whoever was let in while the bouncer could not ask is taken out once it can.
    ban(&place, "192.0.2.2", "1h");
    assert_eq!(pull(&key, &miko), new(&["192.0.2.2"]));
    unban(&place, "192.0.2.2");
    daemon.stop();
    let daemon = place.start();
    let [deleted, new] = pull(&key, &miko);
    assert!(deleted.contains(&"192.0.2.2".to_owned()), "{deleted:?}");
    assert_eq!(new, ["2001:db8::/64"]);
    daemon.stop();
}

/// Debian's bouncer, as its unit starts it but in the foreground.
struct Bouncer(Child);

impl Bouncer {
    fn start(place: &Place, key: &str) -> Self {
        let settings = place.path("bouncer.yaml");
        let text = BOUNCER.replace("DIR", &place.path("").display().to_string()).replace("KEY", key);
        std::fs::write(&settings, text).expect("write the bouncer's settings");
        let log = File::create(place.path("bouncer.out")).expect("make the bouncer's log");
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "crowdsec-firewall-bouncer", "-c"])
            .arg(settings)
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("one log"))
            .stdout(log)
            .spawn()
            .expect("run crowdsec-firewall-bouncer; tests/setup.sh installs it");
        Self(child)
    }

    /// Waits until exactly these are in its sets, and tells for how many seconds each is yet.
    fn holds(&mut self, place: &Place, wanted: &[&str]) -> Vec<u64> {
        let deadline = Deadline::start();
        loop {
            let held = held();
            if held.iter().map(|(address, _)| address.as_str()).eq(wanted.iter().copied()) {
                return held.into_iter().map(|(_, seconds)| seconds).collect();
            }
            let said = || std::fs::read_to_string(place.path("bouncer.out")).unwrap_or_default();
            assert!(!deadline.left().is_zero(), "it holds {held:?}, not {wanted:?}; it said:\n{}", said());
            assert!(self.0.try_wait().expect("look at our own child").is_none(), "it ended:\n{}", said());
        }
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        // It may have ended by itself; then waiting only takes it off the books.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Who is in the bouncer's sets, in the order of texts, and for how many seconds.
fn held() -> Vec<(String, u64)> {
    let mut held = Vec::new();
    for (family, table) in [("ip", "crowdsec"), ("ip6", "crowdsec6")] {
        let out = Command::new("nft").args(["-j", "list", "table", family, table]).output().expect("run nft");
        let listed: Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
        let objects = listed["nftables"].as_array().cloned().unwrap_or_default();
        let elements = objects.iter().filter_map(|object| object["set"]["elem"].as_array());
        held.extend(elements.flatten().map(|element| {
            let address = element["elem"]["val"].as_str().expect("an address").to_owned();
            (address, element["elem"]["expires"].as_u64().unwrap_or(0))
        }));
    }
    held.sort();
    held
}

#[test]
fn debians_bouncer_follows_bans_unbans_ends_and_prolongations() {
    let place = Place::new("");
    let mut daemon: Daemon = place.start();
    let key = key(&place, "bouncer");
    ban(&place, "192.0.2.1", "1h");
    ban(&place, "192.0.2.2", "forever");
    ban(&place, "2001:db8::5", "1h");
    let mut bouncer = Bouncer::start(&place, &key);
    // Of a subnet, this bouncer's sets take the first address only; docs/bouncers.md says so.
    let left = bouncer.holds(&place, &["192.0.2.1", "192.0.2.2", "2001:db8::"]);
    assert!(left[0] <= 3600 && left[0] > 3000 && left[1] > 10 * 24 * 3600, "{left:?}");

    ban(&place, "192.0.2.3", "12s");
    ban(&place, "192.0.2.4", "12s");
    unban(&place, "192.0.2.1");
    let left = bouncer.holds(&place, &["192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::"]);
    assert!(left[1] <= 12, "{left:?}");

    ban(&place, "192.0.2.4", "2h");
    daemon.says("the ban of 192.0.2.3 is over");
    let left = bouncer.holds(&place, &["192.0.2.2", "192.0.2.4", "2001:db8::"]);
    assert!(left[1] > 3600, "a prolonged ban outlasts its first end: {left:?}");

    // Without Stockade the bouncer keeps what it has; afterwards it goes on.
    unban(&place, "2001:db8::5");
    daemon.stop();
    assert!(held().iter().any(|(address, _)| address == "192.0.2.4"));
    let daemon = place.start();
    ban(&place, "192.0.2.5", "1h");
    let left = bouncer.holds(&place, &["192.0.2.2", "192.0.2.4", "192.0.2.5"]);
    assert!(left[0] > 10 * 24 * 3600 && left[1] > 3600, "{left:?}");
    drop(bouncer);
    daemon.stop();
}
