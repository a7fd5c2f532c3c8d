//! Regular expression -> program. What the program cannot do exactly is refused here (`None`), never approximated: the
//! automaton then runs the pattern alone.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use crate::byteset::ByteSet;
use crate::program::{After, NO_STEP, Place, Program, SLOTS_MAX, Step, Ways};

/// Steps of one program; a pattern with larger counted repetitions goes to the automaton.
const STEPS_MAX: usize = 2000;

/// Slots of a program that is no filter's of ours: 127 groups.
const SLOTS_WIDE: usize = 256;

/// Compiles one of our own patterns, or says by `None` that it needs the automaton.
pub(crate) fn compile(hir: &Hir) -> Option<Program> {
    program(hir, SLOTS_MAX, false)
}

impl Program {
    /// Compiles `hir`, which must have been read without Unicode, or says by `None` that it needs the automaton. The match may begin
    /// anywhere.
    pub fn new(hir: &Hir) -> Option<Self> {
        program(hir, SLOTS_WIDE, true)
    }
}

fn program(hir: &Hir, slots_max: usize, whole: bool) -> Option<Program> {
    let (steps, sets, splits) = (Vec::new(), Vec::new(), Vec::new());
    let mut compiler = Compiler { steps, sets, splits, slots: 2 * usize::from(whole), slots_max };
    compiler.emit(hir)?;
    compiler.push(Step::Match)?;
    compiler.look_ahead();
    let table = Table::new(&mut compiler);
    let anchored = hir.properties().look_set_prefix().contains(Look::Start);
    let first = compiler.first_set(0);
    let Compiler { steps, sets, slots, .. } = compiler;
    let Table { ways, classes, class_count } = table;
    let stops = sets.iter().map(ByteSet::only_missing).collect();
    Some(Program { steps, sets, stops, ways, classes, class_count, slots, anchored, first, whole })
}

struct Compiler {
    steps: Vec<Step>,
    sets: Vec<ByteSet>,
    splits: Vec<Split>,
    slots: usize,
    slots_max: usize,
}

/// Try the next step first, then `other`, or the other way round.
struct Split {
    at: usize,
    other: usize,
    prefer_next: bool,
}

