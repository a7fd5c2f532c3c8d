//! The main loop: what the origin says, what others do to the table, what time does, each as it comes.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::Duration;

use event::limit::BOUNCER_FIRST_ANSWER_SECONDS;
use event::{Moment, Port, Subject};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::asker::Asker;
use crate::error::BouncerError;
use crate::keeper::Keeper;

/// It looks around at least so often.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Where decisions come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A LAPI.
    Lapi {
        /// `http://host:8765/`.
        url: String,
        /// The bouncer's key.
        key: String,
        /// A certificate authority, PEM.
        ca_file: Option<PathBuf>,
    },
    /// The keys in Redis.
    Redis(config::Redis),
}

/// What it is told on the command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where decisions come from.
    pub origin: Origin,
    /// How often it asks.
    pub every: Duration,
    /// What a ban closes; none means every port.
    pub ports: Vec<Port>,
    /// Who is never blocked, beside this host's own addresses and what the origin says.
    pub never: Vec<(Subject, String)>,
    /// Where the last decisions are kept for a start without the origin. Whoever calls `run` holds its lock.
    pub state_dir: PathBuf,
    /// The clock.
    pub now: fn() -> Moment,
    /// This host's own addresses and loopback, as they are at the moment.
    pub own_addresses: fn() -> Vec<(Subject, String)>,
}

/// Runs until `stop` is readable or closed. Calls `ready` once the kernel stands as the origin wants it, or, while the origin is
/// away, as it was. What stands then in the kernel stays there.
pub fn run(options: &Options, stop: BorrowedFd<'_>, ready: &mut dyn FnMut()) -> Result<(), BouncerError> {
    let mut keeper = Keeper::open(options)?;
    let asker = Asker::start(options)?;
    let first_answer = (options.now)().after(Duration::from_secs(BOUNCER_FIRST_ANSWER_SECONDS));
    let mut is_ready = false;
    loop {
        let now = (options.now)();
        while let Ok(news) = asker.news.try_recv() {
            keeper.hear(news, now);
        }
        if !is_ready && (keeper.has_heard() || now >= first_answer) {
            keeper.stand(now)?;
            ready();
            is_ready = true;
        }
        if is_ready {
            keeper.tend(now);
        }
        let due = if is_ready { keeper.due() } else { first_answer };
        let watch = is_ready.then(|| keeper.watch());
        if wait(stop, asker.bell.as_fd(), watch, due.since((options.now)())) {
            keeper.remember();
            return Ok(());
        }
    }
}

/// Waits for whatever comes first; true if it is the end.
fn wait(stop: BorrowedFd<'_>, bell: BorrowedFd<'_>, watch: Option<BorrowedFd<'_>>, span: Duration) -> bool {
    let fds = [Some(stop), Some(bell), watch].into_iter().flatten();
    let mut fds: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    // A millisecond more than asked for, else it would wake up just before; and never for long, since the clock may be set.
    let span = (span + Duration::from_millis(1)).min(LONGEST_WAIT);
    let span = Timespec::try_from(span).ok();
    // An interrupted wait is a wait.
    let _ = poll(&mut fds, span.as_ref());
    let _ = rustix::io::read(bell, &mut [0u8; 8]);
    !fds[0].revents().is_empty()
}
