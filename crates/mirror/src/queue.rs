//! What waits for a thread that writes: bounded by its bytes, so that a burst of small things finds room at the start, and long lines of
//! an attacker do not fill the memory. Whoever sends never waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvError, TryRecvError};

/// Both ends of a queue that holds so many bytes.
pub fn queue<T>(bytes: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let lost = Arc::new(AtomicU64::new(0));
    let sending = Sender { sender, waiting: Arc::clone(&waiting), lost: Arc::clone(&lost), bytes };
    (sending, Receiver { receiver, waiting, lost })
}

/// Where things are put.
pub struct Sender<T> {
    sender: mpsc::Sender<(usize, T)>,
    waiting: Arc<AtomicUsize>,
    lost: Arc<AtomicU64>,
    bytes: usize,
}

/// Where they are taken.
pub struct Receiver<T> {
    receiver: mpsc::Receiver<(usize, T)>,
    waiting: Arc<AtomicUsize>,
    lost: Arc<AtomicU64>,
}

impl<T> Sender<T> {
    /// Something of so many bytes; nothing of zero bytes is ever lost.
    pub fn send(&self, thing: T, bytes: usize) {
        if bytes > 0 && self.waiting.load(Ordering::Relaxed).saturating_add(bytes) > self.bytes {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
        // Nobody takes anything any more at the end of the program.
        let _ = self.sender.send((bytes, thing));
    }

    /// What found no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl<T> Receiver<T> {
    /// Waits; an error once nobody can send any more.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.receiver.recv().map(|taken| self.take(taken))
    }

    /// Does not wait.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.receiver.try_recv().map(|taken| self.take(taken))
    }

    /// What found no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Something was taken, and lost behind it.
    pub fn lose(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }

    fn take(&self, (bytes, thing): (usize, T)) -> T {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        thing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted_and_orders_always_do() {
        let (sender, receiver) = queue(10);
        (0..3).for_each(|number| sender.send(number, 4));
        sender.send(9, 0);
        assert_eq!(sender.lost(), 1);
        assert_eq!(receiver.try_recv(), Ok(0));
        sender.send(4, 6);
        let rest: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        assert_eq!(rest, [1, 9, 4]);
        drop(sender);
        assert_eq!(receiver.recv(), Err(RecvError));
    }
}
