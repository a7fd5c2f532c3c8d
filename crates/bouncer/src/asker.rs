//! The thread that asks the origin, and waits for it as long as need be. It keeps nothing but what it needs to ask on.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use blocklist::Client;
use event::Moment;
use event::limit::BOUNCER_BANS;
use fleet::{LinkError, Reader, Trouble};
use rustix::event::{EventfdFlags, eventfd};

use crate::bouncer::{Options, Origin};
use crate::error::BouncerError;
use crate::news::{Answer, News};
use crate::pause::Pause;
use crate::redis_keys::RedisKeys;

/// After so long everything is asked for anew: a difference that was lost on the way is then made good.
const WHOLE_EVERY: Duration = Duration::from_secs(60 * 60);

/// So long the channel is listened to at once.
const LISTEN: Duration = Duration::from_secs(10);

/// A Redis that comes back with less than before may have been started empty, and whoever writes its keys writes them anew: for so
/// long nobody is let in because a key is missing, only because a lift was said.
const DOUBT: Duration = Duration::from_secs(30);

/// The asking thread, from outside. Dropping it ends the thread, after the answer that it waits for.
pub struct Asker {
    /// What the origin says.
    pub news: Receiver<News>,
    /// Readable when there is news.
    pub bell: Arc<OwnedFd>,
    _end: Sender<()>,
}

impl Asker {
    /// Starts the thread. Needs no origin that answers.
    pub fn start(options: &Options) -> Result<Self, BouncerError> {
        let bell = Arc::new(
            eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(std::io::Error::from)?,
        );
        // One waits while one is carried out; the thread waits with the next.
        let (sender, news) = sync_channel(1);
        let (end, ended) = channel();
        let line = Line { news: sender, bell: Arc::clone(&bell), ended, pause: Pause::default() };
        let (every, now) = (options.every, options.now);
        match &options.origin {
            Origin::Lapi { url, key, ca_file } => {
                let client = Client::new(url, key, ca_file.as_ref())
                    .map_err(|cause| BouncerError::Origin(cause.to_string()))?;
                thread::spawn(move || ask_lapi(client, line, every, now));
            }
            Origin::Redis(settings) => {
                let reader = Reader::new(settings);
                thread::spawn(move || ask_redis(reader, line, every, now));
            }
        }
        Ok(Self { news, bell, _end: end })
    }
}

/// The way back to the keeper.
struct Line {
    news: SyncSender<News>,
    bell: Arc<OwnedFd>,
    ended: Receiver<()>,
    pause: Pause,
}

impl Line {
    /// Tells an answer; false if nobody listens any more.
    fn answer(&mut self, answer: Answer) -> bool {
        self.pause.end();
        self.tell(News::Answer(answer))
    }

    /// Tells that there is none, and waits a while; false if nobody listens any more.
    fn silence(&mut self, why: String, hopeless: bool) -> bool {
        let pause = self.pause.next(hopeless);
        self.tell(News::Silence { why, again_seconds: pause.as_secs() }) && self.rest(pause)
    }

    fn tell(&self, news: News) -> bool {
        let told = self.news.send(news).is_ok();
        let _ = rustix::io::write(&*self.bell, &1u64.to_ne_bytes());
        told
    }

    /// Waits; false if nobody listens any more.
    fn rest(&self, span: Duration) -> bool {
        self.ended.recv_timeout(span) == Err(RecvTimeoutError::Timeout)
    }
}