impl Compiler {
    fn emit(&mut self, hir: &Hir) -> Option<()> {
        match hir.kind() {
            HirKind::Empty => Some(()),
            HirKind::Literal(literal) => self.push(Step::Bytes(literal.0.clone())),
            HirKind::Class(class) => {
                let set = self.class(class)?;
                self.push(Step::One { set })
            }
            HirKind::Look(Look::Start) => self.push(Step::Start),
            HirKind::Look(Look::End) => self.push(Step::End),
            HirKind::Look(look) => self.push(Step::Between(place(*look)?)),
            HirKind::Capture(capture) => {
                let slot = capture.index as usize * 2;
                if slot + 1 >= self.slots_max {
                    return None;
                }
                self.slots = self.slots.max(slot + 2);
                self.push(Step::Save(slot as u8))?;
                self.emit(&capture.sub)?;
                self.push(Step::Save(slot as u8 + 1))
            }
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.emit(part)),
            HirKind::Alternation(branches) => self.alternation(branches),
            HirKind::Repetition(repetition) => self.repetition(repetition),
        }
    }

    fn alternation(&mut self, branches: &[Hir]) -> Option<()> {
        let mut jumps = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if index + 1 == branches.len() {
                self.emit(branch)?;
                break;
            }
            let split = self.split(true)?;
            self.emit(branch)?;
            jumps.push(self.steps.len());
            self.push(Step::Jump(0))?;
            self.land(split);
        }
        let end = self.steps.len() as u32;
        for jump in jumps {
            self.steps[jump] = Step::Jump(end);
        }
        Some(())
    }

    fn repetition(&mut self, repetition: &Repetition) -> Option<()> {
        if let HirKind::Class(class) = repetition.sub.kind() {
            let set = self.class(class)?;
            let max = repetition.max.unwrap_or(u32::MAX);
            return self.push(Step::Run {
                set,
                min: repetition.min,
                max,
                greedy: repetition.greedy,
                after: After::Unknown,
            });
        }
        // A body that can be empty could go round for ever; the automaton knows how to handle it.
        let once = repetition.max == Some(1);
        if !once && repetition.sub.properties().minimum_len().is_none_or(|length| length == 0) {
            return None;
        }
        for _ in 0..repetition.min {
            self.emit(&repetition.sub)?;
        }
        match repetition.max {
            None => {
                let split = self.split(repetition.greedy)?;
                self.emit(&repetition.sub)?;
                self.push(Step::Jump(split as u32))?;
                self.land(split);
            }
            Some(max) => {
                let splits: Option<Vec<_>> = (repetition.min..max)
                    .map(|_| {
                        let split = self.split(repetition.greedy)?;
                        self.emit(&repetition.sub)?;
                        Some(split)
                    })
                    .collect();
                splits?.into_iter().for_each(|split| self.land(split));
            }
        }
        Some(())
    }

    fn class(&mut self, class: &Class) -> Option<u16> {
        let mut set = ByteSet::empty();
        match class {
            Class::Bytes(bytes) => bytes.iter().for_each(|range| set.add_range(range.start(), range.end())),
            Class::Unicode(chars) if chars.is_ascii() => {
                chars.iter().for_each(|range| set.add_range(range.start() as u8, range.end() as u8));
            }
            Class::Unicode(_) => return None,
        }
        self.set(set)
    }

    fn set(&mut self, set: ByteSet) -> Option<u16> {
        let index = self.sets.iter().position(|known| *known == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        u16::try_from(index).ok()
    }

    fn push(&mut self, step: Step) -> Option<()> {
        if self.steps.len() >= STEPS_MAX {
            return None;
        }
        self.steps.push(step);
        Some(())
    }

    /// A split whose other way is set by `land`.
    fn split(&mut self, prefer_next: bool) -> Option<usize> {
        let at = self.steps.len();
        self.push(Step::Split { row: self.splits.len() as u32 })?;
        self.splits.push(Split { at, other: 0, prefer_next });
        Some(at)
    }

    fn land(&mut self, split: usize) {
        let here = self.steps.len();
        if let Step::Split { row } = self.steps[split] {
            self.splits[row as usize].other = here;
        }
    }

    /// Tells runs what may follow them.
    fn look_ahead(&mut self) {
        for index in 0..self.steps.len() {
            if let Step::Run { set, min, max, greedy, .. } = self.steps[index] {
                let after = self.after(index + 1, usize::from(set));
                self.steps[index] = Step::Run { set, min, max, greedy, after };
            }
        }
    }

    fn after(&self, step: usize, set: usize) -> After {
        let ahead = self.ahead(step);
        if ahead.matched {
            return After::Unknown;
        }
        if ahead.bytes.is_disjoint(&self.sets[set]) {
            return After::Disjoint;
        }
        match (0..=255u8).filter(|b| ahead.bytes.has(*b)).collect::<Vec<_>>()[..] {
            // Where the rest can also be empty, the byte need not be there.
            [byte] if !ahead.end => After::Byte(byte),
            _ => After::Unknown,
        }
    }

    fn first_set(&mut self, step: usize) -> Option<u16> {
        let ahead = self.ahead(step);
        // What can match at the end of the text needs no byte at all: the bytes cannot rule it out.
        if ahead.end || ahead.matched { None } else { self.set(ahead.bytes) }
    }

    /// What can come next from `step` on. Looks at each step once, however many ways lead there: their number doubles with
    /// every branch. `End` adds no byte: a run before it must reach as far as it can anyway.
    fn ahead(&self, step: usize) -> Ahead {
        let mut ahead = Ahead { bytes: ByteSet::empty(), end: false, matched: false };
        let mut seen = vec![false; self.steps.len()];
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            if std::mem::replace(&mut seen[step], true) {
                continue;
            }
            match &self.steps[step] {
                Step::Bytes(bytes) => ahead.bytes.add_range(bytes[0], bytes[0]),
                Step::One { set } => ahead.bytes.add_all(&self.sets[usize::from(*set)]),
                Step::Run { set, min, .. } => {
                    ahead.bytes.add_all(&self.sets[usize::from(*set)]);
                    if *min == 0 {
                        open.push(step + 1);
                    }
                }
                Step::Split { row } => open.extend([step + 1, self.splits[*row as usize].other]),
                Step::Jump(target) => open.push(*target as usize),
                Step::Save(_) | Step::Start => open.push(step + 1),
                Step::End => ahead.end = true,
                Step::Between(Place::LineEnd) => {
                    ahead.end = true;
                    ahead.bytes.add_range(b'\n', b'\n');
                }
                // They only narrow down what follows.
                Step::Between(_) => open.push(step + 1),
                Step::Match => ahead.matched = true,
            }
        }
        ahead
    }
}

