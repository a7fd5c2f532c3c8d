//! Who is being answered at the moment: the bound on it, and waiting until everybody has the answer. Knows no socket.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use event::limit::CONTROL_CLIENTS;

/// The clients that are being answered.
#[derive(Clone, Debug, Default)]
pub struct Clients(Arc<(Mutex<usize>, Condvar)>);

/// A client's place; dropping it makes room.
#[derive(Debug)]
pub struct Seat(Clients);

impl Clients {
    /// A place for one more, unless all are taken.
    pub(crate) fn admit(&self) -> Option<Seat> {
        let mut count = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *count >= CONTROL_CLIENTS {
            return None;
        }
        *count += 1;
        Some(Seat(self.clone()))
    }

    /// Waits until nobody is being answered, but no longer than `patience`: for the end of the program, which must not cut
    /// off the answer to whoever asked for it.
    pub fn wait(&self, patience: Duration) {
        let (count, left) = &*self.0;
        let count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = left.wait_timeout_while(count, patience, |count| *count > 0);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (count, left) = &*self.0.0;
        *count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_the_end_waits_for_the_last() {
        let clients = Clients::default();
        let mut seats: Vec<_> = (0..CONTROL_CLIENTS).map_while(|_| clients.admit()).collect();
        assert_eq!(seats.len(), CONTROL_CLIENTS);
        assert!(clients.admit().is_none());
        seats.pop();
        assert!(clients.admit().is_some());
        let end = std::thread::spawn({
            let clients = clients.clone();
            move || clients.wait(Duration::from_secs(60))
        });
        drop(seats);
        end.join().unwrap();
    }
}
