//! Runs a compiled pattern over one text: a backtracking matcher with a step budget.
//!
//! It exists because a log line needs its captures at once and in a few hundred nanoseconds: the automaton would first find
//! the match and then run a slower engine for the groups. It gives the same answer as the automaton (leftmost-first), which
//! a property test holds it to; where its budget ends it gives no answer, and the automaton takes over in linear time.

use memchr::{memchr, memrchr};

use crate::byteset::ByteSet;

/// One step of a program. `set`s are indexes into the program's table of byte sets.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Exactly these bytes.
    Bytes(Box<[u8]>),
    /// One byte of the set.
    One { set: u16 },
    /// `min` to `max` bytes of the set.
    Run { set: u16, min: u32, max: u32, greedy: bool, after: After },
    /// Two ways: those of this row of the program's table, by the next byte.
    Split { row: u32 },
    /// Go on elsewhere.
    Jump(u32),
    /// Remember where we are.
    Save(u8),
    /// The text begins here.
    Start,
    /// The text ends here.
    End,
    /// A place that the bytes on both sides of it tell.
    Between(Place),
    /// Found.
    Match,
}

/// Places between two bytes, as the automaton knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line begins here.
    LineStart,
    /// A line ends here.
    LineEnd,
    /// A word of ASCII begins or ends here.
    WordEdge,
    /// None does.
    NoWordEdge,
    /// No word goes on behind this place.
    WordEndHalf,
}

/// What is known of what follows a run: it saves most of the backtracking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing that follows can begin inside the run: its longest form is the only one worth trying.
    Disjoint,
    /// What follows begins with this byte.
    Byte(u8),
    /// Anything may follow.
    Unknown,
}

/// The steps at which the two ways of a split go on, the one to try first before the other; `NO_STEP` where the next byte begins
/// nothing that it could be.
pub(crate) type Ways = [u16; 2];
pub(crate) const NO_STEP: u16 = u16::MAX;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) sets: Vec<ByteSet>,
    /// For each set, the only byte that is not in it, if it is only one.
    pub(crate) stops: Vec<Option<u8>>,
    /// For each split and each class of bytes, its ways.
    pub(crate) ways: Vec<Ways>,
    /// The class of each byte, among those that splits tell apart; the last is that of the text's end.
    pub(crate) classes: Box<[u8; 256]>,
    pub(crate) class_count: usize,
    pub(crate) slots: usize,
    /// Whether a match can only begin where the text does.
    pub(crate) anchored: bool,
    /// The bytes with which a match begins, if it cannot be empty.
    pub(crate) first: Option<u16>,
    /// Whether the first two slots say where the whole match stands.
    pub(crate) whole: bool,
}

/// Where each group begins and ends: `2 * group` and `2 * group + 1`; `NOWHERE` if it took no part.
pub(crate) type Slots = [u32; SLOTS_MAX];
/// The whole match and each group, times two.
pub(crate) const SLOTS_MAX: usize = 16;
/// Groups that a pattern may have; the whole match takes the first two slots.
pub(crate) const GROUPS_MAX: usize = SLOTS_MAX / 2 - 1;
/// The place of a group that took no part.
pub const NOWHERE: u32 = u32::MAX;

/// What runs need besides the text, kept by the caller so that no run allocates.
#[derive(Clone, Debug, Default)]
pub struct Room {
    frames: Vec<Frame>,
}

/// What to try next when the present way fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Frame {
    /// Go on at `step` from `at`.
    Branch { step: u32, at: u32 },
    /// A greedy run gives back bytes, down to `low`.
    Shorter { step: u32, low: u32, at: u32, byte: Option<u8> },
    /// A lazy run takes more bytes, up to `high`.
    Longer { step: u32, at: u32, high: u32, byte: Option<u8> },
    /// Undo a `Save`.
    Restore { slot: u8, value: u32 },
}

/// How a run of a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The text matches; the slots are set.
    Matched,
    /// It does not.
    Refused,
    /// The step budget was not enough to say.
    Overrun,
}

impl Program {
    /// How many bytes the counted runs of the pattern ask for together: the automaton needs a state for each.
    pub(crate) fn counted(&self) -> u64 {
        let bytes = |step: &Step| match step {
            Step::Run { min, max, .. } => u64::from(if *max == u32::MAX { *min } else { *max }),
            _ => 0,
        };
        self.steps.iter().map(bytes).sum()
    }

