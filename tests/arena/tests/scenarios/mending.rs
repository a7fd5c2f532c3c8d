//! Another program throws all rules away: the bans are back without anybody asking for them.

use arena::attackers::curl;
use arena::deadline::PATIENCE;
use arena::knock::{Door, knock};
use arena::nginx::{ACCOUNT, Nginx};
use arena::scene::load;
use arena::stockade::Settings;
use arena::{Monitor, Result, Scene, Stockade};

use crate::SILENCE;

#[test]
fn bans_survive_a_flushed_rule_set() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(1, "1h").jail("nginx-http-auth", &[&nginx.access_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    assert_eq!(curl(attacker, victim, "/private/", Some((ACCOUNT, "wrong")))?, Some(401));
    monitor.banned(attacker.v4, PATIENCE)?;

    load(victim, "flush ruleset")?;
    monitor.banned(attacker.v4, PATIENCE)?;
    assert_eq!(knock(attacker, victim.address(), 80, SILENCE)?, Door::Silent);
    assert!(stockade.status()?["enforcement"]["mended"].as_u64() > Some(0), "a repair is told");
    Ok(())
}
