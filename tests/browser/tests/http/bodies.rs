//! Bodies that are too large, or not what they say.

use std::fs;

use browser::{Result, Stage};

const MEBIBYTE: usize = 1024 * 1024;

#[test]
fn a_body_past_the_bound_is_refused_and_its_sender_learns_why() -> Result<()> {
    let stage = Stage::new()?;
    let large = tempfile::NamedTempFile::new().map_err(arena::Error::io("create", "a large file"))?;
    fs::write(large.path(), vec![b'a'; 3 * MEBIBYTE]).map_err(arena::Error::io("write", "a large file"))?;
    let body = format!("@{}", large.path().display());
    let key = stage.daemon.token("admin", "script")?;
    let client = stage.client(stage.admin());
    let form = "Content-Type: application/x-www-form-urlencoded";
    let json = "Content-Type: application/json";
    let chunked = "Transfer-Encoding: chunked";
    for (path, kind) in [("/sign-in", form), ("/api/v1/bans", json), ("/pbxcore/api/v3/auth:login", form)] {
        for framing in ["X-Framing: length", chunked] {
            let client = client.clone().key(&key).header(kind).header(framing).header("Expect:");
            let answer = client.with(&["-X", "POST", "--data-binary", &body]).get(path)?;
            // Whoever does not say how much comes is hung up on in the midst of it, and may be sending still.
            let is_told = answer.status == 413 || (framing == chunked && answer.status == 0);
            assert!(is_told, "{path}, {framing}: {} {}", answer.status, answer.body);
        }
    }
    assert_eq!(client.get("/sign-in")?.status, 200, "it is still there");
    Ok(())
}

#[test]
fn a_body_of_another_kind_is_refused() -> Result<()> {
    let stage = Stage::new()?;
    let key = stage.daemon.token("admin", "script")?;
    let client = stage.client(stage.admin()).key(&key);
    for body in ["", "{", "[]", "null", "{\"address\":7}", "{\"address\":\"203.0.113.7\",\"more\":1}"] {
        let answer = client.json("POST", "/api/v1/bans", body)?;
        assert!(matches!(answer.status, 400 | 422), "{body}: {answer:?}");
        assert!(answer.value()?["problems"][0]["what"].is_string(), "{answer:?}");
    }
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(matches!(client.json("POST", "/api/v1/bans", &deep)?.status, 400 | 422));
    let answer = client.post("/api/v1/bans", &[("address", "203.0.113.7")])?;
    assert_eq!(answer.status, 415, "{answer:?}");
    assert!(stage.daemon.banned()?.is_empty());
    Ok(())
}
