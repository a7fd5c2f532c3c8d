//! Our own client of a LAPI against our own LAPI, over a real connection, plain and with the certificate that a Stockade makes for
//! itself.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use blocklist::{Client, Delta, LapiError};
use config::{Http, Tls};
use event::{Moment, Subject};
use gate::{Running, Server};

use crate::client::{START, Site};
use crate::deadline::Stopwatch;
use crate::desk::KEYS;

const NOW: Moment = Moment::from_seconds(START);
const MOST: usize = 1_000_000;

/// A Stockade that serves.
struct Served {
    site: Site,
    url: String,
    state: tempfile::TempDir,
    running: Option<Running>,
}

impl Served {
    fn new(tls: Tls) -> Self {
        let (site, state) = (Site::new(), tempfile::tempdir().unwrap());
        let http = Http { listen: Some((Ipv4Addr::LOCALHOST, 0).into()), tls, ..Http::default() };
        let server = Server::bind(&http, state.path()).unwrap();
        let url = format!("{}/", server.base_url());
        let running = Some(server.start(site.router.clone()).unwrap());
        Self { site, url, state, running }
    }

    fn client(&self, key: &str) -> Client {
        Client::new(&self.url, key, None).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.running.take().into_iter().for_each(Running::stop);
    }
}

fn short(delta: &Delta) -> Vec<String> {
    let gone = delta.deleted.iter().map(|subject| format!("-{subject}"));
    let left = |until: Moment| until.since(NOW).as_secs();
    gone.chain(delta.new.iter().map(|new| format!("+{} {}", new.subject, left(new.until)))).collect()
}

fn pulled(client: &mut Client, startup: bool) -> Vec<String> {
    short(&client.pull(startup, MOST, NOW).unwrap())
}

#[test]
fn what_is_banned_here_is_told_there() {
    let served = Served::new(Tls::No);
    let (desk, until) = (&served.site.desk, |seconds| served.site.until(seconds));
    desk.ban("192.0.2.1", "sshd", until(3600));
    desk.ban("192.0.2.1", "asterisk", until(60));
    desk.ban("2001:db8:1:2::/64", "asterisk", until(60));
    let mut client = served.client(KEYS[0].0);
    assert_eq!(pulled(&mut client, true), ["+192.0.2.1 3600", "+2001:db8:1:2::/64 60"]);
    assert_eq!(pulled(&mut client, false), [""; 0]);
    desk.ban("192.0.2.1", "sshd", until(7200));
    assert_eq!(pulled(&mut client, false), ["+192.0.2.1 7200"], "deleted and new in one answer");
    desk.lift("192.0.2.1", "sshd");
    assert_eq!(pulled(&mut client, false), ["+192.0.2.1 60"]);
    desk.lift("192.0.2.1", "asterisk");
    desk.ban("198.51.100.0/24", "manual", Moment::NEVER);
    assert_eq!(pulled(&mut client, false), ["-192.0.2.1", "+198.51.100.0/24 1728000"]);
    // Whoever begins anew is told what holds.
    let mut other = served.client(KEYS[3].0);
    let all = ["+198.51.100.0/24 1728000", "+2001:db8:1:2::/64 60"];
    assert_eq!(pulled(&mut other, true), all);
    assert_eq!(pulled(&mut client, true), all);
}

#[test]
fn the_whitelist_is_found_from_either_address() {
    let served = Served::new(Tls::No);
    served.site.desk.settings.lock().unwrap().whitelist.addresses = vec![
        ("192.0.2.0/24".parse().unwrap(), "stockade.toml:1".to_owned()),
        ("2001:db8::7".parse().unwrap(), "stockade.toml:1".to_owned()),
    ];
    let expected: Vec<Subject> = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::7".parse().unwrap()];
    let miko = format!("{}pbxcore/api/v3/firewall-bouncer", served.url);
    let urls = [served.url.clone(), miko.clone(), format!("{miko}/"), format!("{miko}/v1/")];
    for url in urls {
        let mut client = Client::new(&url, KEYS[0].0, None).unwrap();
        assert_eq!(client.whitelist(), Ok(Some(expected.clone())), "{url}");
        assert!(client.pull(true, MOST, NOW).is_ok(), "{url}");
    }
    let mut client = served.client("wrong");
    let refused = |error: LapiError| error.is_refused && error.text.contains("the key is refused");
    assert!(refused(client.whitelist().unwrap_err()));
    assert!(refused(client.pull(true, MOST, NOW).unwrap_err()));
}

#[test]
fn the_certificate_that_a_stockade_makes_is_trusted_if_it_is_named() {
    let served = Served::new(Tls::Yes);
    served.site.desk.ban("192.0.2.1", "sshd", served.site.until(60));
    let error = served.client(KEYS[0].0).pull(true, MOST, NOW).unwrap_err();
    assert!(error.text.contains("certificate is not trusted") && !error.is_refused, "{error}");
    let files = std::fs::read_dir(served.state.path()).unwrap().map(|file| file.unwrap().path());
    let is_certificate =
        |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains("BEGIN CERTIFICATE");
    let certificate = files.into_iter().find(is_certificate).expect("a certificate");
    let mut client = Client::new(&served.url, KEYS[0].0, Some(&certificate)).unwrap();
    assert_eq!(pulled(&mut client, true), ["+192.0.2.1 60"]);
}

/// Resident memory in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Prints what it takes: `cargo test -p lapi three_hundred -- --nocapture`. What the server holds is counted too.
#[test]
#[allow(clippy::print_stdout, reason = "a measurement")]
fn three_hundred_thousand_decisions_are_taken() {
    const DECISIONS: u32 = 300_000;
    let served = Served::new(Tls::No);
    served.site.desk.change(|bans| {
        let address = |number| Ipv4Addr::from(0x0b00_0000 + number * 7).to_string();
        bans.extend(
            (0..DECISIONS).map(|number| crate::desk::ban(&address(number), "sshd", served.site.until(3600))),
        );
    });
    let mut client = served.client(KEYS[0].0);
    let (before, began) = (resident(), Stopwatch::start());
    let all = client.pull(true, MOST, NOW).unwrap();
    let (took, after) = (began.elapsed(), resident());
    assert_eq!((all.new.len(), all.left_out), (DECISIONS as usize, 0));
    println!(
        "{DECISIONS} decisions: told and taken in {took:?}; resident before {before} KiB, after {after} KiB"
    );
    assert!(after.saturating_sub(before) < 150 * 1024);
    let some = client.pull(true, 1000, NOW).unwrap();
    assert_eq!((some.new.len(), some.left_out), (1000, u64::from(DECISIONS) - 1000));
}
