//! Signing in and out: passwords are looked at slowly, few at a time, and every wrong one is a failure for Stockade's own jail.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use control::Actor;
use event::limit;

use crate::attempts::Outcome;
use crate::cookie;
use crate::gate::Gate;
use crate::password;
use crate::secret;
use crate::session;
use crate::visitor::Visitor;

/// The one account.
pub const ACCOUNT: &str = "admin";

/// Somebody is signed in now.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// For `Set-Cookie`.
    pub cookie: HeaderValue,
    /// The token of its forms.
    pub csrf: String,
}

/// Somebody is signed in for the API now.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access: String,
    /// How long it is good.
    pub seconds: u64,
    /// For `Set-Cookie`.
    pub refresh_cookie: HeaderValue,
}

/// Why somebody is not signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInRefused {
    /// The account or the password is wrong; or the refresh token is.
    Wrong,
    /// Too many attempts at once or of late.
    TooMany {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The address is banned; nobody looked at the password.
    Banned,
    /// No password is set yet.
    NotSetUp,
    /// It could not be done, and why.
    Broken(String),
}

impl Gate {
    /// Signs in to the page. The id of the session is new, and the session that the browser had ends.
    pub async fn sign_in(
        &self,
        visitor: &Visitor,
        account: &str,
        password: &str,
    ) -> Result<NewSession, SignInRefused> {
        self.check(visitor, account, password).await?;
        self.begin_session(visitor).await.map_err(SignInRefused::Broken)
    }

    /// Ends the session of a request. The answer is for `Set-Cookie`.
    pub async fn sign_out(&self, headers: &HeaderMap) -> HeaderValue {
        let key = cookie::value(headers, cookie::SESSION).map(session::key);
        if key.is_some_and(|key| self.known().sessions.end(&key)) {
            self.protect().await;
        }
        cookie::clear(cookie::SESSION, "/")
    }

    /// Signs in for the API.
    pub async fn issue_tokens(
        &self,
        visitor: &Visitor,
        account: &str,
        password: &str,
    ) -> Result<Tokens, SignInRefused> {
        self.check(visitor, account, password).await?;
        let issued = self.known().families.begin(visitor.address, self.now());
        let issued = issued.map_err(SignInRefused::Broken)?;
        self.welcome(visitor).await;
        Ok(tokens(issued))
    }

    /// New tokens for the refresh token of a request, which is good once.
    pub async fn refresh_tokens(
        &self,
        headers: &HeaderMap,
        visitor: &Visitor,
    ) -> Result<Tokens, SignInRefused> {
        let token = cookie::value(headers, cookie::REFRESH).ok_or(SignInRefused::Wrong)?;
        let issued = self.known().families.refresh(token, visitor.address, self.now());
        self.protect().await;
        issued.map_err(SignInRefused::Broken)?.map(tokens).ok_or(SignInRefused::Wrong)
    }

    /// Ends the tokens that go back to the sign-in of a request's refresh token. The answer is for `Set-Cookie`.
    pub async fn end_tokens(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(token) = cookie::value(headers, cookie::REFRESH) {
            self.known().families.end(token);
            self.protect().await;
        }
        cookie::clear(cookie::REFRESH, cookie::REFRESH_PATH)
    }

    /// Begins a session for somebody whose password was right.
    pub(crate) async fn begin_session(&self, visitor: &Visitor) -> Result<NewSession, String> {
        let id = secret::random()?;
        {
            let mut known = self.known();
            visitor.session.map(|old| known.sessions.end(&old));
            known.sessions.begin(&id, visitor.address, self.now());
        }
        self.welcome(visitor).await;
        let cookie = cookie::set(cookie::SESSION, &id, "/", limit::SESSION_SECONDS);
        Ok(NewSession { cookie, csrf: session::csrf(&id) })
    }

