//! Prints the filters: all by a line each, or one with its patterns and samples.

use filter::{Catalog, Filter, samples};
use serde_json::json;

use crate::Exit;
use crate::table::{harmless, table};
use crate::{out, say};

/// All filters, or the one of that name.
pub fn print(catalog: &Catalog, name: Option<&str>, json: bool) -> Exit {
    match name {
        None => all(catalog, json),
        Some(name) => match catalog.filter(name) {
            Ok(filter) => {
                one(&filter, json);
                Exit::Done
            }
            Err(wrong) => {
                eprintln!("stockade: {wrong}");
                Exit::No
            }
        },
    }
}

fn all(catalog: &Catalog, json: bool) -> Exit {
    let mut exit = Exit::Done;
    let filters: Vec<_> = catalog
        .names()
        .filter_map(|name| match catalog.filter(name) {
            Ok(filter) => Some(filter),
            Err(wrong) => {
                eprintln!("stockade: {wrong}");
                exit = Exit::Config;
                None
            }
        })
        .collect();
    if json {
        out::json(&filters.iter().map(|filter| summary(filter)).collect::<Vec<_>>());
    } else {
        let rows = filters.iter().map(|filter| {
            vec![
                filter.name.clone(),
                filter.service.clone(),
                filter.rules().len().to_string(),
                filter.title.clone(),
            ]
        });
        out::text(&table(&["FILTER", "SERVICE", "PATTERNS", "WHAT IT WATCHES"], &rows.collect::<Vec<_>>()));
    }
    exit
}

fn summary(filter: &Filter) -> serde_json::Value {
    json!({
        "filter": filter.name,
        "title": filter.title,
        "service": filter.service,
        "ports": filter.ports.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "logs": filter.logs,
        "journal": filter.journal,
        "patterns": filter.rules().iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(),
    })
}

fn one(filter: &Filter, json: bool) {
    if json {
        return out::json(&summary(filter));
    }
    say!("{}: {}", filter.name, filter.title);
    say!("service   {}", filter.service);
    say!("ports     {}", filter.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    say!("logs      {}", filter.logs.join(" "));
    say!("journal   {}", filter.journal.join(" "));
    say!("patterns");
    for rule in filter.rules() {
        say!("  {:?} {}", rule.kind, rule.name);
    }
    let shipped = Catalog::all_shipped().iter().find(|shipped| shipped.name == filter.name);
    let Some(samples) = shipped.and_then(|shipped| samples::parse(shipped.samples).ok()) else { return };
    say!("lines that it matches");
    for sample in samples.samples.iter().filter(|sample| sample.wanted.verdict == "failure") {
        say!("  {}", harmless(sample.line));
    }
}
