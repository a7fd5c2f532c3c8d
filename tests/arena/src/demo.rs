//! The main job in a minute, for someone who has just cloned the project: a real attack on a real service, told step by
//! step. Everything happens in network namespaces that are gone afterwards.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use arena::asterisk::{self, Asterisk};
use arena::deadline::{Deadline, PATIENCE};
use arena::kernel;
use arena::knock::{Door, knock};
use arena::openssh::{self, Openssh};
use arena::sip_message::Answer;
use arena::sip_peer::SipPeer;
use arena::stockade::Settings;
use arena::{Error, Host, Monitor, Process, Result, Scene, Stockade, attackers};

const MAX_RETRY: u32 = 5;
const SILENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    match tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tell() -> Result<()> {
    let whole = Deadline::after(PATIENCE);
    let scene = Scene::new()?;
    say(
        "Three hosts on one wire, made for this demo and gone afterwards. Your own network and firewall stay as they are.\n",
    )?;
    say(&format!("  victim    {}  OpenSSH on port 22, and Stockade", scene.victim.v4))?;
    say(&format!("  attacker  {}  hydra, with a list of passwords", scene.attacker.v4))?;
    say(&format!("  peer      {}  somebody who has business here", scene.peer.v4))?;
    ssh(&scene)?;
    if asterisk::is_installed() {
        sip(&scene)?;
    } else {
        say(
            "\n(With Asterisk installed for the tests, by 'make arena', there would be a SIP attack here as well.)",
        )?;
    }
    say(&format!(
        "\nThat took {:.0} s. The same, with every claim checked: make arena",
        whole.elapsed().as_secs_f32()
    ))
}

fn ssh(scene: &Scene) -> Result<()> {
    let Scene { victim, attacker, peer, .. } = scene;
    let server = Openssh::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("sshd", &[&server.log]);
    let stockade = Stockade::start(victim, &scene.directory().join("ssh"), &settings)?;

    say(&format!(
        "\n1. hydra guesses root's password. {MAX_RETRY} failures are allowed; this is what sshd logs:"
    ))?;
    let mut log = Process::follow(&server.log)?;
    let hydra = attackers::hydra_ssh(attacker, victim, scene.directory(), 1000)?;
    for _ in 0..MAX_RETRY {
        say(&indent(&log.line("a failed password", PATIENCE, |line| line.contains("Failed password"))?))?;
    }
    let since = Deadline::after(PATIENCE);
    monitor.banned(attacker.v4, PATIENCE)?;
    let took = since.elapsed().as_secs_f32() * 1000.0;
    drop(hydra);

    say(&format!(
        "\n2. The ban stood in the kernel {took:.0} ms after the last of these lines was read here."
    ))?;
    say("   What the administrator sees with 'stockade banned':")?;
    say(&indent(&stockade.banned_for_people()?))?;
    say("   and what the kernel keeps, with 'nft list table inet stockade':")?;
    say(&indent(&bans(&kernel::table(victim)?)))?;

    say("\n3. The attacker's next packet:")?;
    say(&indent(&format!("port 22: {}", door(knock(attacker, victim.address(), 22, SILENCE)?))))?;
    say(&indent(&format!("port 80: {}", door(knock(attacker, victim.address(), 80, SILENCE)?))))?;
    say(&format!(
        "   Packets dropped so far, as 'stockade status' counts them: {}.",
        stockade.dropped("sshd")?
    ))?;
    say("   A ban closes the ports of the service that was attacked. Meanwhile, from the peer's address:")?;
    say(&indent(&format!("ssh arena@{}: {}", victim.v4, entry(peer, victim)?)))?;

    say(&format!("\n4. 'stockade unban {}', and the attacker knocks again:", attacker.v4))?;
    stockade.unban(attacker.v4)?;
    say(&indent(&format!("port 22: {}", door(knock(attacker, victim.address(), 22, PATIENCE)?))))
}

fn sip(scene: &Scene) -> Result<()> {
    let Scene { victim, attacker, peer, .. } = scene;
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("asterisk", &[&pbx.security_log]);
    let stockade = Stockade::start(victim, &scene.directory().join("sip"), &settings)?;
    let mut own = SipPeer::new(attacker, victim, "101", &asterisk::password("101"))?;
    let mut other = SipPeer::new(peer, victim, "100", &asterisk::password("100"))?;

    say(
        "\n5. Now Asterisk runs on the victim, and a telephone on the attacker's address talks to it over UDP:",
    )?;
    say(&indent(&format!("REGISTER 101: {}", answer(own.ask(PATIENCE)?))))?;
    let svcrack = attackers::svcrack(attacker, victim, scene.directory(), "100", 5000)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    drop(svcrack);
    say(
        "   SIPVicious guesses the password of account 100 from there, and is banned. Not for an hour: a sender of UDP can be",
    )?;
    say("   forged, and a bystander would have to wait it out.")?;
    say(&indent(&stockade.banned_for_people()?))?;
    say("   The flow was established, and ends all the same; another address goes on registering:")?;
    say(&indent(&format!("REGISTER 101 from {}: {}", attacker.v4, answer(own.ask(SILENCE)?))))?;
    say(&indent(&format!("REGISTER 100 from {}: {}", peer.v4, answer(other.register(PATIENCE)?))))
}

fn door(door: Door) -> &'static str {
    match door {
        Door::Open => "open",
        Door::Refused => "reachable (nobody listens there)",
        Door::Silent => "silence; the packet was dropped",
    }
}

fn answer(answer: Answer) -> String {
    match answer {
        Answer::Status(200) => "200 OK".to_owned(),
        Answer::Status(401) => "401, please log in".to_owned(),
        Answer::Status(status) => status.to_string(),
        Answer::Silence => "silence; the packets were dropped".to_owned(),
    }
}

fn entry(from: &Host, to: &Host) -> Result<&'static str> {
    Ok(if openssh::login(from, to, openssh::PASSWORD)? { "welcome" } else { "refused" })
}

/// The parts of the table that hold a ban: the rest of it is the same on every host.
fn bans(table: &str) -> String {
    let parts = table.split("\n\n").filter(|part| part.contains(" expires "));
    parts.map(|part| part.trim_start_matches("table inet stockade {\n")).collect::<Vec<_>>().join("\n")
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("     {}", line.trim_end().replace('\t', "    ")))
        .collect::<Vec<_>>()
        .join("\n")
}

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").map_err(Error::io("write to", "standard output"))
}
