//! The log's thread: lays lines out and writes as many at once as wait. A disk that is full or slow costs lines, which are counted,
//! and a line tells how many.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use event::{Moment, limit};
use jiff::tz::TimeZone;

use super::format::Format;
use super::level::Level;
use super::line::Line;
use super::sink::Sink;
use crate::queue::Receiver;

/// What is to be done before the next line.
pub enum Order {
    Target(Format, Sink),
    Reopen,
}

pub struct Writer {
    pub lines: Receiver<Line>,
    pub orders: Arc<Mutex<Vec<Order>>>,
    /// Those of which a line has told.
    pub lost_before: u64,
    pub format: Format,
    pub sink: Sink,
    pub now: fn() -> Moment,
    pub zone: TimeZone,
    pub is_in_trouble: bool,
}

impl Writer {
    /// Until nobody can tell it anything any more.
    pub fn run(mut self) {
        while let Ok(first) = self.lines.recv() {
            self.obey();
            let (mut laid, mut count) = (String::new(), 0);
            self.tell_lost(&mut laid);
            let mut next = Some(first);
            while let Some(line) = next {
                count += self.lay_out(&line, &mut laid);
                next = if laid.len() < limit::FAIL2BAN_LOG_BYTES { self.lines.try_recv().ok() } else { None };
            }
            if !laid.is_empty() {
                let written = self.sink.write(&laid);
                self.note(written, count);
            }
        }
    }

    fn obey(&mut self) {
        let orders = mem::take(&mut *self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        for order in orders {
            match order {
                Order::Target(format, sink) => (self.format, self.sink) = (format, sink),
                Order::Reopen => {
                    if let Err(cause) = self.sink.reopen() {
                        tracing::error!("{cause}; the log goes on in the file that was open");
                    }
                }
            }
        }
    }

    /// Appends a line to what is written at once, or sends it. How many lines wait to be written for it.
    fn lay_out(&mut self, line: &Line, laid: &mut String) -> u64 {
        if line.part.is_empty() {
            return 0;
        }
        let text = self.format.lay_out(line, &self.zone);
        if self.sink.gathers() {
            laid.push_str(&text);
            laid.push('\n');
            return 1;
        }
        let sent = self.sink.send(line, &text);
        self.note(sent, 1);
        0
    }

    fn tell_lost(&mut self, laid: &mut String) {
        let lost = self.lines.lost();
        let new = lost - self.lost_before;
        if new > 0 {
            self.lost_before = lost;
            let text =
                format!("{new} lines of this log were lost: they came faster than they could be written");
            let line = Line::server(Level::WARNING, text, (self.now)());
            self.lay_out(&line, laid);
        }
    }

    /// What could not be written is counted; it is said once.
    fn note(&mut self, written: std::io::Result<()>, count: u64) {
        match written {
            Ok(()) => self.is_in_trouble = false,
            Err(cause) => {
                self.lines.lose(count);
                if !mem::replace(&mut self.is_in_trouble, true) {
                    tracing::error!(
                        "{}: fail2ban's log cannot be written: {cause}",
                        self.sink.name().display()
                    );
                }
            }
        }
    }
}
