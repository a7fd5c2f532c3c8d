//! Without the kernel: a real Asterisk refuses by its own access lists, which Stockade writes and makes it read.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acl::{Acl, Denied, Health};
use arena::ami::{Login, login};
use arena::asterisk::{self, Asterisk, OPERATOR, password};
use arena::deadline::{Deadline, PATIENCE};
use arena::iax::{Registration, register};
use arena::sip_message::Answer;
use arena::sip_peer::SipPeer;
use arena::{Error, Host, Result, Scene};
use config::Reload;
use event::{Categories, Category, Moment, Subject};

/// The lines that `docs/asterisk.md` asks for.
const INCLUDES: [(&str, &str); 5] = [
    ("modules.conf", "load=res_pjsip_acl.so\nload=chan_iax2.so\n"),
    ("acl.conf", "#tryinclude stockade-acl.conf\n"),
    ("pjsip.conf", "\n[stockade]\ntype=acl\nacl=stockade\n"),
    (
        "manager.conf",
        "#tryinclude stockade-manager.conf\n\
         [stockade]\nsecret=reload-only\nwrite=system\ndeny=0.0.0.0/0\npermit=127.0.0.1\n",
    ),
    (
        "iax.conf",
        "[general]\nbindaddr=0.0.0.0\n\
         [stockade](!)\n#tryinclude stockade-iax.conf\n\
         [trunk](stockade)\ntype=friend\nhost=dynamic\ncontext=none\nauth=md5\nrequirecalltoken=no\nsecret=quite-right\n",
    ),
];
const TRUNK: (&str, &str) = ("trunk", "quite-right");
const BETWEEN: Duration = Duration::from_secs(2);
/// What a message between two threads may be late on a busy machine.
const JITTER: Duration = Duration::from_millis(100);

/// Who is refused, as the program would say it.
#[derive(Debug)]
pub struct Bans {
    started: Deadline,
    denied: Mutex<Vec<Denied>>,
}

impl Bans {
    pub fn none() -> Arc<Self> {
        Arc::new(Self { started: Deadline::after(PATIENCE), denied: Mutex::default() })
    }

    pub fn add(&self, subject: Subject, categories: Categories) {
        let mut denied = self.denied.lock().unwrap();
        denied.push(Denied { subject, categories, until: Moment::NEVER });
        denied.sort();
    }

    pub fn lift_all(&self) {
        self.denied.lock().unwrap().clear();
    }
}

impl acl::Host for Bans {
    fn now(&self) -> Moment {
        Moment::from_seconds(1_790_000_000).after(self.started.elapsed())
    }

    fn denied(&self) -> Option<Vec<Denied>> {
        Some(self.denied.lock().unwrap().clone())
    }
}

/// Asks until the answer is as wanted; says how long it took. Whoever asks waits for an answer each time.
pub fn until<T: PartialEq + std::fmt::Debug>(
    what: &str,
    wanted: &T,
    mut ask: impl FnMut() -> Result<T>,
) -> Result<Duration> {
    let deadline = Deadline::after(PATIENCE);
    loop {
        let seen = ask()?;
        if seen == *wanted {
            return Ok(deadline.elapsed());
        }
        if deadline.left().is_none() {
            let seen = vec![format!("{seen:?} instead of {wanted:?}")];
            return Err(Error::Late { what: what.to_owned(), waited: PATIENCE, seen });
        }
    }
}

/// Lets a little time pass between two looks at what tells nobody that it has changed.
fn breathe() {
    let (_sender, never) = channel::<()>();
    let _ = never.recv_timeout(Duration::from_millis(10));
}

pub fn wait_for_health(lists: &Acl, what: &str, wanted: impl Fn(&Health) -> bool) -> Result<Health> {
    let health = || lists.health().into_iter().next().expect("one outlet");
    until(what, &true, || {
        breathe();
        Ok(wanted(&health()))
    })
    .map_err(|error| match error {
        Error::Late { what, waited, .. } => {
            Error::Late { what, waited, seen: vec![format!("{:?}", health())] }
        }
        other => other,
    })?;
    Ok(health())
}

/// Says what was measured.
#[expect(clippy::print_stdout, reason = "a figure is there to be read")]
pub fn measured(text: &str) {
    println!("{text}");
}

/// Waits until the last reload is so long ago that the next may come at once.
pub fn rest(lists: &Acl, bans: &Bans) -> Result<()> {
    wait_for_health(lists, "end of the pause", |health| {
        health.written.is_some_and(|written| acl::Host::now(bans).since(written) > BETWEEN)
    })
    .map(drop)
}

fn exactly(host: &Host) -> Subject {
    Subject::exactly(host.address())
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("asterisk/run/asterisk.ctl")
}

