//! `stockade bouncer` at CrowdSec's own LAPI, Debian's: its decisions are carried out as its own bouncers carry them out.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::peer::Peer;
use crate::support::place::{STOCKADE, finish};
use crate::support::{Daemon, Deadline, Place};

const LISTEN: &str = "127.0.0.1:8080";
const WHO: &str = "192.0.2.2";
const OTHER: &str = "192.0.2.3";

/// Nothing but the LAPI, and a machine by which decisions are made.
const CONFIG: &str = "
common: {daemonize: false, log_media: stdout, log_level: info, log_dir: DIR, working_dir: DIR}
config_paths:
  config_dir: DIR
  data_dir: DIR/data
  simulation_path: DIR/simulation.yaml
  hub_dir: DIR/hub
  index_path: DIR/hub/.index.json
  notification_dir: DIR/notifications
  plugin_dir: DIR/plugins
crowdsec_service: {enable: false}
db_config: {log_level: info, type: sqlite, use_wal: false, db_path: DIR/data/crowdsec.db}
api:
  client: {credentials_path: DIR/credentials.yaml}
  server: {log_level: info, listen_uri: LISTEN, profiles_path: DIR/profiles.yaml}
prometheus: {enabled: false}
";

struct Crowdsec {
    config: PathBuf,
    process: Child,
}

impl Crowdsec {
    fn start(home: &Path) -> Self {
        fs::create_dir_all(home.join("data")).expect("make its directory");
        let config = CONFIG.replace("DIR", &home.display().to_string()).replace("LISTEN", LISTEN);
        for (name, text) in [
            ("simulation.yaml", "simulation: false\n"),
            ("profiles.yaml", "name: none\nfilters:\n - \"false\"\non_success: break\n"),
            ("credentials.yaml", ""),
            ("config.yaml", &config),
        ] {
            fs::write(home.join(name), text).expect("write its settings");
        }
        let config = home.join("config.yaml");
        cscli(&config, &["machines", "add", "tests", "--force", "--password", "tests-of-stockade"]);
        let process = serve(&config);
        Self { config, process }
    }

    fn restart(&mut self) {
        self.process = serve(&self.config);
    }

    fn kill(&mut self) {
        self.process.kill().expect("kill our own child");
        self.process.wait().expect("wait for our own child");
    }

    fn cscli(&self, words: &[&str]) -> String {
        cscli(&self.config, words)
    }

    fn ban(&self, who: &str, span: &str) {
        let scope = if who.contains('/') { "--range" } else { "--ip" };
        self.cscli(&["decisions", "add", scope, who, "--duration", span]);
    }
}

impl Drop for Crowdsec {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cscli(config: &Path, words: &[&str]) -> String {
    let mut command = Command::new(program("cscli"));
    command.arg("-c").arg(config).args(words);
    let answer = finish(command, "");
    assert_eq!(answer.code, 0, "cscli {words:?}: {answer:?}");
    answer.out.trim().to_owned()
}

/// Starts it and waits until it listens.
fn serve(config: &Path) -> Child {
    let log = File::create(config.with_file_name("crowdsec.log")).expect("make its log");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program("crowdsec")).arg("-c").arg(config);
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("one log")).stderr(log);
    let child = command.spawn().expect("run setpriv");
    let deadline = Deadline::start();
    while TcpStream::connect(LISTEN).is_err() {
        assert!(!deadline.left().is_zero(), "CrowdSec does not listen");
    }
    child
}

/// Where tests/setup.sh unpacks it.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../crowdsec/usr/bin").join(name);
    assert!(path.is_file(), "{}: there is none; run tests/setup.sh", path.display());
    path
}

fn bouncer(place: &Place, key: &str) -> Daemon {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", STOCKADE, "bouncer", "--lapi", "http://127.0.0.1:8080/"]);
    command.args(["--token", key, "--every", "1s", "--state-dir"]).arg(place.path("bouncer"));
    Daemon::start(command)
}

#[test]
fn decisions_of_crowdsec_are_carried_out() {
    let place = Place::new("");
    let peer = Peer::plug();
    let mut crowdsec = Crowdsec::start(&place.path("crowdsec"));
    let key = crowdsec.cscli(&["bouncers", "add", "stockade", "-o", "raw"]);
    crowdsec.ban("198.51.100.0/24", "4h");
    let mut bouncer = bouncer(&place, &key).ready();
    assert!(place.kernel.holds("198.51.100.0/24"), "{}", place.kernel.table());

    crowdsec.ban(WHO, "1h");
    bouncer.says("ban 192.0.2.2 for");
    peer.waits_until(WHO, false);
    let stream = peer.stream(WHO);
    crowdsec.ban(WHO, "9h");
    bouncer.says("ban 192.0.2.2 now for 3");
    crowdsec.kill();
    bouncer.says("in force until each ends");
    crowdsec.restart();
    bouncer.says("the origin answers again");
    let (sent, arrived) = stream.end();
    assert!(sent > 50 && arrived == 0, "{arrived} of {sent} datagrams came through");

    crowdsec.cscli(&["decisions", "delete", "--ip", WHO]);
    bouncer.says("lifted 192.0.2.2");
    peer.waits_until(WHO, true);
    crowdsec.ban(OTHER, "4s");
    bouncer.says("ban 192.0.2.3 for");
    peer.waits_until(OTHER, false);
    peer.waits_until(OTHER, true);
    assert!(place.kernel.holds("198.51.100.0/24"));
    bouncer.stop();
}
