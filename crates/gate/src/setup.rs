//! The administrator's password is set with a one-time link at first, and changed by whoever knows the old one. There is
//! no default password.

use std::sync::atomic::Ordering;

use control::Actor;

use crate::admin::Admin;
use crate::gate::Gate;
use crate::password;
use crate::secret;
use crate::sign_in::{ACCOUNT, NewSession, SignInRefused};
use crate::visitor::Visitor;

/// Why the password is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetUpRefused {
    /// The link is not the one that was printed, or it was used, or Stockade was started anew since.
    Link,
    /// The new password is shorter than `password::MIN_CHARS`, or absurdly long.
    Unfit,
    /// The old password is wrong.
    Wrong,
    /// Too many attempts at once or of late.
    TooMany {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The address is banned.
    Banned,
    /// It could not be done, and why.
    Broken(String),
}

impl From<SignInRefused> for SetUpRefused {
    fn from(refused: SignInRefused) -> Self {
        match refused {
            SignInRefused::Wrong => Self::Wrong,
            SignInRefused::TooMany { retry_after } => Self::TooMany { retry_after },
            SignInRefused::Banned => Self::Banned,
            SignInRefused::NotSetUp => Self::Link,
            SignInRefused::Broken(why) => Self::Broken(why),
        }
    }
}

impl Gate {
    /// The link with which the first password is set; `None` if one is set. Waits for the disk: not for a thread that serves requests.
    pub fn setup_link(&self, base_url: &str) -> Option<String> {
        if !matches!(self.inner.desk.password(), Ok(None)) {
            return None;
        }
        let token = self.known().setup.clone();
        let token = match token {
            Some(token) => token,
            None => secret::random().ok()?,
        };
        self.known().setup = Some(token.clone());
        Some(format!("{}/setup?token={token}", base_url.trim_end_matches('/')))
    }

    /// Whether a password is set.
    pub async fn is_set_up(&self) -> bool {
        if self.inner.is_set_up.load(Ordering::Relaxed) {
            return true;
        }
        // If nobody knows, signing in is what tells why.
        let is_set_up = !matches!(self.ask(|desk| desk.password()).await, Ok(None));
        self.inner.is_set_up.store(is_set_up, Ordering::Relaxed);
        is_set_up
    }

    /// Whether `token` is the one of the link, and no password is set yet.
    pub async fn check_setup(&self, token: &str) -> bool {
        let is_right = self.known().setup.as_deref().is_some_and(|right| secret::are_same(right, token));
        is_right && !self.is_set_up().await
    }

    /// Sets the first password and signs in.
    pub async fn set_up(
        &self,
        visitor: &Visitor,
        token: &str,
        password: &str,
    ) -> Result<NewSession, SetUpRefused> {
        if !self.check_setup(token).await {
            return Err(SetUpRefused::Link);
        }
        if !password::is_fit(password) {
            return Err(SetUpRefused::Unfit);
        }
        let hash = self.hash_of(password).await?;
        // Of two who use the link at once, one is first.
        let token = self.known().setup.take().ok_or(SetUpRefused::Link)?;
        let actor = Actor { name: ACCOUNT.to_owned(), address: Some(visitor.address) };
        if let Err(fault) = self.ask(move |desk| desk.set_password(&hash, &actor)).await {
            self.known().setup = Some(token);
            return Err(SetUpRefused::Broken(fault.to_string()));
        }
        self.begin_session(visitor).await.map_err(SetUpRefused::Broken)
    }

    /// Changes the password. All other sessions and all tokens end.
    pub async fn change_password(&self, admin: &Admin, old: &str, new: &str) -> Result<(), SetUpRefused> {
        let actor = admin.caller.actor.clone();
        let address = actor.address.ok_or_else(|| SetUpRefused::Broken("nobody knows from where".into()))?;
        if !password::is_fit(new) {
            return Err(SetUpRefused::Unfit);
        }
        self.check(&Visitor::at(address, true), ACCOUNT, old).await?;
        let hash = self.hash_of(new).await?;
        let set = self.ask(move |desk| desk.set_password(&hash, &actor)).await;
        set.map_err(|fault| SetUpRefused::Broken(fault.to_string()))?;
        self.end_sessions(Some(&admin.csrf)).await;
        Ok(())
    }

    /// Ends every session and every token, but for the session whose forms carry `csrf`: for a password that was changed elsewhere.
    pub async fn end_sessions(&self, csrf: Option<&str>) {
        {
            let mut known = self.known();
            known.sessions.end_others(csrf);
            known.families.end_all();
        }
        self.protect().await;
    }

    async fn hash_of(&self, password: &str) -> Result<String, SetUpRefused> {
        let password = password.to_owned();
        Ok(self.hashed(move || password::hash(&password)).await?)
    }
}
