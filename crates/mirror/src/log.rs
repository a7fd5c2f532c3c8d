//! `fail2ban.log`: what happens, line for line as fail2ban writes it, for the programs that read it, fail2ban's own recidive jail among
//! them. A thread of its own writes; whoever tells it something never waits. Jails and addresses are written, never what stood in a log.

mod level;
mod line;
mod format;
mod sink;
mod writer;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use dropin::{Happening, LogTarget};
use event::{Moment, limit};
use jiff::tz::TimeZone;

use crate::MirrorError;
use crate::queue::{Sender, queue};
use format::Format;
use level::Level;
use line::Line;
use sink::Sink;
use writer::{Order, Writer};

/// The log. When it is dropped, what was told before is written yet.
pub struct Log {
    sender: Option<Sender<Line>>,
    orders: Arc<Mutex<Vec<Order>>>,
    level: AtomicU8,
    now: fn() -> Moment,
    zone: TimeZone,
    ended: Receiver<()>,
}

impl Log {
    /// Begins to write to `target` what is at least of `level`: a name, or a number as Python has them. Times are told in `zone`.
    pub fn start(
        target: &LogTarget,
        level: &str,
        now: fn() -> Moment,
        zone: TimeZone,
    ) -> Result<Self, MirrorError> {
        let level = AtomicU8::new(Level::read(level)?.0);
        let (format, sink) = open(target)?;
        let (sender, lines) = queue(limit::FAIL2BAN_LOG_QUEUE_BYTES);
        let orders = Arc::new(Mutex::new(Vec::new()));
        let (ending, ended) = mpsc::sync_channel(1);
        let writer = Writer {
            lines,
            orders: Arc::clone(&orders),
            lost_before: 0,
            format,
            sink,
            now,
            zone: zone.clone(),
            is_in_trouble: false,
        };
        let started = thread::Builder::new().name("fail2ban.log".to_owned()).spawn(move || {
            writer.run();
            let _ = ending.send(());
        });
        started.map_err(|cause| MirrorError::io(target.name.as_ref(), "start what writes to it", cause))?;
        Ok(Self { sender: Some(sender), orders, level, now, zone, ended })
    }

    /// What happened.
    pub fn tell(&self, happening: &Happening) {
        self.write(|now| Line::of(happening, now, &self.zone));
    }

    /// Another place from now on. If it cannot go there, it goes where it went.
    pub fn set_target(&self, target: &LogTarget) -> Result<(), MirrorError> {
        let (format, sink) = open(target)?;
        self.order(Order::Target(format, sink));
        let name = target.name.clone();
        self.write(|now| {
            Line::server(Level::INFO, format!("Changed logging target to {}", line::plain(&name)), now)
        });
        Ok(())
    }

    /// What is less than this is not written from now on.
    pub fn set_level(&self, level: &str) -> Result<(), MirrorError> {
        self.level.store(Level::read(level)?.0, Ordering::Relaxed);
        Ok(())
    }

    /// Opens the file anew, as after logrotate.
    pub fn flush(&self) {
        self.order(Order::Reopen);
        self.write(|now| Line::server(Level::INFO, "rollover performed".to_owned(), now));
    }

    /// Lines that found the queue full or could not be written.
    pub fn lost(&self) -> u64 {
        self.sender.as_ref().map_or(0, Sender::lost)
    }

    fn write(&self, make: impl FnOnce(Moment) -> Line) {
        let Some(sender) = &self.sender else { return };
        let line = make((self.now)());
        if line.level.0 < self.level.load(Ordering::Relaxed) {
            return;
        }
        let bytes = std::mem::size_of::<Line>() + line.text.len();
        sender.send(line, bytes);
    }

    /// Carried out before the next line is written.
    fn order(&self, order: Order) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
        if let Some(sender) = &self.sender {
            sender.send(Line::nothing(), 0);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.sender = None;
        let _ = self.ended.recv_timeout(Duration::from_secs(limit::FAIL2BAN_MIRROR_GRACE_SECONDS));
    }
}

fn open(target: &LogTarget) -> Result<(Format, Sink), MirrorError> {
    Ok((Format::of(target)?, Sink::open(target)?))
}
