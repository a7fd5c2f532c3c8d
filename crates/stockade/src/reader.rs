//! The threads that read: one for all files, one for the journal. Each waits for its source, judges what comes and tells
//! the engine; between two readings it obeys (other files to watch, how it stands).

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::thread;
use std::time::Duration;

use control::answer;
use control::time::rfc3339;
use event::{Moment, Position};
use source::{
    FileSource, FileSpec, FileState, JournalHealth, JournalSource, JournalSpec, JournalState, SourceError,
    Waker,
};

use crate::clock;
use crate::collector::{Collector, Seen};
use crate::listeners::Listeners;
use crate::message::{End, Message};
use crate::plan::Watchlist;

/// Who asks how a reader stands waits no longer than this.
const HEALTH_PATIENCE: Duration = Duration::from_secs(2);

/// A reading thread, from outside. `S` is what it watches: files or journal fields.
#[derive(Clone, Debug)]
pub struct Reader<S> {
    orders: Sender<Order<S>>,
    waker: Waker,
}

#[derive(Debug)]
enum Order<S> {
    Watch(Watchlist<S>),
    Begin(Vec<(String, Position)>),
    Health(Sender<Vec<answer::Source>>),
}

impl<S: Send + 'static> Reader<S> {
    /// Watches something else from now on; what stays is read on where it was.
    pub fn watch(&self, list: Watchlist<S>) {
        self.order(Order::Watch(list));
    }

    /// Reads what is watched next from these positions on; what it follows already is read on.
    pub fn begin_at(&self, positions: Vec<(String, Position)>) {
        self.order(Order::Begin(positions));
    }

    /// How its sources stand.
    pub fn health(&self) -> Vec<answer::Source> {
        let (reply, answer) = channel();
        self.order(Order::Health(reply));
        answer.recv_timeout(HEALTH_PATIENCE).unwrap_or_default()
    }

    fn order(&self, order: Order<S>) {
        // A reader that is gone has told the engine why.
        let _ = self.orders.send(order);
        self.waker.wake();
    }
}

/// Opens the files and starts their thread.
pub fn files(
    list: Watchlist<FileSpec>,
    saved: HashMap<String, Position>,
    engine: SyncSender<Message>,
) -> Result<Reader<FileSpec>, SourceError> {
    let mut source = FileSource::open(list.specs.clone(), saved, clock::now)?;
    let (orders, inbox) = channel();
    let reader = Reader { orders, waker: source.waker() };
    thread::spawn(move || {
        let mut collector = Collector::new(engine.clone());
        let stopped = follow_files(&mut source, list, &inbox, &mut collector);
        tell_end(&engine, "files", stopped);
    });
    Ok(reader)
}

/// Opens the journals and starts their thread. `saved` says where each goes on; `lookback` is from when one is read of which it says nothing.
pub fn journal(
    list: Watchlist<JournalSpec>,
    saved: HashMap<String, Position>,
    lookback: Moment,
    engine: SyncSender<Message>,
) -> Result<Reader<JournalSpec>, SourceError> {
    let cursor = |(name, position)| match position {
        Position::Cursor { cursor } => Some((name, cursor)),
        _ => None,
    };
    let cursors = saved.into_iter().filter_map(cursor).collect();
    let mut source = JournalSource::open(list.specs.clone(), cursors, lookback, clock::now)?;
    let (orders, inbox) = channel();
    let reader = Reader { orders, waker: source.waker() };
    thread::spawn(move || {
        let mut collector = Collector::new(engine.clone());
        let stopped = follow_journal(&mut source, list, &inbox, &mut collector);
        tell_end(&engine, "journal", stopped);
    });
    Ok(reader)
}

/// Why a reading thread ended.
enum Stopped {
    Gone,
    Broken(SourceError),
}

fn tell_end(engine: &SyncSender<Message>, what: &str, stopped: Stopped) {
    if let Stopped::Broken(cause) = stopped {
        let _ = engine.send(Message::Stop(End::Broken(format!("the {what} cannot be read on: {cause}"))));
    }
}

fn follow_files(
    source: &mut FileSource,
    mut list: Watchlist<FileSpec>,
    inbox: &Receiver<Order<FileSpec>>,
    collector: &mut Collector,
) -> Stopped {
    let mut listeners = Listeners::new(&list, None);
    loop {
        for order in inbox.try_iter() {
            match order {
                // One that is refused has changed nothing: what was read is read on.
                Order::Watch(next) => match source.replace(next.specs.clone()) {
                    Ok(()) => (listeners, list) = (Listeners::new(&next, Some(&listeners)), next),
                    Err(cause) => tracing::error!("{cause}; the sources stay as they were"),
                },
                Order::Begin(positions) => source.begin_at(positions),
                Order::Health(reply) => _ = reply.send(file_health(source, &list, collector)),
            }
        }
        let zone = list.zone();
        let mut gone = None;
        let read = source.read(collector.patience(), &mut |block| {
            let Some(finders) = listeners.of(block.spec, block.path) else { return };
            if let Err(end) = collector.block(block.path, finders, &block.block, block.position, &zone) {
                gone = Some(end);
            }
        });
        if let Err(cause) = read {
            return Stopped::Broken(cause);
        }
        if gone.is_some() || collector.after_reading(clock::now()).is_err() {
            return Stopped::Gone;
        }
    }
}