/// What splits do on each byte, worked out before: ways that cannot match are not even begun, and where splits follow each other and the
/// byte leaves one way only, they are passed in one go.
struct Table {
    ways: Vec<Ways>,
    classes: Box<[u8; 256]>,
    class_count: usize,
}

impl Table {
    fn new(compiler: &mut Compiler) -> Self {
        // Of each split, what must be next for either way; no set: anything, or the text's end.
        let firsts: Vec<[Option<u16>; 2]> = (0..compiler.splits.len())
            .map(|row| {
                let Split { at, other, prefer_next } = compiler.splits[row];
                let next = compiler.first_set(at + 1);
                let other = compiler.first_set(other);
                if prefer_next { [next, other] } else { [other, next] }
            })
            .collect();
        let mut classes = Box::new([0u8; 256]);
        let mut count = 1;
        let mut told: Vec<u16> = firsts.iter().flatten().copied().flatten().collect();
        told.sort_unstable();
        told.dedup();
        for set in told {
            count = refine(&mut classes, &compiler.sets[usize::from(set)]);
        }
        // One byte of each class, and none for the text's end.
        let mut bytes: Vec<Option<u8>> = vec![None; count + 1];
        (0..=255u8).for_each(|byte| bytes[usize::from(classes[usize::from(byte)])] = Some(byte));
        let splits = Splits { compiler, firsts: &firsts };
        let rows = (0..firsts.len()).flat_map(|row| bytes.iter().map(move |byte| (row, *byte)));
        let ways = rows.map(|(row, byte)| splits.ways(row, byte)).collect();
        Self { ways, classes, class_count: count + 1 }
    }
}

/// The splits of a program, and what must be next for each of their ways.
struct Splits<'c> {
    compiler: &'c Compiler,
    firsts: &'c [[Option<u16>; 2]],
}

impl Splits<'_> {
    fn ways(&self, row: usize, byte: Option<u8>) -> Ways {
        match self.open(row, byte).map(|way| way.map_or(NO_STEP, |step| self.pass(step, byte))) {
            [NO_STEP, second] => [second, NO_STEP],
            ways => ways,
        }
    }

    /// The ways of a split that are open on this byte.
    fn open(&self, row: usize, byte: Option<u8>) -> [Option<usize>; 2] {
        let Split { at, other, prefer_next } = self.compiler.splits[row];
        let steps = if prefer_next { [at + 1, other] } else { [other, at + 1] };
        let is_open = |set: Option<u16>| {
            set.is_none_or(|set| byte.is_some_and(|byte| self.compiler.sets[usize::from(set)].has(byte)))
        };
        let [first, second] = self.firsts[row];
        [is_open(first).then_some(steps[0]), is_open(second).then_some(steps[1])]
    }

    /// The first step from `step` on that does more than to choose the only way.
    fn pass(&self, mut step: usize, byte: Option<u8>) -> u16 {
        // A loop takes a byte in each turn, so this ends; the bound is for the reader.
        for _ in 0..STEPS_MAX {
            step = match self.compiler.steps[step] {
                Step::Jump(target) => target as usize,
                Step::Split { row } => match self.open(row as usize, byte) {
                    [None, None] => return NO_STEP,
                    [Some(only), None] | [None, Some(only)] => only,
                    [Some(_), Some(_)] => break,
                },
                _ => break,
            };
        }
        step as u16
    }
}

/// Parts the classes by whether their bytes are in `set`, and counts them.
fn refine(classes: &mut [u8; 256], set: &ByteSet) -> usize {
    let mut known: Vec<(u8, bool)> = Vec::new();
    for byte in 0..=255u8 {
        let kind = (classes[usize::from(byte)], set.has(byte));
        let class = known.iter().position(|one| *one == kind).unwrap_or_else(|| {
            known.push(kind);
            known.len() - 1
        });
        classes[usize::from(byte)] = class as u8;
    }
    known.len()
}

/// The places that only bytes tell; the automaton knows more of them.
fn place(look: Look) -> Option<Place> {
    match look {
        Look::StartLF => Some(Place::LineStart),
        Look::EndLF => Some(Place::LineEnd),
        Look::WordAscii => Some(Place::WordEdge),
        Look::WordAsciiNegate => Some(Place::NoWordEdge),
        Look::WordEndHalfAscii => Some(Place::WordEndHalf),
        _ => None,
    }
}

/// What can come next.
struct Ahead {
    /// One of these bytes.
    bytes: ByteSet,
    /// The end of the text.
    end: bool,
    /// The end of the pattern, and so anything.
    matched: bool,
}
