//! The headers that every answer carries, whatever it is.

use browser::{Result, Stage};

#[test]
fn every_answer_tells_the_browser_to_trust_nothing_but_us() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    let (inside, _) = crate::signed_in(&client)?;
    let key = stage.daemon.token("read", "watcher")?;
    let answers = [
        client.get("/sign-in")?,
        client.get("/nowhere")?,
        client.get("/api/v1/nowhere")?,
        client.get("/api/v1/bans")?,
        client.get("/healthz")?,
        client.get("/")?,
        client.post("/blocked/new", &[("address", "203.0.113.7")])?,
        inside.get("/")?,
        inside.get("/blocked")?,
        client.clone().key(&key).get("/api/v1/bans/export.csv")?,
        client.clone().key(&key).get("/metrics")?,
        client.get("/pbxcore/api/v3/fail2ban")?,
    ];
    for answer in &answers {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{answer:?}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{answer:?}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("server"), "", "nobody needs to know");
    }
    Ok(())
}

#[test]
fn the_session_cookie_is_out_of_reach_for_scripts_and_other_sites() -> Result<()> {
    let stage = Stage::new()?;
    let (_, answer) = stage.client(stage.admin()).sign_in("admin", browser::stage::PASSWORD)?;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    Ok(())
}

#[test]
fn pages_hold_no_inline_script_or_style() -> Result<()> {
    let stage = Stage::new()?;
    let (inside, _) = crate::signed_in(&stage.client(stage.admin()))?;
    for path in crate::PAGES {
        let page = inside.get(path)?;
        assert_eq!(page.status, 200, "{path}");
        for inline in ["<script>", "<style", " style=\"", " onclick=", " onload=", "javascript:"] {
            assert!(!page.body.contains(inline), "{path}: {inline}");
        }
    }
    Ok(())
}

#[test]
fn what_an_attacker_writes_into_a_log_is_text_on_every_page() -> Result<()> {
    let stage = Stage::new()?;
    let hostile = "<img/src=x/onerror=alert(1)>";
    stage.ssh.ssh("203.0.113.7", hostile, 5, std::time::Duration::ZERO)?;
    crate::wait_for("ban", || Ok(stage.daemon.banned()?.len() == 1))?;
    let (inside, _) = crate::signed_in(&stage.client(stage.admin()))?;
    let mut shown = 0;
    for path in ["/", "/blocked", "/blocked/203.0.113.7", "/journal", "/blocked?q=%3Cimg%2Fsrc%3Dx%3E"] {
        let page = inside.get(path)?;
        assert!(!page.body.contains("<img/src"), "{path}");
        shown += usize::from(
            page.body.contains("img/src=x/onerror")
                || page.body.contains("&lt;img")
                || page.body.contains("&#60;img"),
        );
    }
    assert!(shown >= 2, "it is shown, as text");
    Ok(())
}
