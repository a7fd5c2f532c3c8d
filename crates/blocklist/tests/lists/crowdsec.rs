//! Debian's CrowdSec with nothing but its LAPI, in a directory of its own, offline.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::deadline::until;

/// A LAPI with a machine, so that decisions can be made.
pub struct Crowdsec {
    pub address: SocketAddr,
    config: PathBuf,
    process: Child,
}

impl Crowdsec {
    pub fn start(home: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let dir = home.display();
        for name in ["data", "patterns"] {
            fs::create_dir_all(home.join(name)).unwrap();
        }
        for (name, text) in [
            ("simulation.yaml", "simulation: false\n"),
            ("profiles.yaml", "name: none\nfilters:\n - \"false\"\non_success: break\n"),
            ("credentials.yaml", ""),
            ("config.yaml", &config(&dir.to_string(), address)),
        ] {
            fs::write(home.join(name), text).unwrap();
        }
        let config = home.join("config.yaml");
        run(&config, &["machines", "add", "tests", "--force", "--password", "tests-of-stockade"]);
        let process = serve(&config);
        let mut crowdsec = Self { address, config, process };
        crowdsec.wait();
        crowdsec
    }

    /// Ends it, as a crash does.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, with all that it knew.
    pub fn restart(&mut self) {
        self.process = serve(&self.config);
        self.wait();
    }

    fn wait(&mut self) {
        let (address, process) = (self.address, &mut self.process);
        until("CrowdSec listens", || {
            assert!(process.try_wait().unwrap().is_none(), "CrowdSec has ended");
            TcpStream::connect(address).map_err(|cause| cause.to_string())
        });
    }

    /// `cscli` with these words; what it says.
    pub fn cscli(&self, words: &[&str]) -> String {
        run(&self.config, words)
    }

    /// A key for a bouncer.
    pub fn key(&self, name: &str) -> String {
        self.cscli(&["bouncers", "add", name, "-o", "raw"]).trim().to_owned()
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Crowdsec {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where tests/setup.sh unpacks it.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../crowdsec/usr/bin").join(name);
    assert!(path.is_file(), "{}: there is none; run tests/setup.sh", path.display());
    path
}

fn serve(config: &Path) -> Child {
    let log = fs::File::create(config.with_file_name("crowdsec.log")).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program("crowdsec")).arg("-c").arg(config);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    command.spawn().expect("setpriv")
}

fn run(config: &Path, words: &[&str]) -> String {
    let output =
        Command::new(program("cscli")).arg("-c").arg(config).args(words).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cscli {words:?}: {says}");
    String::from_utf8(output.stdout).unwrap()
}

fn config(dir: &str, address: SocketAddr) -> String {
    format!(
        "common:\n  daemonize: false\n  log_media: stdout\n  log_level: info\n  log_dir: {dir}\n  working_dir: {dir}\n\
         config_paths:\n  config_dir: {dir}\n  data_dir: {dir}/data\n  simulation_path: {dir}/simulation.yaml\n  \
         hub_dir: {dir}/hub\n  index_path: {dir}/hub/.index.json\n  notification_dir: {dir}/notifications\n  \
         plugin_dir: {dir}/plugins\n\
         crowdsec_service:\n  enable: false\n\
         db_config:\n  log_level: info\n  type: sqlite\n  use_wal: false\n  db_path: {dir}/data/crowdsec.db\n\
         api:\n  client:\n    credentials_path: {dir}/credentials.yaml\n  server:\n    log_level: info\n    \
         listen_uri: {address}\n    profiles_path: {dir}/profiles.yaml\n\
         prometheus:\n  enabled: false\n"
    )
}
