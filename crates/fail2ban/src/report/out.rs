//! What `--out` prints of a failure, in the place of a report: one group, a row of all that is known, or a template of the tags of actions. It
//! refuses tags that are a jail's or a ban's, since there is neither, and looks no name up.

use std::net::IpAddr;
use std::sync::Arc;

use crate::judge::{self, Failure, Who};
use crate::pattern::tags;
use crate::repr;
use crate::value::Value;

/// When a failure was, as fail2ban's numbers tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// `None`, or a number.
    pub row: Option<f64>,
    /// The number in a template: for a failure without a date, now.
    pub tag: f64,
    /// Whether it is a whole number to fail2ban.
    pub whole: bool,
}

/// What actions know of a ban and of its jail. fail2ban ends with an error of Python's where a template asks for one of them.
const OF_A_BAN: [&str; 9] = [
    "<bantime>",
    "<ipmatches>",
    "<ipjailmatches>",
    "<ipfailures>",
    "<ipjailfailures>",
    "<jail.banned>",
    "<jail.banned_total>",
    "<jail.found>",
    "<jail.found_total>",
];

/// Why nothing can be printed so.
pub fn refused(wanted: &str) -> Option<String> {
    let tag = OF_A_BAN.into_iter().find(|tag| wanted.contains(tag))?;
    Some(format!("--out: {tag} belongs to a ban, and nobody is banned here; leave it out\n"))
}

/// The text for one failure, with its newline.
pub fn print(failure: &Failure, wanted: &str, time: Time) -> String {
    let text = match wanted {
        "id" | "fid" => failure.who.to_string(),
        "ip" => address(failure).to_string(),
        "msg" => failure.lines.join("\n"),
        "row" => row(failure, time),
        template if template.contains('<') => return filled(failure, template, time),
        group => repr::str(&known(failure, group).unwrap_or(Value::None)),
    };
    text + "\n"
}

fn address(failure: &Failure) -> &Who {
    failure.address.as_ref().unwrap_or(&failure.who)
}

/// Whom it is about, when, and all that the groups took.
fn row(failure: &Failure, time: Time) -> String {
    let further = failure.groups.iter().map(|(name, _)| name);
    let further = further.filter(|name| !failure.order.contains(name));
    let names: Vec<&Arc<str>> = failure.order.iter().chain(further).collect();
    let mut pairs: Vec<(Value, Value)> = names
        .into_iter()
        .map(|name| (Value::text(&**name), known(failure, name).unwrap_or(Value::None)))
        .collect();
    if let Some(address) = &failure.address {
        pairs.push((Value::text("ip"), value_of(address)));
    }
    let at = time.row.map_or(Value::None, |at| number(at, time.whole));
    format!(
        "[{},\t{},\t{}],",
        repr::repr(&value_of(&failure.who)),
        repr::repr(&at),
        repr::repr(&Value::Dict(pairs))
    )
}

/// Seconds, as Python has them.
fn number(seconds: f64, whole: bool) -> Value {
    // A date lies far within the numbers that both can hold.
    if whole { Value::Int(seconds as i64) } else { Value::Float(seconds) }
}

fn value_of(who: &Who) -> Value {
    match who {
        Who::Identity(taken) => value(taken),
        other => Value::Text(other.to_string()),
    }
}

fn value(taken: &judge::Value) -> Value {
    match taken {
        judge::Value::Text(text) => Value::text(&**text),
        judge::Value::Tuple(parts) => {
            Value::Tuple(parts.iter().map(|part| part.as_ref().map_or(Value::None, Value::text)).collect())
        }
    }
}

/// What is known by a name: a group that took part, the accounts of a connection.
fn known(failure: &Failure, name: &str) -> Option<Value> {
    match name {
        "users" if !failure.users.is_empty() => {
            Some(Value::Set(failure.users.iter().map(|user| Value::text(&**user)).collect()))
        }
        _ => failure.groups.get(name)?.as_ref().map(value),
    }
}

/// A template with its tags filled. Where `<msg>` is in it and there are several lines, it is printed for each of them.
fn filled(failure: &Failure, template: &str, time: Time) -> String {
    let lines = failure.lines.join("\n");
    let each = template.contains("<msg>") && failure.lines.len() > 1;
    let message = |line: &str| {
        fill(template, |tag| if tag == "msg" { Some(line.to_owned()) } else { told(failure, tag, time) })
    };
    if each {
        return failure.lines.iter().map(|line| message(line) + "\n").collect();
    }
    message(&lines) + "\n"
}

/// What a tag comes to. None: it is left as it is written.
fn told(failure: &Failure, tag: &str, time: Time) -> Option<String> {
    let who = address(failure);
    Some(match tag {
        "ip" => who.to_string(),
        "fid" => failure.who.to_string(),
        "family" => family(who).to_owned(),
        "ip-rev" => reversed(who),
        // No name is looked up.
        "ip-host" => "None".to_owned(),
        "failures" | "bancount" | "restored" | "F-FAILURES" => "0".to_owned(),
        "time" => repr::repr(&number(time.tag, time.whole)),
        "matches" => failure.lines.join("\n"),
        "br" => "\n".to_owned(),
        "sp" => " ".to_owned(),
        _ => {
            let group = tag.strip_prefix("F-")?;
            let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
            if matches!(group, "" | "MATCHES") || !group.chars().all(plain) {
                return None;
            }
            match (group, &failure.address) {
                ("IP", Some(address)) => address.to_string(),
                _ => known(failure, &tags::group(group)).map(|value| repr::str(&value)).unwrap_or_default(),
            }
        }
    })
}

fn family(who: &Who) -> &'static str {
    match who {
        Who::Address(IpAddr::V4(_)) | Who::Subnet(IpAddr::V4(_), _) => "inet4",
        Who::Address(IpAddr::V6(_)) | Who::Subnet(IpAddr::V6(_), _) => "inet6",
        Who::Name(_) | Who::Identity(_) => "None",
    }
}

/// As a name of the domain for reverse look-ups begins.
fn reversed(who: &Who) -> String {
    let parts: Vec<String> = match who {
        Who::Address(IpAddr::V6(address)) | Who::Subnet(IpAddr::V6(address), _) => {
            format!("{:032x}", address.to_bits()).chars().map(String::from).collect()
        }
        Who::Address(_) | Who::Subnet(..) => who.to_string().split('.').map(str::to_owned).collect(),
        Who::Name(_) | Who::Identity(_) => return String::new(),
    };
    let mut reversed: Vec<&str> = parts.iter().map(String::as_str).collect();
    reversed.reverse();
    reversed.join(".") + "."
}

/// The text with every `<name>` replaced that `told` knows; what is put in is not looked at again.
fn fill(template: &str, told: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = rest[1..].find(['<', '>', ' ']).unwrap_or(rest.len() - 1);
        let behind = length + 1;
        let tag = rest[behind..].starts_with('>').then(|| &rest[1..behind]).filter(|tag| !tag.is_empty());
        match tag.and_then(&told) {
            Some(text) => {
                out.push_str(&text);
                rest = &rest[behind + 1..];
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}
