//! Which template a log uses, learned from its lines: the last one that matched is tried first and in its place, and those that match
//! often and far left move ahead. It refuses to know what a date means.

use std::sync::Arc;

use event::{Moment, limit};

use super::DateError;
use super::default::{PATTERNS, TEMPLATES};
use super::template::{Seen, Template, braced};
use crate::pattern::linear::Workspace;

/// The templates of one log in their present order, and what was learned of them.
#[derive(Clone, Debug)]
pub struct Detector {
    slots: Vec<Slot>,
    last: Option<Last>,
    /// The first of the templates that never won.
    unused: usize,
    workspace: Workspace,
}

#[derive(Clone, Debug)]
struct Slot {
    template: Arc<Template>,
    /// Lines that it was chosen for.
    won: u64,
    /// Lines that it matched, chosen or not.
    matched: u64,
    used: Moment,
    /// Where in the line it was found last.
    distance: usize,
}

/// The last match: where it stood, and what stood at its edges.
#[derive(Clone, Copy, Debug)]
struct Last {
    slot: usize,
    start: usize,
    end: usize,
    start_edge: [Option<char>; 2],
    end_edge: [Option<char>; 2],
}

/// After so long, a template that is used now may take the place of one that was not.
const UNUSED_MILLIS: i64 = 300_000;
const FAR: usize = 0x7fff_ffff;

impl Detector {
    /// For these patterns; for none of them, the default templates.
    pub fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<Self, DateError> {
        let mut made = Self { slots: Vec::new(), last: None, unused: 0, workspace: Workspace::default() };
        for pattern in patterns.take(limit::FAIL2BAN_ENTRIES) {
            made.add_pattern(pattern)?;
        }
        if made.slots.is_empty() {
            made.slots = TEMPLATES.iter().cloned().map(Slot::new).collect();
        }
        Ok(made)
    }

    fn add_pattern(&mut self, pattern: &str) -> Result<(), DateError> {
        let key = if pattern.contains('%') { pattern.to_owned() } else { pattern.to_uppercase() };
        let first = self.slots.is_empty();
        match key.as_str() {
            // Alone it leaves nothing but the default templates; beside others it adds none, as with fail2ban.
            "{DEFAULT}" => Ok(()),
            "{^LN-BEG}" => {
                let bound = TEMPLATES.iter().filter(|template| template.anchored.begin);
                bound.cloned().try_for_each(|template| self.add(template, !first))
            }
            "{NONE}" => self.add(Arc::new(Template::none()?), false),
            _ if key.contains("{DATE}") => {
                PATTERNS.iter().try_for_each(|default| self.add(Arc::new(within(pattern, default)?), !first))
            }
            _ => {
                let made = match default_of(pattern, &key) {
                    Some(template) => template,
                    None => Arc::new(Template::new(pattern)?),
                };
                self.add(made, false)
            }
        }
    }

    fn add(&mut self, template: Arc<Template>, twice_is_well: bool) -> Result<(), DateError> {
        if !self.slots.iter().any(|slot| slot.template.name == template.name) {
            self.slots.push(Slot::new(template));
        } else if !twice_is_well {
            return Err(DateError::Twice { pattern: template.name.clone() });
        }
        Ok(())
    }

    /// How often each template was chosen, and its name.
    pub fn hits(&self) -> impl Iterator<Item = (u64, &str)> {
        self.slots.iter().map(|slot| (slot.won, slot.template.name.as_str()))
    }

    /// A template, by its present place.
    pub fn template(&self, slot: usize) -> &Arc<Template> {
        &self.slots[slot].template
    }

    /// The template that fitted last.
    pub fn last(&self) -> Option<&Arc<Template>> {
        self.last.map(|last| self.template(last.slot))
    }

    /// The place of the template that fits this line, and where it does.
    pub fn find(&mut self, line: &str, now: Moment) -> Option<(usize, Seen)> {
        let (slot, seen) = match self.again(line) {
            Again::Same(slot, seen) => (slot, seen),
            Again::Elsewhere(skip, slot, seen) => self.search(line, skip, Some((slot, seen)))?,
            Again::Skip(slot) => self.search(line, Some(slot), None)?,
            Again::No => self.search(line, None, None)?,
        };
        Some((self.learn(line, slot, &seen, now), seen))
    }

    /// Tries the template that matched last, where it matched last.
    fn again(&mut self, line: &str) -> Again {
        let Some(last) = self.last else { return Again::No };
        let slot = last.slot;
        let anchored = self.slots[slot].template.anchored;
        let anchored = anchored.begin || anchored.end;
        let in_place = !anchored && last.fits(line);
        let part = if in_place { last.start..last.end.min(line.len()) } else { 0..line.len() };
        let seen = if part.start <= part.end {
            self.slots[slot].find(line, part, &mut self.workspace)
        } else {
            None
        };
        let Some(seen) = seen else { return if in_place { Again::No } else { Again::Skip(slot) } };
        let moved = seen.whole.start != last.start || seen.whole.end != last.end;
        if self.slots.len() == 1 || anchored || !moved {
            return Again::Same(slot, seen);
        }
        Again::Elsewhere((!in_place).then_some(slot), slot, seen)
    }

