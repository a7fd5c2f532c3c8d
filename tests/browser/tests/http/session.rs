//! Sessions: nobody can plant one, keep one, or guess one.

use browser::stage::PASSWORD;
use browser::{Result, Stage};

#[test]
fn a_session_that_somebody_planted_is_worth_nothing_after_the_sign_in() -> Result<()> {
    let stage = Stage::new()?;
    let planted = "__Host-stockade=00000000000000000000000000000000";
    let client = stage.client(stage.admin());
    let victim = client.clone().header(&format!("Cookie: {planted}"));
    let (cookie, _) = victim.sign_in("admin", PASSWORD)?;
    let cookie = cookie.expect("a session");
    assert_ne!(cookie, planted, "the id is new");
    assert!(!crate::lets_in(&victim.get("/")?));
    // Nor does a session that was good live on beside the new one.
    let (again, _) = client.clone().header(&format!("Cookie: {cookie}")).sign_in("admin", PASSWORD)?;
    let again = again.expect("a session");
    assert_ne!(again, cookie);
    assert!(!crate::lets_in(&client.clone().header(&format!("Cookie: {cookie}")).get("/")?));
    assert!(crate::lets_in(&client.header(&format!("Cookie: {again}")).get("/")?));
    Ok(())
}

#[test]
fn signing_out_and_a_new_password_end_sessions_on_the_server() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let (first, token) = crate::signed_in(&client)?;
    let (second, _) = crate::signed_in(&client)?;
    assert_eq!(first.post("/sign-out", &[("csrf", &token)])?.status, 303);
    assert!(!crate::lets_in(&first.get("/")?), "the cookie alone is worth nothing");
    assert!(crate::lets_in(&second.get("/")?));
    stage.daemon.set_password("another phrase altogether")?;
    assert!(!crate::lets_in(&second.get("/")?), "whoever knew the old password is out");
    Ok(())
}

#[test]
fn nothing_behind_the_sign_in_answers_without_it() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    for path in crate::PAGES {
        let answer = client.get(path)?;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/sign-in"), "{path}: {answer:?}");
    }
    for path in
        ["/api/v1/bans", "/api/v1/settings", "/api/v1/journal", "/api/v1/keys", "/api/v1/events", "/metrics"]
    {
        assert_eq!(client.get(path)?.status, 401, "{path}");
    }
    assert_eq!(client.get("/pbxcore/api/v3/fail2ban")?.status, 401);
    let key = stage.daemon.token("bouncer", "router")?;
    assert_eq!(client.clone().key(&key).get("/api/v1/settings")?.status, 403);
    let key = stage.daemon.token("read", "watcher")?;
    assert_eq!(client.clone().key(&key).get("/api/v1/settings")?.status, 200);
    assert_eq!(client.key(&key).json("POST", "/api/v1/bans", "{\"address\":\"203.0.113.7\"}")?.status, 403);
    Ok(())
}

#[test]
fn nobody_is_sent_to_another_site() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let abroad = [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example/",
        "/%09/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
    ];
    for then in abroad {
        let answer =
            client.post("/sign-in", &[("account", "admin"), ("password", PASSWORD), ("then", then)])?;
        let location = answer.header("location");
        let is_ours =
            location.starts_with('/') && !location[1..].starts_with(['/', '\\']) && !location.contains('\t');
        assert!(is_ours, "{then}: {location}");
    }
    for back in ["//evil.example/", "https:%2F%2Fevil.example%2F", "%2F%5Cevil.example"] {
        let answer = client.get(&format!("/language/en?back={back}"))?;
        let location = answer.header("location");
        assert!(location.starts_with('/') && !location[1..].starts_with(['/', '\\']), "{back}: {location}");
    }
    Ok(())
}
