//! Debian's Caddy in front, asking for each of its clients.

use std::fs;
use std::net::IpAddr;

use crate::front::{Front, free_address, shown};
use crate::site::Site;

fn caddy(site: &Site) -> Front {
    let (directory, address) = (site.directory.path(), free_address());
    let shown = shown("caddyfile")
        .replace("127.0.0.1:8765", &site.address.to_string())
        .replace("shop.example {", &format!("http://{address}, http://shop.example:{} {{", address.port()))
        .replace("reverse_proxy 127.0.0.1:3000", "respond served");
    let options = "{\nadmin off\nauto_https off\ndefault_bind 127.0.0.1\n}\n";
    let path = directory.join("Caddyfile");
    fs::write(&path, options.to_owned() + &shown).unwrap();
    let program = ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", path.to_str().unwrap()];
    Front::start(address, &program, directory)
}

#[test]
fn caddy_refuses_whoever_is_banned() {
    let (banned, other) = ([127, 0, 0, 66], [127, 0, 0, 67]);
    let mut site = Site::new();
    let caddy = caddy(&site);
    let get = |from: [u8; 4]| caddy.status(from, "GET /", "\r\n");
    assert_eq!((get(banned), get(other)), (200, 200));
    site.memory.state().denied.insert(IpAddr::from(banned));
    for _ in 0..3 {
        assert_eq!((get(banned), get(other)), (403, 200));
    }
    // What the client sends along does not help it, nor does it harm others.
    let forged = "X-Real-IP: 127.0.0.67\r\nX-Forwarded-For: 127.0.0.67\r\nCookie: a=b\r\n\r\n";
    assert_eq!(caddy.status(banned, "GET /", forged), 403);
    let forged = "X-Real-IP: 127.0.0.66\r\nX-Forwarded-For: 127.0.0.66\r\nCookie: a=b\r\n\r\n";
    assert_eq!(caddy.status(other, "GET /", forged), 200);
    let form = "Origin: https://evil.example\r\nCookie: a=b\r\nContent-Length: 3\r\n\r\na=b";
    assert_eq!((caddy.status(banned, "POST /", form), caddy.status(other, "POST /", form)), (403, 200));
    site.memory.state().denied.clear();
    assert_eq!(get(banned), 200, "an unban holds at once");
    site.stop();
    assert_eq!(get(other), 502, "Stockade is away");
}
