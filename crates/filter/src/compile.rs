//! Regular expression -> program. What the program cannot do exactly is refused here (`None`), never approximated: the
//! automaton then runs the pattern alone.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use crate::byteset::ByteSet;
use crate::program::{After, Place, Program, SLOTS_MAX, Step};

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
    let mut compiler =
        Compiler { steps: Vec::new(), sets: Vec::new(), slots: 2 * usize::from(whole), slots_max };
    compiler.emit(hir)?;
    compiler.push(Step::Match)?;
    compiler.look_ahead();
    let anchored = hir.properties().look_set_prefix().contains(Look::Start);
    let first = compiler.first_set(0);
    let Compiler { steps, sets, slots, .. } = compiler;
    Some(Program { steps, sets, slots, anchored, first, whole })
}

struct Compiler {
    steps: Vec<Step>,
    sets: Vec<ByteSet>,
    slots: usize,
    slots_max: usize,
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
        let index = self.steps.len();
        self.push(Step::Split { other: 0, first_next: None, first_other: None, prefer_next })?;
        Some(index)
    }

    fn land(&mut self, split: usize) {
        let here = self.steps.len() as u32;
        if let Step::Split { other, .. } = &mut self.steps[split] {
            *other = here;
        }
    }

    /// Tells runs and splits what may follow them, so that ways that cannot match are not even begun.
    fn look_ahead(&mut self) {
        for index in 0..self.steps.len() {
            match self.steps[index].clone() {
                Step::Run { set, min, max, greedy, .. } => {
                    let after = self.after(index + 1, usize::from(set));
                    self.steps[index] = Step::Run { set, min, max, greedy, after };
                }
                Step::Split { other, prefer_next, .. } => {
                    let first_next = self.first_set(index + 1);
                    let first_other = self.first_set(other as usize);
                    self.steps[index] = Step::Split { other, first_next, first_other, prefer_next };
                }
                _ => {}
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
                Step::Split { other, .. } => open.extend([step + 1, *other as usize]),
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
