//! Paths that lead out of where they should stay.

use browser::{Result, Stage};

#[test]
fn no_path_leads_to_a_file() -> Result<()> {
    let stage = Stage::new()?;
    let (inside, _) = crate::signed_in(&stage.client(stage.admin()))?;
    let paths = [
        "/assets/../../../../../../etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/....//....//etc/passwd",
        "/assets/..%5c..%5cetc%5cpasswd",
        "/assets/%00/etc/passwd",
        "/assets/style.css/../../etc/passwd",
        "/../etc/passwd",
        "//etc/passwd",
        "/blocked/..%2f..%2fetc%2fpasswd",
        "/language/..%2f..%2fetc%2fpasswd",
        "/jails?filter=..%2f..%2fetc%2fpasswd",
        "/api/v1/../../etc/passwd",
        "/api/v1/filters/..%2f..%2fetc%2fpasswd",
        "/pbxcore/api/v3/../../../etc/passwd",
        "/stockade.toml",
        "/stockade.db",
    ];
    for path in paths {
        let answer = inside.get(path)?;
        assert!(!answer.body.contains("root:"), "{path}: {}", answer.body);
        assert!(answer.status < 500 && answer.status > 0, "{path}: {}", answer.status);
        assert!(!answer.body.contains("panicked"), "{path}");
        if !path.starts_with("/jails") {
            assert_ne!(answer.status, 200, "{path}: {}", answer.body);
        }
    }
    Ok(())
}

#[test]
fn odd_methods_and_odd_requests_are_refused() -> Result<()> {
    let stage = Stage::new()?;
    let client = stage.client(stage.admin());
    for method in ["TRACE", "CONNECT", "PUT", "DELETE", "BREW"] {
        let answer = client.clone().with(&["-X", method]).get("/sign-in")?;
        assert!((400..500).contains(&answer.status), "{method}: {answer:?}");
    }
    // Far more than the bound: what arrives in one piece is read in one piece, also a little past it.
    let long = "x".repeat(60_000);
    let long = (0..8).fold(client.clone(), |client, n| client.header(&format!("X-Long-{n}: {long}")));
    let answer = long.get("/sign-in")?;
    assert!(matches!(answer.status, 0 | 400 | 431), "{}", answer.status);
    let answer = client.get(&format!("/blocked?q={}", "x".repeat(60_000)))?;
    assert!(answer.status < 500, "{}", answer.status);
    assert_eq!(client.get("/sign-in")?.status, 200, "it is still there");
    Ok(())
}
