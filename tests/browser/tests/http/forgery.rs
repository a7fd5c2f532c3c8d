//! Requests that another site makes a signed-in browser send.

use browser::{Client, Result, Stage};

fn block(client: &Client, token: &str) -> Result<u16> {
    let mut fields = vec![("address", "203.0.113.7"), ("length", "600"), ("jail", ""), ("note", "")];
    if !token.is_empty() {
        fields.push(("csrf", token));
    }
    Ok(client.post("/blocked/new", &fields)?.status)
}

#[test]
fn a_form_without_the_sessions_own_token_does_nothing() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let (inside, token) = crate::signed_in(&client)?;
    let (_, other) = crate::signed_in(&client)?;
    assert_ne!(token, other);
    for wrong in ["", "nonsense", &other, &token[1..]] {
        assert_eq!(block(&inside, wrong)?, 403, "{wrong}");
    }
    assert!(stage.daemon.banned()?.is_empty());
    assert_eq!(block(&inside, &token)?, 303);
    assert_eq!(stage.daemon.banned()?.len(), 1);
    Ok(())
}

#[test]
fn every_form_asks_for_the_token() -> Result<()> {
    let stage = Stage::new()?;
    let (inside, _) = crate::signed_in(&stage.client(stage.admin()))?;
    let before = stage.daemon.settings()?;
    let paths = [
        "/protection",
        "/blocked/new",
        "/blocked/unblock",
        "/brute-force",
        "/firewall",
        "/jails",
        "/keys",
        "/keys/1/revoke",
        "/password",
        "/trial/confirm",
        "/trial/take-back",
        "/sign-out",
    ];
    for path in paths {
        let answer =
            inside.post(path, &[("act", "save"), ("wanted", "off"), ("sure", "true"), ("csrf", "x")])?;
        assert_eq!(answer.status, 403, "{path}: {}", answer.body);
    }
    assert_eq!(stage.daemon.settings()?, before);
    assert_eq!(inside.get("/")?.status, 200, "still signed in");
    Ok(())
}

#[test]
fn another_site_is_refused_even_with_the_token() -> Result<()> {
    let stage = Stage::new()?;
    let (inside, token) = crate::signed_in(&stage.client(stage.admin()))?;
    let strangers = [
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://10.77.0.1:8765",
        "Origin: https://10.77.0.1:8766",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ];
    for header in strangers {
        assert_eq!(block(&inside.clone().header(header), &token)?, 403, "{header}");
    }
    assert!(stage.daemon.banned()?.is_empty());
    assert_eq!(block(&inside.clone().header(&format!("Origin: {}", stage.url())), &token)?, 303);
    // Nor may another site sign somebody in as somebody else.
    let (cookie, answer) = stage
        .client(stage.admin())
        .header("Origin: https://evil.example")
        .sign_in("admin", browser::stage::PASSWORD)?;
    assert_eq!((cookie, answer.status), (None, 403));
    Ok(())
}

#[test]
fn the_api_asks_a_session_for_the_token_and_a_key_for_nothing_more() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let (inside, token) = crate::signed_in(&client)?;
    let ban = "{\"address\":\"203.0.113.7\"}";
    assert_eq!(inside.json("POST", "/api/v1/bans", ban)?.status, 403);
    assert_eq!(
        inside.clone().header("X-CSRF-Token: nonsense").json("POST", "/api/v1/bans", ban)?.status,
        403
    );
    assert!(stage.daemon.banned()?.is_empty());
    let answer = inside.header(&format!("X-CSRF-Token: {token}")).json("POST", "/api/v1/bans", ban)?;
    assert!(answer.status / 100 == 2, "{answer:?}");
    let key = stage.daemon.token("admin", "script")?;
    let answer = client.key(&key).json("POST", "/api/v1/bans", "{\"address\":\"203.0.113.8\"}")?;
    assert!(answer.status / 100 == 2, "{answer:?}");
    Ok(())
}
