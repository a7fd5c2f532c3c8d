//! Signing in: what it gives, what it costs to guess, and the first password.

use std::io::Write;
use std::sync::atomic::Ordering;

use event::limit;

use crate::client::{connect, get, post, request, signed_in, try_password};
use crate::site::{PASSWORD, Site};

#[test]
fn the_cookie_of_a_session_is_for_this_host_and_no_script() {
    let site = Site::new();
    let answer = try_password(&site, "admin", PASSWORD);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-stockade="), "{cookie}");
    for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.split("; ").any(|given| given == part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert_eq!(site.desk.protected(), ["127.0.0.1"]);
    assert_eq!(site.desk.signed_in.lock().unwrap()[0].name, "admin");
}

#[test]
fn whoever_is_not_signed_in_is_sent_to_sign_in_and_back_to_this_site_only() {
    let site = Site::new();
    assert_eq!(get(&site, "/", &[]).header("location"), Some("/sign-in"));
    assert_eq!(get(&site, "/?a=b&c", &[]).header("location"), Some("/sign-in?then=/%3fa%3db%26c"));
    let form = |then: &str| format!("account=admin&password={}&then={then}", PASSWORD.replace(' ', "+"));
    for (then, goal) in [
        ("/blocked", "/blocked"),
        ("//evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("https://evil.example", "/"),
        ("/%09/evil.example", "/"),
        ("evil.example", "/"),
        ("/a%0d%0aSet-Cookie:b", "/"),
    ] {
        let answer = post(&site, "/sign-in", &[], &form(then));
        assert_eq!((answer.status, answer.header("location")), (303, Some(goal)), "{then}");
    }
}

#[test]
fn a_session_is_never_one_that_somebody_brought() {
    let site = Site::new();
    let brought = "__Host-stockade=0000000000000000000000000000000000000000000000000000000000000000";
    let form = format!("account=admin&password={}", PASSWORD.replace(' ', "+"));
    let first = post(&site, "/sign-in", &[&format!("Cookie: {brought}")], &form).cookie();
    assert_ne!(first, brought);
    let second = post(&site, "/sign-in", &[&format!("Cookie: {first}")], &form).cookie();
    assert_ne!(first, second);
    assert_eq!(get(&site, "/", &[&format!("Cookie: {brought}")]).status, 303);
    assert_eq!(
        get(&site, "/", &[&format!("Cookie: {first}")]).status,
        303,
        "the browser's old session ended"
    );
    assert_eq!(get(&site, "/", &[&format!("Cookie: {second}")]).status, 200);
}

#[test]
fn every_wrong_password_is_a_failure_and_many_are_slowed() {
    let site = Site::new();
    assert_eq!(try_password(&site, "admin", "wrong").status, 401);
    assert_eq!(try_password(&site, "root", PASSWORD).status, 401);
    let failed = site.desk.failed.lock().unwrap().clone();
    let names: Vec<_> = failed.iter().map(|(address, name)| format!("{name} {address}")).collect();
    assert_eq!(names, ["admin 127.0.0.1", "root 127.0.0.1"]);
    assert_eq!(try_password(&site, &"n".repeat(500), "wrong").status, 401);
    assert_eq!(site.desk.failed.lock().unwrap()[2].1.len(), limit::ACCOUNT_BYTES);
    for _ in 3..limit::SIGN_IN_FAILURES {
        assert_eq!(try_password(&site, "admin", "wrong").status, 401);
    }
    assert_eq!(try_password(&site, "admin", "wrong").status, 429);
    assert_eq!(try_password(&site, "admin", PASSWORD).status, 429, "nobody looks at the password any more");
    assert_eq!(site.desk.failures(), limit::SIGN_IN_FAILURES + 2);
}

#[test]
fn whoever_hangs_up_before_the_answer_failed_all_the_same() {
    let site = Site::new();
    let form = "account=admin&password=wrong";
    let media = "Content-Type: application/x-www-form-urlencoded";
    let request = request(&site, "POST", "/sign-in", &[media], form);
    // Whoever hangs up before the password is looked at learns nothing; so it is tried until somebody hung up in the midst.
    let hung_up_in_the_midst = (0..50).any(|_| {
        let asked = site.desk.asked.load(Ordering::SeqCst);
        let mut stream = connect(site.address);
        stream.write_all(request.as_bytes()).unwrap();
        let is_looked_at = || site.desk.asked.load(Ordering::SeqCst) > asked;
        let seen = (0..1000).any(|_| get(&site, "/whoami", &[]).status > 0 && is_looked_at());
        drop(stream);
        seen && (0..2000).any(|_| get(&site, "/whoami", &[]).status > 0 && site.desk.failures() > 0)
    });
    assert!(hung_up_in_the_midst, "nobody who hung up was judged");
}

#[test]
fn many_passwords_at_once_are_refused_rather_than_looked_at() {
    let site = Site::new();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..12).map(|_| scope.spawn(|| try_password(&site, "admin", "wrong").status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    assert_eq!(site.desk.failures(), 12, "each was an attempt");
}

#[test]
fn whoever_is_banned_is_refused_with_the_right_password() {
    let site = Site::new();
    site.desk.banned.lock().unwrap().insert("127.0.0.1".parse().unwrap());
    assert_eq!(try_password(&site, "admin", PASSWORD).status, 403);
    assert_eq!(site.desk.failures(), 0);
}

#[test]
fn signing_out_ends_the_session_and_its_protection() {
    let site = Site::new();
    let (cookie, csrf) = signed_in(&site);
    let answer = post(&site, "/sign-out", &[&cookie], &format!("csrf={csrf}"));
    assert!(answer.header("set-cookie").unwrap().starts_with("__Host-stockade=; Path=/; Max-Age=0"));
    assert_eq!(get(&site, "/", &[&cookie]).status, 303);
    assert!(site.desk.protected().is_empty());
}

#[test]
fn another_password_ends_the_other_sessions() {
    let site = Site::new();
    let (mine, csrf) = signed_in(&site);
    let (other, _) = signed_in(&site);
    let form = |old: &str, new: &str| format!("csrf={csrf}&old={}&new={new}", old.replace(' ', "+"));
    assert_eq!(post(&site, "/password", &[&mine], &form("wrong", "long+enough")).body, "Wrong");
    assert_eq!(post(&site, "/password", &[&mine], &form(PASSWORD, "short")).body, "Unfit");
    assert_eq!(post(&site, "/password", &[&mine], &form(PASSWORD, "long+enough")).body, "changed");
    assert_eq!(get(&site, "/", &[&mine]).status, 200);
    assert_eq!(get(&site, "/", &[&other]).status, 303);
    assert_eq!(try_password(&site, "admin", PASSWORD).status, 401);
    assert_eq!(try_password(&site, "admin", "long enough").status, 303);
}

#[test]
fn the_first_password_is_set_with_the_link_and_only_once() {
    let site = Site::with(|_| {});
    assert_eq!(get(&site, "/", &[]).header("location"), Some("/setup"));
    assert_eq!(try_password(&site, "admin", "").status, 409);
    let link = site.gate.setup_link(&site.base_url).unwrap();
    let token = link.strip_prefix(&format!("http://{}/setup?token=", site.address)).unwrap();
    assert_eq!(
        site.gate.setup_link(&site.base_url).as_ref(),
        Some(&link),
        "asked again, the link is the same"
    );
    let set_up = |token: &str, password: &str| {
        post(&site, "/setup", &[], &format!("token={token}&password={password}")).status
    };
    assert_eq!(set_up("0000", "long+enough"), 403);
    assert_eq!(set_up("", "long+enough"), 403);
    assert_eq!(set_up(token, "short"), 422);
    assert_eq!(set_up(token, "long+enough"), 303);
    assert_eq!(set_up(token, "another+one"), 403);
    assert_eq!(site.gate.setup_link(&site.base_url), None);
    assert_eq!(try_password(&site, "admin", "long enough").status, 303);
}
