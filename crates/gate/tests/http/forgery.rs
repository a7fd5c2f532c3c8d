//! Requests that somebody else made in the administrator's name.

use crate::client::{get, post, send, signed_in};
use crate::site::Site;

#[test]
fn a_form_without_the_token_of_its_session_is_refused() {
    let site = Site::new();
    let (cookie, csrf) = signed_in(&site);
    let (_, other) = signed_in(&site);
    let sent = |form: &str| post(&site, "/form", &[&cookie], form).status;
    assert_eq!(sent("box=a"), 403);
    assert_eq!(sent("box=a&csrf="), 403);
    assert_eq!(sent("box=a&csrf=0"), 403);
    assert_eq!(sent(&format!("box=a&csrf={other}")), 403, "another session's");
    assert_eq!(sent(&format!("box=a&csrf={csrf}&csrf={other}")), 403, "two of them");
    assert_eq!(post(&site, "/form", &[&cookie], &format!("box=a&box=b&csrf={csrf}")).body, "a+b");
    assert_eq!(post(&site, "/form", &[], &format!("csrf={csrf}")).header("location"), Some("/sign-in"));
}

#[test]
fn a_page_that_forgets_the_form_still_refuses() {
    let site = Site::new();
    let (cookie, csrf) = signed_in(&site);
    assert_eq!(send(&site, "POST", "/", &[&cookie], "").status, 403);
    let header = format!("X-CSRF-Token: {csrf}");
    assert_eq!(send(&site, "POST", "/", &[&cookie, &header], "").body, "changed");
}

#[test]
fn a_session_at_the_api_needs_the_token_and_a_key_does_not() {
    let site = Site::new();
    let (cookie, csrf) = signed_in(&site);
    let write = |headers: &[&str]| send(&site, "POST", "/api/v1/write", headers, "").status;
    assert_eq!(write(&[]), 401);
    assert_eq!(write(&[&cookie]), 403);
    assert_eq!(write(&[&cookie, &format!("X-CSRF-Token: {csrf}")]), 200);
    assert_eq!(get(&site, "/api/v1/read", &[&cookie]).body, "admin");
    assert_eq!(write(&["Authorization: Bearer key-admin"]), 200);
    assert_eq!(write(&["X-Api-Key: key-admin"]), 200);
    assert_eq!(write(&["Authorization: Bearer key-read"]), 403);
    assert_eq!(get(&site, "/api/v1/read", &["authorization: bearer key-read"]).body, "key read");
    assert_eq!(get(&site, "/api/v1/read", &["X-Api-Key: key-bouncer"]).status, 403);
    let unknown = get(&site, "/api/v1/read", &["X-Api-Key: guessed", &cookie]);
    assert_eq!((unknown.status, unknown.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(get(&site, "/api/v1/read", &["Authorization: Basic eDp5", &cookie]).status, 200);
}

#[test]
fn another_site_sends_nothing_here() {
    let site = Site::new();
    let (cookie, csrf) = signed_in(&site);
    let own = format!("Origin: http://{}", site.address);
    let form = format!("csrf={csrf}&box=a");
    let sent = |headers: &[&str]| {
        let mut all = vec![cookie.as_str()];
        all.extend(headers);
        post(&site, "/form", &all, &form).status
    };
    assert_eq!(sent(&[&own, "Sec-Fetch-Site: same-origin"]), 200);
    assert_eq!(sent(&[&own]), 200);
    assert_eq!(sent(&["Origin: http://evil.example"]), 403);
    assert_eq!(sent(&["Origin: null"]), 403);
    assert_eq!(sent(&["Sec-Fetch-Site: cross-site"]), 403);
    assert_eq!(sent(&[&own, "Sec-Fetch-Site: same-site"]), 403);
    // Signing somebody in as somebody else needs no cookie.
    let open = |header: &str| post(&site, "/sign-in", &[header], "account=admin&password=x").status;
    assert_eq!(open("Origin: http://evil.example"), 403);
    assert_eq!(open("Sec-Fetch-Site: cross-site"), 403);
    assert_eq!(site.desk.failures(), 0, "nobody looked at the password");
}

#[test]
fn behind_a_proxy_the_host_is_the_one_that_the_browser_knows() {
    let site = Site::with(|http| http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    let open = |headers: &[&str]| post(&site, "/sign-in", headers, "account=admin&password=x").status;
    let forwarded = ["X-Forwarded-Host: pbx.example", "X-Forwarded-Proto: https"];
    assert_eq!(open(&["Origin: https://pbx.example", forwarded[0], forwarded[1]]), 409);
    assert_eq!(open(&["Origin: https://evil.example", forwarded[0], forwarded[1]]), 403);
    assert_eq!(
        open(&["Origin: http://pbx.example", forwarded[0], forwarded[1]]),
        403,
        "it was not protected"
    );
}
