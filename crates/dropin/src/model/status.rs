//! `status` and `statistics`: what the jails have counted.

use fail2ban::Value;

use super::Model;
use super::jail::JailModel;
use super::words::Words;
use crate::edition::Edition;
use crate::host::Host;
use crate::wrong::Wrong;

impl Model {
    pub(super) fn status(&self, words: Words<'_>, host: &dyn Host) -> Result<Value, Wrong> {
        let flavor = match words.len() {
            0 => return Ok(Value::List(self.overview())),
            1 => "basic",
            2 => words.at(1)?.as_text().unwrap_or_default(),
            _ => return Err(Wrong::exception("Invalid command (no status)")),
        };
        match words.text(0)? {
            "--all" if self.edition >= Edition::V1_1_0 => Ok(self.status_of_all(flavor, host)),
            name => Ok(jail_status(self.jail(name)?, flavor, host)),
        }
    }

    /// `statistics`, since 1.1
    pub(super) fn statistics(&self, host: &dyn Host) -> Value {
        self.status_of_all("stats", host)
    }

    fn sorted(&self) -> Vec<&JailModel> {
        let mut jails: Vec<&JailModel> = self.jails.iter().collect();
        jails.sort_by(|one, two| one.name.cmp(&two.name));
        jails
    }

    fn overview(&self) -> Vec<Value> {
        let names: Vec<&str> = self.sorted().iter().map(|jail| jail.name.as_str()).collect();
        vec![
            pair("Number of jail", number(names.len() as u64)),
            pair("Jail list", Value::text(names.join(", "))),
        ]
    }

    fn status_of_all(&self, flavor: &str, host: &dyn Host) -> Value {
        let jails = self.sorted();
        let each = |jail: &&JailModel| (Value::text(&jail.name), jail_status(jail, flavor, host));
        let dict = Value::Dict(jails.iter().map(each).collect());
        if flavor == "stats" {
            return dict;
        }
        let mut answer = self.overview();
        answer.push(dict);
        Value::List(answer)
    }
}

fn jail_status(jail: &JailModel, flavor: &str, host: &dyn Host) -> Value {
    let counts = host.counts(&jail.name);
    let bans = host.bans(&jail.name);
    let banned = number(bans.len() as u64);
    if flavor == "stats" {
        let pair = |one, two| Value::Tuple(vec![one, two]);
        return Value::List(vec![
            Value::text(backend(jail)),
            pair(number(counts.failed), number(counts.failed_total)),
            pair(banned, number(counts.banned_total)),
        ]);
    }
    let source = if jail.reads_journal() {
        let matches: Vec<String> = jail.journal_matches.iter().map(|words| words.join(" ")).collect();
        pair("Journal matches", Value::texts([matches.join(" + ")]))
    } else {
        pair("File list", Value::texts(jail.files(host)))
    };
    let filter = vec![
        pair("Currently failed", number(counts.failed)),
        pair("Total failed", number(counts.failed_total)),
        source,
    ];
    let mut actions =
        vec![pair("Currently banned", banned), pair("Total banned", number(counts.banned_total))];
    if flavor != "short" {
        actions.push(pair("Banned IP list", Value::texts(bans.iter().map(|ban| &ban.id))));
    }
    if flavor == "cymru" {
        // No name is ever resolved. fail2ban answers so where its module for that is missing.
        for list in ["Banned ASN list", "Banned Country list", "Banned RIR list"] {
            actions.push(pair(list, Value::texts(["error"])));
        }
    }
    Value::List(vec![pair("Filter", Value::List(filter)), pair("Actions", Value::List(actions))])
}

fn backend(jail: &JailModel) -> &'static str {
    if jail.reads_journal() { "systemd" } else { "polling" }
}

fn number(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn pair(name: &str, value: Value) -> Value {
    Value::Tuple(vec![Value::text(name), value])
}
