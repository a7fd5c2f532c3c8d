//! Who is signed in from where: told to the desk whenever it changes, so that nobody who is signed in is banned.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::gate::Gate;
use crate::sign_in::ACCOUNT;

/// How often sessions are looked through for those whose time is over.
const SWEEP: Duration = Duration::from_secs(60);

impl Gate {
    /// Tells the desk who is signed in now.
    pub(crate) async fn protect(&self) {
        let gate = self.clone();
        let told = self.ask(move |desk| {
            let _turn = gate.inner.protecting.lock().unwrap_or_else(PoisonError::into_inner);
            desk.protect(&gate.signed_in());
            Ok(())
        });
        if let Err(fault) = told.await {
            tracing::error!("whoever is signed in now may be banned: {fault}");
        }
    }

    /// From where somebody is signed in, each address once.
    fn signed_in(&self) -> Vec<(IpAddr, String)> {
        let now = self.now();
        let known = self.known();
        let addresses: BTreeSet<IpAddr> =
            known.sessions.addresses().chain(known.families.addresses(now)).collect();
        addresses.into_iter().map(|address| (address, ACCOUNT.to_owned())).collect()
    }

    /// Ends what is over, once. Called by a timer, and by tests.
    pub(crate) async fn sweep(&self) {
        let now = self.now();
        let changed = {
            let mut known = self.known();
            known.families.sweep(now);
            // Families leave the list without a change of their own: the time since their last use grows.
            known.sessions.sweep(now) || !known.families.is_empty()
        };
        if changed {
            self.protect().await;
        }
    }

    /// Runs a task that sweeps until nobody is signed in any more.
    pub(crate) fn sweep_from_now_on(&self) {
        if self.inner.is_sweeping.swap(true, Ordering::SeqCst) {
            return;
        }
        let held = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(inner) = held.upgrade() else { return };
                let gate = Self { inner };
                gate.sweep().await;
                if gate.is_deserted() {
                    gate.protect().await;
                    return;
                }
            }
        });
    }

    /// Whether nobody is signed in. Decided under the lock under which people sign in, so that nobody is overlooked.
    fn is_deserted(&self) -> bool {
        let known = self.known();
        let deserted = known.sessions.is_empty() && known.families.is_empty();
        if deserted {
            self.inner.is_sweeping.store(false, Ordering::SeqCst);
        }
        deserted
    }
}