    /// How many slots a search fills: two for each group, the first two for the whole match.
    pub fn slots(&self) -> usize {
        self.slots.max(2)
    }

    /// Finds the first match that begins at `from` or behind it. `slots` then say where the groups stand; there must be room for as many
    /// as `slots()` says.
    pub fn search(&self, text: &[u8], from: usize, slots: &mut [u32], room: &mut Room, fuel: u32) -> Ending {
        let mut fuel = i64::from(fuel);
        let mut start = from;
        loop {
            if let Some(first) = self.first.filter(|_| !self.anchored) {
                let set = &self.sets[usize::from(first)];
                match text[start..].iter().position(|byte| set.has(*byte)) {
                    Some(skipped) => start += skipped,
                    None => return Ending::Refused,
                }
            }
            match self.run_at(text, start, slots, &mut room.frames, &mut fuel) {
                Ending::Refused if !self.anchored && start < text.len() => start += 1,
                ending => return ending,
            }
        }
    }

    /// Matches all of `text`, from its first byte. `frames` is scratch, handed in so that it is allocated once.
    pub(crate) fn run(&self, text: &[u8], slots: &mut Slots, frames: &mut Vec<Frame>, fuel: u32) -> Ending {
        self.run_at(text, 0, slots, frames, &mut i64::from(fuel))
    }

    #[inline(always)]
    fn run_at(
        &self,
        text: &[u8],
        start: usize,
        slots: &mut [u32],
        frames: &mut Vec<Frame>,
        fuel: &mut i64,
    ) -> Ending {
        frames.clear();
        slots[..self.slots].fill(NOWHERE);
        let mut machine = Machine { program: self, text, slots, frames, fuel: *fuel };
        let (mut step, mut at) = (0usize, start);
        let ending = loop {
            if machine.fuel <= 0 {
                break Ending::Overrun;
            }
            machine.fuel -= 1;
            match machine.advance(step, at) {
                Next::At(next_step, next_at) => (step, at) = (next_step, next_at),
                Next::Matched => break Ending::Matched,
                Next::Dead => match machine.resume() {
                    Some(next) => (step, at) = next,
                    None => break Ending::Refused,
                },
            }
        };
        *fuel = machine.fuel;
        if ending == Ending::Matched && self.whole {
            slots[0] = start as u32;
            slots[1] = at as u32;
        }
        ending
    }
}

impl Place {
    fn is_at(self, text: &[u8], at: usize) -> bool {
        let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let before = || at.checked_sub(1).and_then(|at| text.get(at));
        match self {
            Self::LineStart => before().is_none_or(|byte| *byte == b'\n'),
            Self::LineEnd => text.get(at).is_none_or(|byte| *byte == b'\n'),
            Self::WordEdge => word(before()) != word(text.get(at)),
            Self::NoWordEdge => word(before()) == word(text.get(at)),
            Self::WordEndHalf => !word(text.get(at)),
        }
    }
}

/// One run. `fuel` pays for steps and for the bytes that runs look at, so that it bounds time, not just steps.
struct Machine<'r> {
    program: &'r Program,
    text: &'r [u8],
    slots: &'r mut [u32],
    frames: &'r mut Vec<Frame>,
    fuel: i64,
}

enum Next {
    At(usize, usize),
    Dead,
    Matched,
}

impl Next {
    #[inline(always)]
    fn when(holds: bool, step: usize, at: usize) -> Self {
        if holds { Self::At(step, at) } else { Self::Dead }
    }
}

/// Bytes that a table look-up reads in about the time of one step.
const RUN_BYTES_PER_STEP: usize = 8;
/// Bytes that `memchr` reads in about the time of one step.
const SEARCH_BYTES_PER_STEP: usize = 64;

