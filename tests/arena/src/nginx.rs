//! A real nginx with a public page and one behind basic authentication.

use std::path::{Path, PathBuf};

use crate::deadline::PATIENCE;
use crate::process::Process;
use crate::scene::write;
use crate::{Host, Result};

/// The account that may see the private page.
pub const ACCOUNT: &str = "office";
/// Its password.
pub const PASSWORD: &str = "quite-right";

/// The running server. Dropping it ends it with its workers.
#[derive(Debug)]
pub struct Nginx {
    /// Every request, in the combined format.
    pub access_log: PathBuf,
    /// What went wrong: wrong passwords among it.
    pub error_log: PathBuf,
    _process: Process,
}

impl Nginx {
    /// Starts the server on port 80 of `host` and waits until its worker runs.
    pub fn start(host: &Host, directory: &Path) -> Result<Self> {
        Self::start_with(host, directory, "")
    }

    /// The same with `more` in the configuration's `http { }`.
    pub fn start_with(host: &Host, directory: &Path, more: &str) -> Result<Self> {
        let home = directory.join("nginx");
        let (access_log, error_log) = (home.join("access.log"), home.join("error.log"));
        write(&access_log, "")?;
        write(&error_log, "")?;
        write(&home.join("www/index.html"), "public\n")?;
        write(&home.join("www/private/index.html"), "private\n")?;
        write(&home.join("passwords"), &format!("{ACCOUNT}:{{PLAIN}}{PASSWORD}\n"))?;
        let conf = home.join("nginx.conf");
        write(&conf, &nginx_conf(&home.display().to_string(), more))?;
        let mut command = host.contained("exec /usr/sbin/nginx -e stderr -c \"$1\"", &[&conf]);
        let mut process = Process::start("nginx", &mut command)?;
        process.line("'start worker process'", PATIENCE, |line| line.contains("start worker process "))?;
        Ok(Self { access_log, error_log, _process: process })
    }
}

/// The log that Stockade reads is written at nginx's usual level; the one on standard error only tells us when it runs.
fn nginx_conf(home: &str, more: &str) -> String {
    format!(
        "daemon off;\nuser root;\nworker_processes 1;\npid {home}/nginx.pid;\n\
         error_log stderr notice;\nerror_log {home}/error.log error;\n\
         events {{ worker_connections 128; }}\n\
         http {{\n\
           access_log {home}/access.log combined;\n\
           client_body_temp_path {home}/body;\nproxy_temp_path {home}/proxy;\nfastcgi_temp_path {home}/fastcgi;\n\
           uwsgi_temp_path {home}/uwsgi;\nscgi_temp_path {home}/scgi;\n\
           {more}\n\
           server {{\n\
             listen 80;\nlisten [::]:80;\nroot {home}/www;\n\
             location /private/ {{ auth_basic \"arena\"; auth_basic_user_file {home}/passwords; }}\n\
           }}\n\
         }}\n"
    )
}