    /// Whether account and password are right. Takes as long for an unknown account as for the known one.
    pub(crate) async fn check(
        &self,
        visitor: &Visitor,
        account: &str,
        password: &str,
    ) -> Result<(), SignInRefused> {
        if self.inner.desk.is_banned(visitor.address) {
            return Err(SignInRefused::Banned);
        }
        let broken = |fault: control::Fault| SignInRefused::Broken(fault.to_string());
        let hash = self.ask(|desk| desk.password()).await.map_err(broken)?;
        let hash = hash.ok_or(SignInRefused::NotSetUp)?;
        let begun = self.known().attempts.begin(visitor.address, self.now());
        if let Err(retry_after) = begun {
            self.report(visitor, account).await;
            return Err(SignInRefused::TooMany { retry_after });
        }
        let (gate, visitor) = (self.clone(), *visitor);
        let (account, password) = (account.to_owned(), password.to_owned());
        // A task of its own: whoever hangs up before the answer is judged all the same.
        let judged = tokio::spawn(async move { gate.judge(visitor, &account, password, hash).await });
        judged.await.unwrap_or_else(|cause| Err(SignInRefused::Broken(format!("nobody was judged: {cause}"))))
    }

    async fn judge(
        &self,
        visitor: Visitor,
        account: &str,
        password: String,
        hash: String,
    ) -> Result<(), SignInRefused> {
        let is_password = self.hashed(move || password::verify(&password, &hash)).await;
        let outcome = match &is_password {
            Ok(true) if account == ACCOUNT => Outcome::Right,
            Ok(_) => Outcome::Failed,
            Err(_) => Outcome::Unjudged,
        };
        self.known().attempts.end(visitor.address, outcome);
        is_password?;
        if outcome == Outcome::Right {
            return Ok(());
        }
        self.report(&visitor, account).await;
        Err(SignInRefused::Wrong)
    }

    /// Does slow work with a password, a few at a time; refuses when many wait already.
    pub(crate) async fn hashed<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, SignInRefused> {
        let waiting = Arc::clone(&self.inner.queue).try_acquire_owned();
        let waiting = waiting.map_err(|_| SignInRefused::TooMany { retry_after: 2 })?;
        let hashing = Arc::clone(&self.inner.hashing).acquire_owned().await;
        let hashing = hashing.map_err(|_| SignInRefused::TooMany { retry_after: 2 })?;
        // The permits go with the work: a client that hangs up makes no room for more work than there is.
        let work = move || {
            let _held = (waiting, hashing);
            work()
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|cause| Err(format!("the password was not looked at: {cause}")))
            .map_err(SignInRefused::Broken)
    }

    async fn report(&self, visitor: &Visitor, account: &str) {
        let (address, account) = (visitor.address, cut(account).to_owned());
        let told = self.ask(move |desk| {
            desk.sign_in_failed(address, &account);
            Ok(())
        });
        if let Err(fault) = told.await {
            tracing::error!("a failed sign-in was not counted: {fault}");
        }
    }

    async fn welcome(&self, visitor: &Visitor) {
        let actor = Actor { name: ACCOUNT.to_owned(), address: Some(visitor.address) };
        let told = self.ask(move |desk| {
            desk.signed_in(&actor);
            Ok(())
        });
        if let Err(fault) = told.await {
            tracing::error!("a sign-in was not written to the journal: {fault}");
        }
        self.protect().await;
        self.sweep_from_now_on();
    }
}

fn tokens(issued: crate::token::Issued) -> Tokens {
    let path = cookie::REFRESH_PATH;
    Tokens {
        access: issued.access,
        seconds: limit::ACCESS_TOKEN_SECONDS,
        refresh_cookie: cookie::set(cookie::REFRESH, &issued.refresh, path, limit::REFRESH_TOKEN_SECONDS),
    }
}

/// An account's name as far as it is kept.
fn cut(account: &str) -> &str {
    &account[..account.floor_char_boundary(limit::ACCOUNT_BYTES)]
}
