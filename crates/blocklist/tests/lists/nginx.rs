//! Debian's nginx with lists in its directory. One process, so that ending it leaves nothing behind.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::deadline::until;

/// It serves what is in `home`, and writes `STATUS ENCODING IF-NONE-MATCH` for each request.
pub struct Nginx {
    pub address: SocketAddr,
    home: PathBuf,
    process: Child,
}

impl Nginx {
    /// With more lines for its server.
    pub fn start(home: &Path, more: &str) -> Self {
        // Free a moment ago; whoever takes it meanwhile makes nginx say so and end.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::start_at(address, home, more)
    }

    pub fn start_at(address: SocketAddr, home: &Path, more: &str) -> Self {
        let dir = home.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {dir}/{kind};\n"))
            .concat();
        let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
        fs::create_dir_all(home.join("www")).unwrap();
        let conf = format!(
            "daemon off;\nmaster_process off;\n{user}pid {dir}/nginx.pid;\nerror_log stderr crit;\nevents {{}}\nhttp {{\n\
             types {{ text/plain txt; text/html html; }}\ngzip on;\ngzip_min_length 1;\ngzip_types text/plain;\n\
             log_format asked '$status $sent_http_content_encoding $http_if_none_match';\naccess_log {dir}/asked.log asked;\n\
             {temporary}server {{\nlisten {address};\nroot {dir}/www;\n{more}\n}}\n}}\n"
        );
        let path = home.join("nginx.conf");
        fs::write(&path, conf).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "/usr/sbin/nginx", "-e", "stderr", "-c"]).arg(path);
        let process = command.stdin(Stdio::null()).spawn().expect("nginx; see tests/setup.sh");
        let mut nginx = Self { address, home: home.to_owned(), process };
        nginx.wait();
        nginx
    }

    fn wait(&mut self) {
        let (address, process) = (self.address, &mut self.process);
        until("nginx listens", || {
            assert!(process.try_wait().unwrap().is_none(), "nginx has ended");
            TcpStream::connect(address).map_err(|cause| cause.to_string())
        });
    }

    /// Puts a list in the place of another, at once.
    pub fn put(&self, name: &str, text: &str) {
        put(&self.home.join("www").join(name), text);
    }

    /// What was asked and answered so far.
    pub fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.home.join("asked.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }
}

/// Writes a file aside and renames it.
pub fn put(path: &Path, text: &str) {
    let aside = path.with_extension("aside");
    fs::write(&aside, text).unwrap();
    fs::rename(aside, path).unwrap();
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
