//! Wrong logins at Asterisk's manager interface, which no telephone uses: the ban closes it and leaves SIP alone.

use arena::ami::{Login, login};
use arena::asterisk::{Asterisk, OPERATOR, password};
use arena::deadline::PATIENCE;
use arena::sip_message::Answer;
use arena::sip_peer::SipPeer;
use arena::stockade::Settings;
use arena::{Monitor, Result, Scene, Stockade};

use crate::SILENCE;

const MAX_RETRY: u32 = 3;

#[test]
fn wrong_manager_logins_are_banned() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("asterisk-ami", &[&pbx.security_log, &pbx.messages]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    for _ in 0..MAX_RETRY {
        assert_eq!(login(attacker, victim, (OPERATOR.0, "wrong"), PATIENCE)?, Login::Rejected);
    }
    monitor.banned(attacker.v4, PATIENCE)?;
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!((ban.jail.as_str(), ban.failures), ("asterisk-ami", MAX_RETRY));
    assert_eq!(login(attacker, victim, OPERATOR, SILENCE)?, Login::Silence);
    assert_eq!(
        login(&scene.peer, victim, OPERATOR, PATIENCE)?,
        Login::Accepted,
        "another address must not notice"
    );
    let mut telephone = SipPeer::new(attacker, victim, "100", &password("100"))?;
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200), "a ban covers its jail's ports only");

    stockade.unban(attacker.v4)?;
    assert_eq!(login(attacker, victim, OPERATOR, PATIENCE)?, Login::Accepted);
    Ok(())
}