/// What Asterisk's console prints for a command.
fn console(directory: &Path, command: &str) -> Result<String> {
    let path = socket(directory);
    let mut stream = UnixStream::connect(&path).map_err(Error::io("connect to", path.display()))?;
    let mut answer = String::new();
    // In one piece: Asterisk looks for the words in front where what it reads at once begins.
    let request = format!("cli quit after {command}\0");
    stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_to_string(&mut answer))
        .map_err(Error::io("talk to", path.display()))?;
    Ok(answer)
}

#[test]
fn asterisk_refuses_the_banned_and_serves_the_others() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let etc = scene.directory().join("asterisk/etc");
    fs::create_dir_all(&etc).map_err(Error::io("create", etc.display()))?;
    // Made now if it never was: that takes longer than the lists' first pauses, and so would the word that all is well.
    asterisk::installation()?;
    let bans = Bans::none();
    let settings =
        config::Asterisk { directory: etc.clone(), reload: Reload::Socket(socket(scene.directory())) };
    let lists = Acl::start(Some(settings), None, bans.clone()).expect("a thread");
    let away = |health: &Health| health.error.as_ref().is_some_and(|error| error.contains("does not answer"));
    wait_for_health(&lists, "word that Asterisk is away", away)?;
    // Empty lists stand there before Asterisk does: the includes and the name in pjsip.conf lead somewhere.
    let pbx = Asterisk::start_with(victim, scene.directory(), &INCLUDES)?;
    wait_for_health(&lists, "all well", |health| health.error.is_none())?;

    let mut stranger = SipPeer::new(attacker, victim, "101", &password("101"))?;
    let mut telephone = SipPeer::new(peer, victim, "100", &password("100"))?;
    assert_eq!(stranger.register(PATIENCE)?, Answer::Status(200));
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));
    assert_eq!(register(peer, victim, TRUNK, PATIENCE)?, Registration::Accepted);
    assert_eq!(login(attacker, victim, OPERATOR, PATIENCE)?, Login::Accepted);

    rest(&lists, &bans)?;
    bans.add(exactly(attacker), Categories::ALL);
    lists.wake();
    let took = until("refusal over SIP", &Answer::Status(403), || stranger.ask(PATIENCE))?;
    measured(&format!("asterisk, by its control socket: refused {took:?} after the wake"));
    until("refusal over AMI", &Login::Rejected, || login(attacker, victim, OPERATOR, PATIENCE))?;
    until("refusal over IAX", &Registration::Refused, || register(attacker, victim, TRUNK, PATIENCE))?;
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200), "another address goes on registering");
    assert_eq!(register(peer, victim, TRUNK, PATIENCE)?, Registration::Accepted);
    assert_eq!(login(peer, victim, OPERATOR, PATIENCE)?, Login::Accepted);
    let contacts = console(scene.directory(), "pjsip show contacts")?;
    assert!(contacts.contains(&peer.v4.to_string()), "no registration is lost by a reload: {contacts}");
    assert!(contacts.contains(&attacker.v4.to_string()), "nor ended by a ban: it only runs out: {contacts}");
    assert!(console(scene.directory(), "iax2 show peers")?.contains(&peer.v4.to_string()));

    // Everybody is refused, and yet not this machine itself.
    bans.add("0.0.0.0/0".parse().expect("a subnet"), Categories::ALL);
    lists.wake();
    until("refusal of everybody", &Answer::Status(403), || telephone.ask(PATIENCE))?;
    let inside = Host { v4: Ipv4Addr::LOCALHOST, ..victim.clone() };
    let mut own = SipPeer::on_port(&inside, &inside, 5070, "100", &password("100"))?;
    assert_eq!(own.register(PATIENCE)?, Answer::Status(200), "this machine is never refused");
    assert_eq!(login(&inside, &inside, OPERATOR, PATIENCE)?, Login::Accepted);
    assert_eq!(register(&inside, &inside, TRUNK, PATIENCE)?, Registration::Accepted);

    bans.lift_all();
    lists.wake();
    until("an end of it all", &Answer::Status(200), || stranger.register(PATIENCE))?;
    until("AMI again", &Login::Accepted, || login(attacker, victim, OPERATOR, PATIENCE))?;
    until("IAX again", &Registration::Accepted, || register(attacker, victim, TRUNK, PATIENCE))?;

    // While Asterisk is away the file goes on being written, and what came back is what is wanted.
    drop((pbx, stranger, telephone));
    bans.add(exactly(attacker), Category::Sip.into());
    lists.wake();
    wait_for_health(&lists, "word that Asterisk is away", away)?;
    let text = fs::read_to_string(etc.join("stockade-acl.conf")).expect("a list");
    assert!(text.contains(&format!("deny={}\n", attacker.v4)), "{text}");
    let _pbx = Asterisk::start_with(victim, scene.directory(), &INCLUDES)?;
    let mut stranger = SipPeer::on_port(attacker, victim, 5071, "101", &password("101"))?;
    assert_eq!(stranger.ask(PATIENCE)?, Answer::Status(403), "it reads the list when it starts");
    wait_for_health(&lists, "all well again", |health| health.error.is_none())?;
    assert_eq!(stranger.ask(PATIENCE)?, Answer::Status(403));
    lists.stop();
    Ok(())
}

