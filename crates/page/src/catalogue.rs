//! What holds for every language's catalogue: the same sentences with the same values in all, none that nobody says, none that is
//! said and missing, no mistake in the writing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::language::SOURCES;

/// By id, the values that its sentence holds.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

fn catalogue(files: &[&str]) -> Catalogue {
    let mut sentences = Catalogue::new();
    for file in files {
        let parsed =
            fluent_syntax::parser::parse(*file).unwrap_or_else(|(_, wrong)| panic!("{wrong:?} in:\n{file}"));
        for entry in parsed.body {
            if let Entry::Message(message) = entry {
                let mut values = BTreeSet::new();
                collect(message.value.as_ref().expect("a sentence has words"), &mut values);
                let earlier = sentences.insert(message.id.name.to_owned(), values);
                assert!(earlier.is_none(), "{} stands there twice", message.id.name);
            }
        }
    }
    sentences
}

fn collect(pattern: &Pattern<&str>, values: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => collect_inline(inline, values),
            Expression::Select { selector, variants } => {
                collect_inline(selector, values);
                for variant in variants {
                    collect(&variant.value, values);
                }
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, values: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => _ = values.insert(id.name.to_owned()),
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inline) = &**expression {
                collect_inline(inline, values);
            }
        }
        _ => {}
    }
}

/// Our own sources and templates, without this file.
fn sources() -> String {
    let mut text = String::new();
    for folder in ["src", "templates"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    text
}

fn read(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, text);
        } else if !path.ends_with("catalogue.rs") {
            let file = fs::read_to_string(&path).unwrap();
            // What a test or a comment says is not on any page.
            let lines = file.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().lines();
            for line in lines.filter(|line| !line.trim_start().starts_with("//")) {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}

/// Texts behind each `mark` up to the next quote.
fn behind<'a>(text: &'a str, mark: &str) -> BTreeSet<&'a str> {
    text.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_language_has_the_same_sentences_with_the_same_values() {
    let (first, files) = SOURCES[0];
    let model = catalogue(files);
    for (tag, files) in &SOURCES[1..] {
        let other = catalogue(files);
        for (id, values) in &model {
            let told = other.get(id).unwrap_or_else(|| panic!("{id} is in {first} and not in {tag}"));
            assert_eq!(told, values, "{id} in {tag}");
        }
        for id in other.keys() {
            assert!(model.contains_key(id), "{id} is in {tag} and not in {first}");
        }
    }
}

#[test]
fn every_sentence_is_said_and_every_one_that_is_said_is_there() {
    let (text, model) = (sources(), catalogue(SOURCES[0].1));
    for mark in [".say(\"", ".say_with(\"", ".find(\""] {
        for id in behind(&text, mark) {
            assert!(model.contains_key(id), "{id} is said and in no catalogue");
        }
    }
    // Ids that end in what comes from elsewhere: `format!("notice-{code}")`.
    let open: Vec<&str> = behind(&text, "format!(\"")
        .into_iter()
        .filter_map(|id| id.split_once('{'))
        .map(|(id, _)| id)
        .collect();
    let open: Vec<&str> = open.into_iter().filter(|id| id.len() > 3 && id.ends_with('-')).collect();
    for id in model.keys() {
        let is_said = text.contains(&format!("\"{id}\"")) || open.iter().any(|prefix| id.starts_with(prefix));
        assert!(is_said, "{id} is said nowhere");
    }
}
