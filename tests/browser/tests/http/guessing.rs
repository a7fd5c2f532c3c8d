//! Guessing the password.

use std::time::Duration;

use arena::knock::{Door, knock};
use browser::daemon::PORT;
use browser::{Result, Stage};

const SHORT: Duration = Duration::from_secs(2);

#[test]
fn whoever_guesses_is_banned_from_the_page_in_the_kernel() -> Result<()> {
    let stage = Stage::new()?;
    let (stranger, server) = (stage.stranger(), stage.server().address());
    let client = stage.client(stranger).with(&["--connect-timeout", "2"]);
    assert_eq!(knock(stranger, server, PORT, SHORT)?, Door::Open);
    let mut statuses = Vec::new();
    for guess in 0..8 {
        let (cookie, answer) = client.sign_in("admin", &format!("guess number {guess}"))?;
        assert_eq!(cookie, None);
        statuses.push(answer.status);
    }
    // The limit is five. After that: forbidden, too many, or no answer at all.
    assert_eq!(statuses[..4], [401; 4], "{statuses:?}");
    assert!(statuses[6..].iter().all(|status| matches!(status, 0 | 403 | 429)), "{statuses:?}");
    crate::wait_for("silence for the guesser", || Ok(knock(stranger, server, PORT, SHORT)? == Door::Silent))?;
    assert_eq!(stage.daemon.banned()?, [format!("{}@stockade", stranger.v4)]);
    // The page is closed to it and to nobody else; its own way to other services is open.
    assert_eq!(knock(stranger, server, 22, SHORT)?, Door::Refused);
    assert_eq!(stage.client(stage.admin()).get("/sign-in")?.status, 200);
    // The right password does not help any more.
    let (cookie, _) = client.sign_in("admin", browser::stage::PASSWORD)?;
    assert_eq!(cookie, None);
    Ok(())
}

#[test]
fn guesses_on_mikopbxs_path_count_too() -> Result<()> {
    let stage = Stage::new()?;
    let stranger = stage.stranger();
    let client = stage.client(stranger).with(&["--connect-timeout", "2"]);
    for _ in 0..6 {
        let answer =
            client.post("/pbxcore/api/v3/auth:login", &[("login", "admin"), ("password", "guess")])?;
        assert!(!answer.body.contains("accessToken"), "{answer:?}");
    }
    crate::wait_for("ban", || Ok(stage.daemon.banned()? == [format!("{}@stockade", stranger.v4)]))
}

#[test]
fn a_signed_in_administrator_is_not_locked_out_by_whoever_shares_the_address() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let (inside, _) = crate::signed_in(&client)?;
    let mut slowed = None;
    for guess in 0..25 {
        let (_, answer) = client.sign_in("admin", &format!("guess number {guess}"))?;
        if answer.status == 429 {
            slowed = Some(answer);
            break;
        }
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    // No ban, so the guesser is slowed down instead.
    let slowed = slowed.expect("after some guesses, no more are looked at");
    assert!(slowed.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{slowed:?}");
    // The service's own log is no way around that either.
    stage.ssh.ssh(&stage.admin().v4.to_string(), "root", 30, Duration::ZERO)?;
    stage.ssh.ssh("203.0.113.7", "root", 5, Duration::ZERO)?;
    crate::wait_for("the other ban", || Ok(stage.daemon.banned()? == ["203.0.113.7@sshd"]))?;
    assert_eq!(inside.get("/")?.status, 200);
    assert_eq!(knock(stage.admin(), stage.server().address(), 22, SHORT)?, Door::Refused);
    Ok(())
}

#[test]
fn an_unknown_account_is_told_the_same_as_a_wrong_password() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let (_, known) = client.sign_in("admin", "not this one")?;
    let (_, unknown) = client.sign_in("root", "not this one")?;
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(known.body.replace("value=\"admin\"", ""), unknown.body.replace("value=\"root\"", ""));
    Ok(())
}
