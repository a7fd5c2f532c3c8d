//! Debian's nginx in front, asking for each of its clients.

use std::fs;
use std::net::IpAddr;

use crate::front::{Front, free_address, shown};
use crate::site::Site;

/// One process, so that ending it leaves nothing behind.
fn nginx(site: &Site) -> Front {
    let (directory, address) = (site.directory.path(), free_address());
    let home = directory.display();
    fs::write(directory.join("index.html"), "served\n").unwrap();
    let shown = shown("nginx")
        .replace("127.0.0.1:8765", &site.address.to_string())
        .replace("listen 80;", &format!("listen {address};"))
        .replace("/var/www/html", &home.to_string());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {home}/{kind};\n"))
        .concat();
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    let conf = format!(
        "daemon off;\nmaster_process off;\n{user}pid {home}/nginx.pid;\nerror_log stderr warn;\n\
         events {{}}\nhttp {{\naccess_log off;\n{temporary}{shown}\n}}\n"
    );
    let path = directory.join("nginx.conf");
    fs::write(&path, conf).unwrap();
    Front::start(address, &["/usr/sbin/nginx", "-e", "stderr", "-c", path.to_str().unwrap()], directory)
}

#[test]
fn nginx_refuses_whoever_is_banned_and_serves_everybody_if_stockade_is_away() {
    let (banned, other) = ([127, 0, 0, 66], [127, 0, 0, 67]);
    let mut site = Site::new();
    let nginx = nginx(&site);
    let get = |from: [u8; 4]| nginx.status(from, "GET /index.html", "\r\n");
    assert_eq!((get(banned), get(other)), (200, 200));
    site.memory.state().denied.insert(IpAddr::from(banned));
    for _ in 0..3 {
        assert_eq!((get(banned), get(other)), (403, 200));
    }
    // What the client sends along does not help it, nor does it harm others.
    let forged = "X-Real-IP: 127.0.0.67\r\nX-Forwarded-For: 127.0.0.67\r\nCookie: a=b\r\n\r\n";
    assert_eq!(nginx.status(banned, "GET /index.html", forged), 403);
    let forged = "X-Real-IP: 127.0.0.66\r\nX-Forwarded-For: 127.0.0.66\r\nCookie: a=b\r\n\r\n";
    assert_eq!(nginx.status(other, "GET /index.html", forged), 200);
    // nginx itself has no POST for files: 405 says that it came that far.
    let form = "Origin: https://evil.example\r\nCookie: a=b\r\nContent-Length: 3\r\n\r\na=b";
    assert_eq!(nginx.status(other, "POST /index.html", form), 405);
    assert_eq!(nginx.status(banned, "POST /index.html", form), 403);
    for client in [banned, other] {
        assert_eq!(nginx.status(client, "GET /stockade", "\r\n"), 404, "nobody asks from outside");
    }
    site.memory.state().denied.clear();
    assert_eq!(get(banned), 200, "an unban holds at once");
    site.memory.state().denied.insert(IpAddr::from(banned));
    site.stop();
    assert_eq!((get(banned), get(other)), (200, 200), "Stockade is away");
}