impl Machine<'_> {
    #[inline(always)]
    fn advance(&mut self, step: usize, at: usize) -> Next {
        match &self.program.steps[step] {
            Step::Bytes(bytes) => Next::when(self.text[at..].starts_with(bytes), step + 1, at + bytes.len()),
            Step::One { set } => Next::when(self.next_is_in(*set, at), step + 1, at + 1),
            Step::Run { set, min, max, greedy, after } => {
                let reach = at.saturating_add(*max as usize).min(self.text.len());
                let high = self.run_end(usize::from(*set), at, reach);
                let low = at + *min as usize;
                if high < low {
                    Next::Dead
                } else if low == high || (*greedy && *after == After::Disjoint) {
                    Next::At(step + 1, high)
                } else {
                    let byte = if let After::Byte(byte) = after { Some(*byte) } else { None };
                    let (low, high) = (low as u32, high as u32);
                    let next = if *greedy {
                        self.shorter(step as u32, low, high, byte)
                    } else {
                        self.longer(step as u32, low, high, byte)
                    };
                    next.map_or(Next::Dead, |(step, at)| Next::At(step, at))
                }
            }
            Step::Split { row } => {
                let class = match self.text.get(at) {
                    Some(byte) => usize::from(self.program.classes[usize::from(*byte)]),
                    None => self.program.class_count - 1,
                };
                match self.program.ways[*row as usize * self.program.class_count + class] {
                    [NO_STEP, _] => Next::Dead,
                    [first, NO_STEP] => Next::At(usize::from(first), at),
                    [first, second] => {
                        self.frames.push(Frame::Branch { step: u32::from(second), at: at as u32 });
                        Next::At(usize::from(first), at)
                    }
                }
            }
            Step::Jump(target) => Next::At(*target as usize, at),
            Step::Save(slot) => {
                let place = &mut self.slots[usize::from(*slot)];
                // With no way open there is nothing to come back to.
                if !self.frames.is_empty() {
                    self.frames.push(Frame::Restore { slot: *slot, value: *place });
                }
                *place = at as u32;
                Next::At(step + 1, at)
            }
            Step::Start => Next::when(at == 0, step + 1, at),
            Step::End => Next::when(at == self.text.len(), step + 1, at),
            Step::Between(place) => Next::when(place.is_at(self.text, at), step + 1, at),
            Step::Match => Next::Matched,
        }
    }

    #[inline(always)]
    fn next_is_in(&self, set: u16, at: usize) -> bool {
        self.text.get(at).is_some_and(|byte| self.program.sets[usize::from(set)].has(*byte))
    }

    /// The end of the longest run of bytes of the set from `at`, not past `reach`.
    #[inline(always)]
    fn run_end(&mut self, set: usize, at: usize, reach: usize) -> usize {
        let text = &self.text[at..reach];
        let end = match self.program.stops[set] {
            Some(stop) => memchr(stop, text),
            None => {
                let set = &self.program.sets[set];
                text.iter().position(|byte| !set.has(*byte))
            }
        };
        let length = end.unwrap_or(text.len());
        self.fuel -= (length / RUN_BYTES_PER_STEP) as i64;
        at + length
    }

    /// Takes up the latest open way; `None` if there is none left.
    fn resume(&mut self) -> Option<(usize, usize)> {
        while let Some(frame) = self.frames.pop() {
            self.fuel -= 1;
            let next = match frame {
                Frame::Branch { step, at } => Some((step as usize, at as usize)),
                Frame::Shorter { step, low, at, byte } => self.shorter(step, low, at, byte),
                Frame::Longer { step, at, high, byte } => self.longer(step, at, high, byte),
                Frame::Restore { slot, value } => {
                    self.slots[usize::from(slot)] = value;
                    None
                }
            };
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// The longest end of a run within `low..=at` after which the rest may match; the others are kept for later.
    fn shorter(&mut self, step: u32, low: u32, at: u32, byte: Option<u8>) -> Option<(usize, usize)> {
        let found = match byte {
            None => at as usize,
            // Only where the byte stands can the rest begin.
            Some(byte) => low as usize + memrchr(byte, self.window(low, at))?,
        };
        if found > low as usize {
            self.frames.push(Frame::Shorter { step, low, at: found as u32 - 1, byte });
        }
        Some((step as usize + 1, found))
    }

    /// The shortest end of a run within `at..=high` after which the rest may match; the others are kept for later.
    fn longer(&mut self, step: u32, at: u32, high: u32, byte: Option<u8>) -> Option<(usize, usize)> {
        let found = match byte {
            None => at as usize,
            Some(byte) => at as usize + memchr(byte, self.window(at, high))?,
        };
        if found < high as usize {
            self.frames.push(Frame::Longer { step, at: found as u32 + 1, high, byte });
        }
        Some((step as usize + 1, found))
    }

    /// The text from `low` to the byte at `high`, if there is one.
    fn window(&mut self, low: u32, high: u32) -> &[u8] {
        let window = &self.text[low as usize..(high as usize + 1).min(self.text.len())];
        self.fuel -= (window.len() / SEARCH_BYTES_PER_STEP) as i64;
        window
    }
}
