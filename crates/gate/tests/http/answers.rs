//! What every answer carries, and what is answered where no handler is.

use event::limit;

use crate::client::{get, post, send};
use crate::site::Site;

#[test]
fn every_answer_protects_the_browser() {
    let site = Site::new();
    for path in ["/whoami", "/nowhere", "/", "/api/v1/read", "/api/v1/nowhere"] {
        let answer = get(&site, path, &[]);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert!(answer.header("permissions-policy").is_some());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("strict-transport-security"), None, "there is no TLS here");
    }
}

#[test]
fn what_is_not_there_is_told_to_programs_in_json_and_to_people_in_a_page() {
    let site = Site::new();
    let answer = get(&site, "/api/v1/nowhere", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/json")));
    assert!(answer.body.starts_with(r#"{"status":404,"problems":[{"where":"path","#), "{}", answer.body);
    let answer = send(&site, "DELETE", "/api/v1/read", &[], "");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")));
    assert!(answer.body.starts_with(r#"{"status":405,"#));
    let answer = get(&site, "/nowhere", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert_eq!(send(&site, "TRACE", "/whoami", &[], "").status, 405);
}

#[test]
fn no_path_leads_out() {
    let site = Site::new();
    for path in [
        "/../../etc/passwd",
        "/static/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/static/%00",
    ] {
        let answer = get(&site, path, &[]);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("root:"), "{path}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let site = Site::new();
    let large = format!("account=admin&password={}", "x".repeat(limit::HTTP_BODY_BYTES));
    assert_eq!(post(&site, "/sign-in", &[], &large).status, 413);
    // In chunks nobody knows how much is to come.
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let head = format!(
        "POST /api/v1/echo HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        site.address
    );
    let mut stream = crate::client::connect(site.address);
    // The server may close before it has everything.
    let _ = std::io::Write::write_all(&mut stream, (head + &chunk).as_bytes());
    let answer = crate::client::answer(&mut stream);
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.body.contains("1048576 bytes"), "{answer:?}");
}

#[test]
fn before_anybody_is_signed_in_little_is_read() {
    let site = Site::new();
    let form = format!("account=admin&password={}", "x".repeat(limit::HTTP_OPEN_FORM_BYTES));
    assert_eq!(post(&site, "/sign-in", &[], &form).status, 413);
    let long = format!("X-Long: {}", "x".repeat(2 * limit::HTTP_HEAD_BYTES));
    assert_eq!(get(&site, "/whoami", &[&long]).status, 431);
}

#[test]
fn a_body_that_is_no_json_is_told_in_our_shape() {
    let site = Site::new();
    let json = "Content-Type: application/json";
    let status = |headers: &[&str], body: &str| {
        let answer = send(&site, "POST", "/api/v1/echo", headers, body);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.status
    };
    assert_eq!(status(&[json], r#"{"numbers":[1]}"#), 200);
    assert_eq!(status(&[json], r#"{"numbers":[1"#), 400);
    assert_eq!(status(&[json], r#"{"numbers":"one"}"#), 422);
    assert_eq!(status(&["Content-Type: text/plain"], "1"), 415);
}

#[test]
fn only_a_trusted_proxy_is_believed() {
    let forged = ["X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"];
    assert_eq!(get(&Site::new(), "/whoami", &forged).body, "127.0.0.1 false");
    let behind = Site::with(|http| {
        http.trusted_proxies = vec!["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    });
    assert_eq!(get(&behind, "/whoami", &forged).body, "198.51.100.7 true");
    let chain = ["X-Forwarded-For: 192.0.2.66, ::ffff:198.51.100.7", "X-Forwarded-For: 10.1.2.3"];
    assert_eq!(get(&behind, "/whoami", &chain).body, "198.51.100.7 false");
    assert_eq!(get(&behind, "/whoami", &["X-Forwarded-For: 192.0.2.66, nonsense"]).body, "127.0.0.1 false");
    assert_eq!(get(&behind, "/whoami", &["X-Forwarded-For: [2001:db8::1]:443"]).body, "2001:db8::1 false");
}
