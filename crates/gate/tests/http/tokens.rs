//! Access and refresh tokens.

use crate::client::{get, post};
use crate::site::{PASSWORD, Site};

const LOGIN: &str = "/pbxcore/api/v3/auth:login";
const REFRESH: &str = "/pbxcore/api/v3/auth:refresh";

#[test]
fn a_refresh_token_is_good_once_and_its_second_use_ends_the_family() {
    let site = Site::new();
    let form = format!("account=admin&password={}", PASSWORD.replace(' ', "+"));
    let first = post(&site, LOGIN, &[], &form);
    let set = first.header("set-cookie").unwrap();
    assert!(set.contains("Secure; HttpOnly; SameSite=Strict"), "{set}");
    // The path must lead to `auth:refresh` by the rules of cookies, which end at a slash.
    let path = set.split("; ").find_map(|part| part.strip_prefix("Path=")).unwrap();
    assert!(path.ends_with('/') && REFRESH.starts_with(path), "{path}");
    let reads =
        |access: &str| get(&site, "/api/v1/read", &[&format!("Authorization: Bearer {access}")]).status;
    let refresh = |cookie: &str| post(&site, REFRESH, &[&format!("Cookie: {cookie}")], "");
    assert_eq!(reads(&first.body), 200);
    assert_eq!(site.desk.protected(), ["127.0.0.1"]);

    let second = refresh(&first.cookie());
    assert_eq!(second.status, 200);
    assert_ne!(second.cookie(), first.cookie());
    assert_eq!(reads(&second.body), 200);

    assert_eq!(refresh(&first.cookie()).status, 401);
    assert_eq!(refresh(&second.cookie()).status, 401, "the family ended");
    assert_eq!(reads(&second.body), 401);
    assert!(site.desk.protected().is_empty());
}

#[test]
fn tokens_are_not_taken_for_each_other() {
    let site = Site::new();
    let form = format!("account=admin&password={}", PASSWORD.replace(' ', "+"));
    let given = post(&site, LOGIN, &[], &form);
    let refresh = given.cookie().split_once('=').unwrap().1.to_owned();
    assert_eq!(get(&site, "/api/v1/read", &[&format!("Authorization: Bearer {refresh}")]).status, 401);
    assert_eq!(post(&site, REFRESH, &[&format!("Cookie: refreshToken={}", given.body)], "").status, 401);
    assert_eq!(post(&site, REFRESH, &[], "").status, 401);
    assert_eq!(post(&site, LOGIN, &[], "account=admin&password=wrong").status, 401);
    assert_eq!(site.desk.failures(), 1);
}
