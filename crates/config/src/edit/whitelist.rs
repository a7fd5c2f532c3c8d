//! The whitelist's change: entries that stay keep their place and their comment, new ones come behind them.

use std::collections::BTreeSet;

use event::Subject;
use toml_edit::Value;

use super::EditError;
use super::list::List;
use super::page::Page;
use super::wanted::{Assign, Wanted, listed, quoted, texts};

pub(super) fn edit(text: &str, wanted: &[Subject]) -> Result<String, EditError> {
    let section = ["whitelist"];
    let page = Page::read(text)?;
    let place = page.place(&section)?;
    let item = if place.exists() { place.table.get("addresses") } else { None };
    let shape = || EditError::Shape("whitelist.addresses".to_owned());
    let value = item.map(|item| item.as_value().ok_or_else(shape)).transpose()?;
    let written = value.map_or(Some(Vec::new()), texts).unwrap_or_default();
    let subjects: Vec<Option<Subject>> = written.iter().map(|text| text.parse().ok()).collect();
    let set: BTreeSet<Subject> = wanted.iter().copied().collect();
    let there: BTreeSet<Option<Subject>> = subjects.iter().copied().collect();
    if there == set.iter().copied().map(Some).collect() && value.is_none_or(|value| texts(value).is_some()) {
        return Ok(text.to_owned());
    }
    let stays = |subject: &Option<Subject>| subject.is_some_and(|subject| set.contains(&subject));
    let mut seen = BTreeSet::new();
    let new: Vec<String> = wanted
        .iter()
        .filter(|subject| !there.contains(&Some(**subject)) && seen.insert(**subject))
        .map(|subject| quoted(&subject.to_string()))
        .collect();
    let literal = match value {
        Some(Value::Array(array)) if array.span().is_some_and(|span| text[span].contains('\n')) => {
            let spans: Option<Vec<_>> = array.iter().map(Value::span).collect();
            let mut list =
                List::read(text, &array.span().ok_or_else(shape)?, &spans.ok_or_else(shape)?, page.line_end);
            list.retain(|at| subjects.get(at).is_some_and(stays));
            let new: Vec<_> = new.into_iter().map(|literal| list.new_piece(literal)).collect();
            list.pieces.extend(new);
            list.written()
        }
        _ => {
            let kept = written.iter().zip(&subjects).filter(|(_, subject)| stays(subject));
            listed(kept.map(|(text, _)| quoted(text)).chain(new), page.line_end)
        }
    };
    let splices =
        page.assign(&place, &section, &[Assign::new("addresses", Wanted::Literal(literal), false)])?;
    page.splice(splices, &section)
}
