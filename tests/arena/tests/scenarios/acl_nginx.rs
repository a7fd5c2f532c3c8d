//! Without the kernel: a real nginx refuses by its own `deny` list, which Stockade writes and makes it read.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use acl::Acl;
use arena::deadline::PATIENCE;
use arena::nginx::Nginx;
use arena::{Error, Host, Result, Scene};
use event::{Category, Subject};

use crate::acl_asterisk::{Bans, measured, rest, until, wait_for_health};

#[test]
fn nginx_refuses_the_banned_and_serves_the_others() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let (deny_file, pid_file) =
        (scene.directory().join("stockade-deny.conf"), scene.directory().join("nginx.pid"));
    let bans = Bans::none();
    let settings = config::Nginx { deny_file: deny_file.clone(), pid_file: pid_file.clone() };
    let lists = Acl::start(None, Some(settings), bans.clone()).expect("a thread");
    let health = wait_for_health(&lists, "word that nginx is away", |health| health.error.is_some())?;
    assert!(health.error.is_some_and(|error| error.contains("cannot find nginx by")));
    // The list is there before nginx is, so that its include leads somewhere.
    let nginx = Nginx::start_with(victim, scene.directory(), &format!("include {};", deny_file.display()))?;
    // nginx has process ids of its own here, and its own pid file says nothing to who stands outside.
    let master = master(&scene.directory().join("nginx/nginx.conf"))?;
    fs::write(&pid_file, format!("{master}\n")).map_err(Error::io("write", pid_file.display()))?;
    wait_for_health(&lists, "all well", |health| health.error.is_none())?;
    assert_eq!((get(attacker, victim)?, get(peer, victim)?), (200, 200));

    rest(&lists, &bans)?;
    bans.add(Subject::exactly(attacker.address()), Category::Http.into());
    bans.add("198.51.100.0/24".parse().expect("a subnet"), Category::Http.into());
    bans.add("2001:db8::/64".parse().expect("a subnet"), Category::Http.into());
    bans.add(Subject::exactly(peer.address()), Category::Sip.into());
    lists.wake();
    let took = until("refusal", &403, || get(attacker, victim))?;
    measured(&format!("nginx: refused {took:?} after the wake"));
    assert_eq!(get(peer, victim)?, 200, "another address notices nothing");

    bans.lift_all();
    lists.wake();
    // Workers of before go on for a moment after a reload: that it was told is looked at first.
    let health = wait_for_health(&lists, "third reload", |health| health.reloads == 3)?;
    assert_eq!((health.held, health.left_out, health.error), (0, 0, None));
    until("an end of it", &200, || get(attacker, victim))?;
    lists.stop();
    drop(nginx);
    Ok(())
}

/// The status of the public page.
fn get(from: &Host, to: &Host) -> Result<u16> {
    let door = SocketAddr::new(to.address(), 80);
    let line = from.enter(|| -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&door, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    })?;
    let line = line.map_err(Error::io("ask", door))?;
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| Error::Unreadable {
        what: "nginx".to_owned(),
        said: line.clone(),
        reason: "no status".to_owned(),
    })
}

/// The process id, as it is out here, of the master process that was started with `conf`.
fn master(conf: &Path) -> Result<u32> {
    let entries = fs::read_dir("/proc").map_err(Error::io("list", "/proc"))?.flatten();
    let is_it = |pid: &u32| {
        let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let title = String::from_utf8_lossy(&title);
        title.starts_with("nginx: master process") && title.contains(&conf.display().to_string())
    };
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(is_it)
        .ok_or(Error::Missing { path: conf.to_owned(), remedy: "no nginx runs with it" })
}
