//! Commands that begin or end an action as a whole, once for each family of addresses; where both come to the same command, once.

use super::{Action, Bare, Scene};
use crate::fault::Fault;

/// Which command stands executed for which family.
#[derive(Debug, Default)]
pub struct Executed(Vec<(String, String, String)>);

impl Executed {
    /// `command` was executed; none: not any more, nor the same command for another family.
    pub fn note(&mut self, tag: &str, family: &str, command: Option<&str>) {
        let at = self.0.iter().position(|(known, of, _)| known == tag && of == family);
        match (at, command.filter(|text| !text.is_empty())) {
            (Some(at), Some(text)) => self.0[at].2 = text.to_owned(),
            (None, Some(text)) => self.0.push((tag.to_owned(), family.to_owned(), text.to_owned())),
            (Some(at), None) => {
                let (_, _, text) = self.0.remove(at);
                self.0.retain(|(known, _, other)| known != tag || *other != text);
            }
            (None, None) => {}
        }
    }

    fn stands_for_another(&self, tag: &str, family: &str, command: &str) -> bool {
        self.0.iter().any(|(known, of, text)| known == tag && of != family && text == command)
    }
}

impl Action {
    /// Runs a command for each of `families`, and tells what came of each.
    pub(super) fn operate(
        &mut self,
        tag: &str,
        families: &[String],
        scene: &Scene<'_>,
        after: impl Fn(&mut Self, &str, bool),
    ) -> Result<(), Fault> {
        let mut wrong = None;
        for family in families {
            let command = match self.operation(tag, family) {
                Ok(command) => command,
                Err(fault) => {
                    self.health.failed(fault.to_string());
                    wrong = Some(fault);
                    continue;
                }
            };
            let mut done = true;
            if !command.is_empty() && !self.executed.stands_for_another(tag, family, &command) {
                let ran = self.run(&command, &Bare(scene, family));
                done = ran.is_ok();
                wrong = ran.err().or(wrong);
            }
            after(self, family, done);
            self.executed.note(tag, family, done.then_some(command.as_str()));
        }
        wrong.map_or(Ok(()), Err)
    }

    /// The command with its properties put in, and the family, where there is one.
    pub(super) fn operation(&mut self, tag: &str, family: &str) -> Result<String, Fault> {
        let command = self.properties.fill(tag, family)?;
        if family.is_empty() || !command.contains("<family>") {
            return Ok(command);
        }
        Ok(command.replace("<family>", family))
    }
}
