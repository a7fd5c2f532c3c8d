//! Cookies: reading one by name, and setting those that let somebody in. Nothing here knows what they mean.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HeaderValue};

/// The page's session. The prefix `__Host-` makes browsers refuse it unless it is Secure, for this host alone and for `/`.
pub const SESSION: &str = "__Host-stockade";

/// MikoPBX's refresh token.
pub const REFRESH: &str = "refreshToken";

/// `auth:refresh` is no directory below `auth`, and a browser compares the paths of cookies directory by directory:
/// a path that ends in `auth` would never be sent there.
pub const REFRESH_PATH: &str = "/pbxcore/api/v3/";

/// The value of a cookie. Should a browser send two of one name, the first counts.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}

/// Sets a cookie that no script can read and no other site can send. `value` is ours: letters, digits, `.`, `_`.
pub fn set(name: &str, value: &str, path: &str, seconds: u64) -> HeaderValue {
    let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Takes a cookie back.
pub fn clear(name: &str, path: &str) -> HeaderValue {
    set(name, "", path, 0)
}
