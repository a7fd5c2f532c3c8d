//! Judges `[asterisk]` and `[nginx]`.

use crate::judge::Judge;
use crate::outlet::{Asterisk, Nginx, Reload};
use crate::raw::{RawAsterisk, RawNginx};

pub(super) fn asterisk(judge: &mut Judge<'_>, raw: &RawAsterisk) -> Option<Asterisk> {
    let line = raw.line?;
    let default = Asterisk::default();
    Some(Asterisk {
        directory: judge.path("directory", &raw.directory, "/etc/asterisk").unwrap_or(default.directory),
        reload: reload(judge, raw, line).unwrap_or(default.reload),
    })
}

/// By the manager interface if it is named, else by the control socket.
fn reload(judge: &mut Judge<'_>, raw: &RawAsterisk, line: usize) -> Option<Reload> {
    let is_address = |text: &str| {
        text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    let expected = "is not an address with a port; write e.g. '127.0.0.1:5038'";
    let address = judge.text("ami", &raw.ami, is_address, expected);
    let is_name = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    let user = judge.text("user", &raw.user, is_name, "is not the name of an account; write e.g. 'stockade'");
    let secret_file = judge.path("secret_file", &raw.secret_file, "/etc/stockade/ami.secret");
    let socket = judge.path("socket", &raw.socket, "/var/run/asterisk/asterisk.ctl");
    if raw.ami.is_none() {
        for (name, field) in [("user", &raw.user), ("secret_file", &raw.secret_file)] {
            if let Some(written) = field {
                judge.complain::<()>(name, written, "stands without ami; write e.g. ami = '127.0.0.1:5038'");
            }
        }
        return socket.map(Reload::Socket);
    }
    if raw.user.is_none() || raw.secret_file.is_none() {
        let text =
            "ami needs an account; write user = '…' and secret_file = '/…', a file with the secret alone";
        judge.complaints.add(line, format!("[asterisk] {text}"));
    }
    if let Some(written) = &raw.socket {
        judge.complain::<()>("socket", written, "stands beside ami; name one of the two");
    }
    Some(Reload::Ami { address: address?, user: user?, secret_file: secret_file? })
}

pub(super) fn nginx(judge: &mut Judge<'_>, raw: &RawNginx) -> Option<Nginx> {
    raw.line?;
    let default = Nginx::default();
    Some(Nginx {
        deny_file: judge
            .path("deny_file", &raw.deny_file, "/etc/nginx/stockade-deny.conf")
            .unwrap_or(default.deny_file),
        pid_file: judge.path("pid_file", &raw.pid_file, "/run/nginx.pid").unwrap_or(default.pid_file),
    })
}
