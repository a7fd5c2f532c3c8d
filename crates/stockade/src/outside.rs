//! The program as Redis's side, the lists and the blocklists see it: each asks the engine by a visit, on a thread of its own, and may
//! wait for the answer.

use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, PoisonError};

use acl::Denied;
use blocklist::Delivery;
use event::Moment;
use fleet::{Heard, Wanted};

use crate::clock;
use crate::engine::Engine;
use crate::message::{Message, visit};

/// The engine, from outside.
pub struct Outside {
    engine: SyncSender<Message>,
    /// Where the fleet's stream was read up to, for the next start of its reader.
    position: Mutex<Option<String>>,
}

impl Outside {
    /// With the position that the store kept.
    pub fn new(engine: SyncSender<Message>, position: Option<String>) -> Self {
        Self { engine, position: Mutex::new(position) }
    }

    /// Where the fleet's stream was read up to.
    pub fn position(&self) -> Option<String> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn visit<T: Send + 'static>(&self, order: impl FnOnce(&mut Engine) -> T + Send + 'static) -> Option<T> {
        visit(&self.engine, order)?.recv().ok()
    }
}

impl fleet::Host for Outside {
    fn now(&self) -> Moment {
        clock::now()
    }

    fn wanted(&self) -> Option<Wanted> {
        self.visit(|engine| engine.wanted_in_redis())
    }

    fn heard(&self, heard: Vec<Heard>, position: String) -> bool {
        let place = position.clone();
        let is_recorded = self.visit(move |engine| engine.hear_others(heard, place)).is_some();
        if is_recorded {
            *self.position.lock().unwrap_or_else(PoisonError::into_inner) = Some(position);
        }
        is_recorded
    }
}

impl acl::Host for Outside {
    fn now(&self) -> Moment {
        clock::now()
    }

    fn denied(&self) -> Option<Vec<Denied>> {
        self.visit(|engine| engine.denied())
    }
}

impl blocklist::Host for Outside {
    fn now(&self) -> Moment {
        clock::now()
    }

    fn deliver(&self, delivery: Delivery) -> bool {
        self.visit(move |engine| engine.take_list(delivery)).is_some()
    }
}