/// Reads what the manager interface tells of reloads: when, and of which module.
fn reloads(on: &Host) -> Result<Receiver<(Duration, String)>> {
    let manager = SocketAddr::from((Ipv4Addr::LOCALHOST, 5038));
    let mut stream = on.enter(|| TcpStream::connect(manager))?.map_err(Error::io("connect to", manager))?;
    let (name, secret) = OPERATOR;
    write!(stream, "Action: Login\r\nUsername: {name}\r\nSecret: {secret}\r\n\r\n")
        .map_err(Error::io("log in to", manager))?;
    let mut lines = BufReader::new(stream).lines().map_while(std::result::Result::ok);
    assert!(lines.any(|line| line == "Event: FullyBooted"), "the listener is in");
    let (sender, events) = channel();
    let clock = Deadline::after(PATIENCE);
    std::thread::spawn(move || {
        while lines.any(|line| line == "Event: Reload") {
            let at = clock.elapsed();
            let module = lines.find_map(|line| line.strip_prefix("Module: ").map(str::to_owned));
            if module.is_none_or(|module| sender.send((at, module)).is_err()) {
                break;
            }
        }
    });
    Ok(events)
}

#[test]
fn a_thousand_bans_in_a_second_reload_asterisk_at_most_once_in_two() -> Result<()> {
    const BANS: usize = 1000;
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let directory = scene.directory();
    let pbx = Asterisk::start_with(victim, directory, &INCLUDES)?;
    let secret_file = directory.join("secret");
    fs::write(&secret_file, "wrong\n").map_err(Error::io("write", secret_file.display()))?;
    let reload = Reload::Ami {
        address: "127.0.0.1:5038".to_owned(),
        user: "stockade".to_owned(),
        secret_file: secret_file.clone(),
    };
    let settings = config::Asterisk { directory: directory.join("asterisk/etc"), reload };
    let bans = Bans::none();
    // A thread that is started in a namespace stays there.
    let lists = victim.enter(|| Acl::start(Some(settings), None, bans.clone()))?.expect("a thread");
    let refused = wait_for_health(&lists, "word that the secret is wrong", |health| health.error.is_some())?;
    let said = refused.error.unwrap_or_default();
    assert!(said.contains("refuses 'stockade': Authentication failed"), "{said}");
    fs::write(&secret_file, "reload-only\n").map_err(Error::io("write", secret_file.display()))?;
    wait_for_health(&lists, "all well", |health| health.error.is_none())?;

    rest(&lists, &bans)?;
    let events = reloads(victim)?;
    let clock = Deadline::after(PATIENCE);
    for number in 1..=BANS {
        let other = Ipv4Addr::from(0xcb00_7100 + u32::try_from(number).expect("a small number"));
        let subject = if number == BANS { exactly(attacker) } else { Subject::exactly(other.into()) };
        bans.add(subject, Category::Sip.into());
        lists.wake();
    }
    let spent = clock.elapsed();
    assert!(spent < Duration::from_secs(1), "the bans came within a second: {spent:?}");
    let mut stranger = SipPeer::new(attacker, victim, "101", &password("101"))?;
    let took = until("refusal of the last", &Answer::Status(403), || {
        breathe();
        stranger.ask(PATIENCE)
    })?;
    let rules = console(directory, "acl show stockade")?;
    assert_eq!(rules.matches(" deny - ").count(), BANS, "all of them are in force");
    bans.lift_all();
    lists.wake();
    until("an end of it all", &Answer::Status(401), || {
        breathe();
        stranger.ask(PATIENCE)
    })?;

    let seen: Vec<(Duration, String)> = events.try_iter().collect();
    measured(&format!(
        "asterisk, by its manager interface: {BANS} bans in {spent:?}, the last refused {took:?} later; reloads: {seen:?}"
    ));
    assert!((2..=3).contains(&seen.len()), "{seen:?}");
    assert!(seen.iter().all(|(_, module)| module == "acl"), "only what has changed is reloaded: {seen:?}");
    assert!(seen.windows(2).all(|pair| pair[1].0 - pair[0].0 + JITTER >= BETWEEN), "{seen:?}");
    lists.stop();
    drop(pbx);
    Ok(())
}
