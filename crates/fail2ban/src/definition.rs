//! What filters and actions have in common: a file with `[Definition]` and `[Init]`, options given by the jail, and tags put in. It
//! refuses to know what any option means.

use std::collections::HashSet;

use crate::complaint::Complaint;
use crate::conf::{Conf, conditional};
use crate::ini::Value;
use crate::interpolate::Given;
use crate::ordered::Ordered;
use crate::substitution::substitute;

const DEFINITION: &str = "Definition";
const INIT: &str = "Init";

/// A filter or an action on its way to its final options.
pub struct Definition<'a> {
    conf: &'a Conf,
    /// Options as the jail spells them behind the name, and below them those of `[Init]`.
    init: Given,
    /// What counts before the file: the jail's options and the spelled ones.
    given: Given,
    options: Ordered<Value>,
    /// What could not be read and was left out.
    pub complaints: Vec<Complaint>,
}

/// Which options are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those that are named.
    Named,
    /// Every option of `[Definition]`.
    All,
}

impl<'a> Definition<'a> {
    /// Reads the options of `names`. One that `jail` or `spelled` gives is theirs and not read.
    pub fn new(conf: &'a Conf, jail: &Given, spelled: &Given, names: &[&str], reach: Reach) -> Self {
        let mut given = jail.clone();
        given.update(spelled);
        let mut definition =
            Self { conf, init: spelled.clone(), given, options: Ordered::default(), complaints: Vec::new() };
        for name in names {
            if !definition.given.has(name) {
                let value = conf.get(DEFINITION, name, &definition.given);
                definition.keep(name, value);
            }
        }
        definition.read_init();
        if reach == Reach::All {
            definition.read_rest();
        }
        definition
    }

    fn keep(&mut self, name: &str, value: Result<Option<Value>, Complaint>) {
        match value {
            Ok(Some(value)) => self.options.insert(name, value),
            Ok(None) => {}
            Err(complaint) => self.complaints.push(complaint),
        }
    }

    fn read_init(&mut self) {
        let Some(section) = self.conf.sections.get(INIT) else { return };
        for (name, _) in section.iter() {
            let known = format!("known/{name}");
            match self.conf.get(INIT, name, &Given::default()) {
                Ok(Some(value)) => {
                    if !self.init.has(name) {
                        self.init.insert(name, value.clone());
                    }
                    if !name.starts_with("known/") {
                        self.init.insert(&known, value);
                    }
                }
                Ok(None) => {}
                Err(complaint) => self.complaints.push(complaint),
            }
        }
    }

    fn read_rest(&mut self) {
        let Some(section) = self.conf.sections.get(DEFINITION) else { return };
        for (name, _) in section.iter() {
            if !self.options.has(name) {
                let value = self.conf.get(DEFINITION, name, &Given::default());
                self.keep(name, value);
            }
        }
    }

    /// The options and the spelled ones together, tags put in but for those of `ignored`.
    pub fn combined(&self, ignored: &[&str]) -> Result<Ordered<Value>, Complaint> {
        let mut all = self.options.clone();
        all.update(&self.init);
        let mut left: HashSet<String> = ignored.iter().map(|&name| name.to_owned()).collect();
        for (name, _) in all.iter() {
            let (name, condition) = conditional(name);
            if !condition.is_empty() {
                left.insert(name.to_owned());
            }
        }
        substitute(&all, &left, &mut |tag| {
            let value = self.conf.get_qualified(DEFINITION, tag, &self.given)?;
            Ok(value.map(|value| value.text))
        })
    }

    /// The options that the jail spelled and those of `[Init]`.
    pub fn init(&self) -> &Given {
        &self.init
    }
}