/// Everything at first and after an error, then what has changed.
fn ask_lapi(mut client: Client, mut line: Line, every: Duration, now: fn() -> Moment) {
    let mut whole_before: Option<Moment> = None;
    loop {
        let asked = now();
        let whole = whole_before.is_none_or(|before| asked.since(before) >= WHOLE_EVERY);
        let goes_on = match pull(&mut client, whole, asked) {
            Ok(answer) => {
                if whole {
                    whole_before = Some(asked);
                }
                line.answer(answer) && line.rest(every)
            }
            Err(cause) => {
                whole_before = None;
                line.silence(cause.text, cause.is_refused)
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// The whitelist first: who is on it now must not be banned by an older one. If it cannot be had, the one before holds.
fn pull(client: &mut Client, whole: bool, now: Moment) -> Result<Answer, blocklist::LapiError> {
    let whitelist = client.whitelist().unwrap_or_else(|cause| {
        tracing::debug!("the whitelist cannot be had: {cause}");
        None
    });
    let delta = client.pull(whole, BOUNCER_BANS, now)?;
    Ok(Answer {
        is_whole: whole,
        deleted: delta.deleted,
        new: delta.new,
        left_out: delta.left_out,
        whitelist,
    })
}

/// Everything as often as it is asked for, and what is said on the channel at once.
fn ask_redis(mut reader: Reader, mut line: Line, every: Duration, now: fn() -> Moment) {
    let mut keys = RedisKeys::default();
    let mut doubt: Option<Moment> = None;
    let mut is_first = true;
    loop {
        let goes_on = match read(&mut reader, &mut keys, now()) {
            Ok(mut answer) => {
                if is_first && answer.new.is_empty() {
                    doubt = begin_doubt(now());
                }
                is_first = false;
                answer.is_whole = doubt.is_none_or(|until| until <= now());
                let heard = if line.answer(answer) {
                    listen(&mut reader, &mut keys, &mut line, every, now)
                } else {
                    Heard::End
                };
                if heard == Heard::Loss {
                    doubt = begin_doubt(now());
                }
                heard != Heard::End
            }
            Err(cause) => {
                is_first = false;
                doubt = Some(now().after(DOUBT));
                let hopeless = is_hopeless(&cause);
                line.silence(cause.to_string(), hopeless)
            }
        };
        if !goes_on {
            return;
        }
    }
}

fn begin_doubt(now: Moment) -> Option<Moment> {
    tracing::info!(
        "Redis may have lost its keys: for {} s nobody is let in because a key is missing",
        DOUBT.as_secs()
    );
    Some(now.after(DOUBT))
}

fn read(reader: &mut Reader, keys: &mut RedisKeys, now: Moment) -> Result<Answer, LinkError> {
    let standing = reader.whole(now)?;
    let whitelist = Some(reader.whitelist()?);
    keys.replace(&standing.bans);
    let left_out = standing.unreadable + standing.left_out;
    Ok(Answer { new: keys.entries(), left_out, whitelist, ..Answer::default() })
}

/// Why listening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// Everything is to be read again.
    Due,
    /// The same, and Redis was away meanwhile.
    Loss,
    /// Nobody listens any more.
    End,
}

/// Tells what is said on the channel until everything is to be read again.
fn listen(
    reader: &mut Reader,
    keys: &mut RedisKeys,
    line: &mut Line,
    every: Duration,
    now: fn() -> Moment,
) -> Heard {
    let end = now().after(every);
    loop {
        let left = end.since(now());
        if !line.rest(Duration::ZERO) {
            return Heard::End;
        }
        if left.is_zero() {
            return Heard::Due;
        }
        // The end of this program is looked for now and then.
        match reader.wait_change(left.min(LISTEN)) {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => {
                if !line.answer(keys.change(&changes, now())) {
                    return Heard::End;
                }
            }
            // Reading everything tells what is wrong, if it still is.
            Err(cause) => {
                tracing::info!("{cause}; the channel of changes is opened anew");
                return Heard::Loss;
            }
        }
    }
}

/// Whether waiting mends nothing: somebody has to look after it.
fn is_hopeless(cause: &LinkError) -> bool {
    matches!(
        cause.trouble,
        Trouble::Address { .. }
            | Trouble::PasswordMissing
            | Trouble::PasswordWrong(_)
            | Trouble::NotPermitted(_)
            | Trouble::Database(_)
    )
}
