//! What is served over HTTP, as programs and attackers meet it: a plain client on hosts of their own, the real binary, the real
//! kernel. No browser here.

mod headers;
mod forgery;
mod session;
mod guessing;
mod paths;
mod bodies;
mod slow;
mod contract;
mod crowd;

use arena::deadline::{Deadline, PATIENCE};
use browser::stage::PASSWORD;
use browser::{Answer, Client, Result};

/// Every page of whoever is signed in.
const PAGES: [&str; 9] = [
    "/",
    "/blocked",
    "/blocked/new",
    "/brute-force",
    "/firewall",
    "/jails",
    "/keys",
    "/journal",
    "/password",
];

/// The administrator's session on a client: the client with its cookie, and the token of its forms.
fn signed_in(client: &Client) -> Result<(Client, String)> {
    let (cookie, answer) = client.sign_in("admin", PASSWORD)?;
    let cookie = cookie.unwrap_or_else(|| panic!("no session: {answer:?}"));
    let client = client.clone().header(&format!("Cookie: {cookie}"));
    let page = client.get("/")?;
    assert_eq!(page.status, 200, "{page:?}");
    Ok((client, page.csrf().to_owned()))
}

/// Whether an answer lets its reader in: a page behind the sign-in, or something that was done.
fn lets_in(answer: &Answer) -> bool {
    answer.status == 200
}

/// Looks until `is_there` says so; `what` names in a message what never came.
#[track_caller]
fn wait_for(what: &str, mut is_there: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Deadline::after(PATIENCE);
    while !is_there()? {
        assert!(deadline.left().is_some(), "no {what} within {} s", PATIENCE.as_secs());
    }
    Ok(())
}