    /// Tries the templates in order. A match further right than before may be a date in the message, so others are looked at too.
    fn search(
        &mut self,
        line: &str,
        skip: Option<usize>,
        mut best: Option<(usize, Seen)>,
    ) -> Option<(usize, Seen)> {
        let last_start = self.last.as_ref().map_or(1, |last| last.start);
        for index in 0..self.slots.len() {
            if Some(index) == skip {
                continue;
            }
            let Some(seen) = self.slots[index].find(line, 0..line.len(), &mut self.workspace) else {
                continue;
            };
            let slot = &self.slots[index];
            let anchored = slot.template.anchored;
            let Some(next) = self.slots.get(index + 1) else { return Some((index, seen)) };
            let start = seen.whole.start;
            let settled = anchored.begin || anchored.end || start == 0 && slot.won > 0 && next.matched == 0;
            if settled || start <= slot.distance && start <= last_start {
                return Some((index, seen));
            }
            if best.as_ref().is_none_or(|(_, held)| start < held.whole.start) {
                best = Some((index, seen));
            }
        }
        best
    }

    /// Notes what a match says of its template, and gives the place of the template from now on.
    fn learn(&mut self, line: &str, index: usize, seen: &Seen, now: Moment) -> usize {
        let (start, end) = (seen.whole.start, seen.whole.end);
        let slot = &mut self.slots[index];
        slot.won += 1;
        slot.used = now;
        slot.distance = start;
        if self.unused == index {
            self.unused += 1;
        }
        let same = self.last.as_ref().is_some_and(|last| last.slot == index);
        let index = if index > 0 && !same { self.bubble_up(index) } else { index };
        let anchored = self.slots[index].template.anchored;
        let edge = |at: usize| match anchored.begin || anchored.end {
            // They are never asked for then.
            true => [None; 2],
            false => [line[..at].chars().next_back(), line[at..].chars().next()],
        };
        self.last = Some(Last { slot: index, start, end, start_edge: edge(start), end_edge: edge(end) });
        index
    }

    /// Moves a template ahead if it outweighs the one in the place it aims for, or the one just before it.
    fn bubble_up(&mut self, index: usize) -> usize {
        let mut aim = if self.unused < index { self.unused } else { index / 2 };
        if !self.outweighs(index, aim) {
            if aim + 1 == index || !self.outweighs(index, index - 1) {
                return index;
            }
            aim = index - 1;
        }
        let slot = self.slots.remove(index);
        self.slots.insert(aim, slot);
        while self.slots.get(self.unused).is_some_and(|slot| slot.won > 0) {
            self.unused += 1;
        }
        aim
    }

    fn outweighs(&self, index: usize, other: usize) -> bool {
        let (slot, other) = (&self.slots[index], &self.slots[other]);
        slot.weight() > other.weight()
            || slot.used.millis().saturating_sub(UNUSED_MILLIS) > other.used.millis()
    }
}

enum Again {
    /// It is where it was.
    Same(usize, Seen),
    /// It matches, but elsewhere: others may fit better. The first is one that need not be tried again.
    Elsewhere(Option<usize>, usize, Seen),
    /// It matches nowhere in the line, and need not be tried again.
    Skip(usize),
    /// It does not match in its old place, or there is none.
    No,
}

impl Slot {
    fn new(template: Arc<Template>) -> Self {
        Self { template, won: 0, matched: 0, used: Moment::default(), distance: FAR }
    }

    fn find(&mut self, line: &str, part: std::ops::Range<usize>, workspace: &mut Workspace) -> Option<Seen> {
        let seen = self.template.find(line, part, workspace)?;
        self.matched += 1;
        Some(seen)
    }

    fn weight(&self) -> f64 {
        self.won as f64 * self.template.weight / self.distance.max(1) as f64
    }
}

impl Last {
    /// Whether the line has the same edges where the last date was: outside the very same, or inside the same that is no letter or digit.
    fn fits(&self, line: &str) -> bool {
        let edges = [(self.start, self.start_edge, 0), (self.end, self.end_edge, 1)];
        edges.into_iter().all(|(at, [before, behind], outer)| {
            let at = at.min(line.len());
            if !line.is_char_boundary(at) {
                return false;
            }
            let here = [line[..at].chars().next_back(), line[at..].chars().next()];
            let there = [before, behind];
            let inner = 1 - outer;
            here[outer] == there[outer]
                || here[inner] == there[inner] && !there[inner].is_some_and(char::is_alphanumeric)
        })
    }
}

/// The default template that is written just so: fail2ban keeps one of each, with the weight that it has among the defaults.
fn default_of(pattern: &str, key: &str) -> Option<Arc<Template>> {
    let same = |template: &&Arc<Template>| match &template.pattern {
        Some(written) => written == pattern,
        None => template.name.to_uppercase() == key,
    };
    TEMPLATES.iter().filter(|template| template.weight > 1.0).find(same).cloned()
}

/// A default template in the place of `{DATE}`.
fn within(pattern: &str, default: &str) -> Result<Template, DateError> {
    let bare = default.strip_prefix("{UNB}").unwrap_or(default);
    let bare = bare.strip_prefix("{^LN-BEG}").unwrap_or(bare);
    // fail2ban puts the template's name there, which then is a text like any other.
    let bare = if bare == "EPOCH" { "Epoch" } else { bare };
    let mut made = String::new();
    let mut rest = pattern;
    while let Some(part) = braced(rest, &["{DATE}"]) {
        made.push_str(&rest[..part.start]);
        made.push_str(bare);
        rest = &rest[part.end..];
    }
    made.push_str(rest);
    Template::new(&made)
}