fn follow_journal(
    source: &mut JournalSource,
    mut list: Watchlist<JournalSpec>,
    inbox: &Receiver<Order<JournalSpec>>,
    collector: &mut Collector,
) -> Stopped {
    let mut sets = list.sets();
    loop {
        for order in inbox.try_iter() {
            match order {
                // One that is refused has changed nothing: what was read is read on.
                Order::Watch(next) => match source.replace(next.specs.clone()) {
                    Ok(()) => (sets, list) = (next.sets(), next),
                    Err(cause) => tracing::error!("{cause}; the sources stay as they were"),
                },
                // A journal has one place for all.
                Order::Begin(_) => {}
                Order::Health(reply) => _ = reply.send(journal_health(source, &list, collector)),
            }
        }
        let mut gone = None;
        let read = source.read(collector.patience(), &mut |found| {
            let meant = sets.iter_mut().enumerate().filter(|(stream, _)| found.streams.contains(stream));
            let finders = meant.map(|(_, finders)| finders);
            if let Err(end) = collector.entry(found.source, finders, &found.entry, found.position) {
                gone = Some(end);
            }
        });
        if let Err(cause) = read {
            return Stopped::Broken(cause);
        }
        if gone.is_some() || collector.after_reading(clock::now()).is_err() {
            return Stopped::Gone;
        }
    }
}

fn file_health(
    source: &FileSource,
    list: &Watchlist<FileSpec>,
    collector: &Collector,
) -> Vec<answer::Source> {
    let now = clock::now();
    let health = source.health().into_iter().map(|file| {
        let (state, reason) = match file.state {
            FileState::Missing { since } => {
                ("missing", Some(format!("since {}; waiting for it", rfc3339(since))))
            }
            FileState::Following => ("following", None),
            FileState::Unreadable { reason } => ("unreadable", Some(reason)),
            FileState::OverBound { unread } => {
                ("over the bound", Some(format!("{unread} more files match and are left unread")))
            }
        };
        let seen = collector.seen(&file.path);
        answer::Source {
            state: state.to_owned(),
            reason,
            jails: list.jails(file.spec),
            lines: file.lines,
            cut_lines: file.cut_lines,
            last_line: file.last_read.map(rfc3339),
            last_match: seen.last_match.map(rfc3339),
            skew: seen.skew_seconds(),
            lines_per_minute: seen.pace.per_minute(now),
            silent: silence(&seen, now),
            source: file.path,
        }
    });
    health.collect()
}

fn journal_health(
    source: &JournalSource,
    list: &Watchlist<JournalSpec>,
    collector: &Collector,
) -> Vec<answer::Source> {
    source.health().into_iter().map(|health| one_journals_health(health, list, collector)).collect()
}

fn one_journals_health(
    health: JournalHealth,
    list: &Watchlist<JournalSpec>,
    collector: &Collector,
) -> answer::Source {
    let now = clock::now();
    let (state, reason) = match health.state {
        JournalState::Idle => ("idle", None),
        JournalState::Following => ("following", None),
        JournalState::Stopped { since, reason } => {
            ("stopped", Some(format!("since {}: {reason}", rfc3339(since))))
        }
    };
    let seen = collector.seen(&health.source);
    let here = |spec: &&JournalSpec| spec.wish.place.name() == health.source;
    let mut jails: Vec<_> = list.specs.iter().filter(here).flat_map(|spec| list.jails(spec.stream)).collect();
    jails.sort();
    answer::Source {
        state: state.to_owned(),
        reason,
        jails,
        lines: health.entries,
        cut_lines: health.skipped,
        last_line: health.last_read.map(rfc3339),
        last_match: seen.last_match.map(rfc3339),
        skew: seen.skew_seconds(),
        lines_per_minute: seen.pace.per_minute(now),
        silent: silence(&seen, now),
        source: health.source,
    }
}

fn silence(seen: &Seen, now: Moment) -> Option<answer::Silence> {
    let silence = seen.pace.silent(now)?;
    Some(answer::Silence { since: rfc3339(silence.since), usual_per_hour: silence.usual_per_hour })
}
