//! The languages of the pages: their catalogues as compiled in, and which one a visitor gets. A language is added by a directory
//! beside `locales/en` and one line here.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The cookie that keeps a visitor's own choice.
pub const COOKIE_NAME: &str = "language";

/// The catalogue of a language: one file for each page.
macro_rules! catalogue {
    ($tag:literal) => {
        (
            $tag,
            &[
                include_str!(concat!("../locales/", $tag, "/frame.ftl")),
                include_str!(concat!("../locales/", $tag, "/sign-in.ftl")),
                include_str!(concat!("../locales/", $tag, "/overview.ftl")),
                include_str!(concat!("../locales/", $tag, "/elsewhere.ftl")),
                include_str!(concat!("../locales/", $tag, "/blocked.ftl")),
                include_str!(concat!("../locales/", $tag, "/brute-force.ftl")),
                include_str!(concat!("../locales/", $tag, "/firewall.ftl")),
                include_str!(concat!("../locales/", $tag, "/jails.ftl")),
                include_str!(concat!("../locales/", $tag, "/keys.ftl")),
                include_str!(concat!("../locales/", $tag, "/journal.ftl")),
            ],
        )
    };
}

/// Every language's files; the first language stands in for those that are not here.
pub(crate) const SOURCES: &[(&str, &[&str])] = &[catalogue!("en"), catalogue!("ru")];

/// A language with its sentences.
pub struct Language {
    /// Its tag: `en`.
    pub tag: &'static str,
    pub(crate) bundle: FluentBundle<FluentResource>,
}

static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| SOURCES.iter().map(|(tag, files)| load(tag, files)).collect());

impl Language {
    /// All, the first being the one that stands in for others.
    pub fn all() -> &'static [Self] {
        &LANGUAGES
    }

    /// Its name in itself.
    pub fn name(&self) -> String {
        let name = self.bundle.get_message("language-name").and_then(|message| message.value());
        name.map_or_else(
            || self.tag.to_owned(),
            |name| self.bundle.format_pattern(name, None, &mut Vec::new()).into_owned(),
        )
    }

    /// The language with this tag.
    pub fn of_tag(tag: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|language| language.tag == tag)
    }

    /// The language for a request: the visitor's own choice, else the first of the browser's list that we have.
    pub fn of_request(headers: &HeaderMap) -> &'static Self {
        let chosen = cookie(headers, COOKIE_NAME).and_then(Self::of_tag);
        let accepted = || headers.get(ACCEPT_LANGUAGE)?.to_str().ok().and_then(preferred);
        chosen.or_else(accepted).unwrap_or(&LANGUAGES[0])
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The best language of an `Accept-Language`: by weight, then by place. Regions are not told apart.
fn preferred(accept: &str) -> Option<&'static Language> {
    let mut wishes: Vec<(f32, &'static Language)> = Vec::new();
    for wish in accept.split(',') {
        let (range, parameters) = wish.split_once(';').unwrap_or((wish, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let primary = range.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        if let Some(language) = Language::of_tag(&primary)
            && weight > 0.0
        {
            wishes.push((weight, language));
        }
    }
    // The sort is stable, so that of two equal wishes the first one wins.
    wishes.sort_by(|a, b| b.0.total_cmp(&a.0));
    wishes.first().map(|(_, language)| *language)
}

fn load(tag: &'static str, files: &[&str]) -> Language {
    let id: LanguageIdentifier = tag.parse().expect("the tags of SOURCES are tags");
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Isolation marks are for mixed directions of writing; both scripts here run one way, and marks spoil copied addresses.
    bundle.set_use_isolating(false);
    for file in files {
        // A catalogue with a mistake still gives all its other sentences; a test finds the mistake.
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(resource, _)| resource);
        let _ = bundle.add_resource(resource);
    }
    let group = bundle.get_message("number-group").and_then(|message| message.value());
    let group = group.map(|pattern| bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned());
    bundle.set_formatter(Some(match group.as_deref() {
        Some(",") => |value, _| grouped(value, ','),
        Some(".") => |value, _| grouped(value, '.'),
        _ => |value, _| grouped(value, '\u{a0}'),
    }));
    Language { tag, bundle }
}

/// A whole number with its thousands apart; anything else is left to fluent.
fn grouped(value: &FluentValue<'_>, separator: char) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    if number.value.fract() != 0.0 {
        return None;
    }
    Some(group_digits(&format!("{:.0}", number.value), separator))
}

fn group_digits(digits: &str, separator: char) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut shown = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        // Four digits read well as they are where the separator is a space; with a comma they are grouped by habit.
        if at > 0 && left.is_multiple_of(3) && (digits.len() > 4 || separator == ',') {
            shown.push(separator);
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> &'static str {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Language::of_request(&map).tag
    }

    #[test]
    fn the_browser_chooses_and_the_cookie_overrules_it() {
        assert_eq!(of(&[]), "en");
        assert_eq!(of(&[("accept-language", "ru-RU,ru;q=0.9,en;q=0.8")]), "ru");
        assert_eq!(of(&[("accept-language", "ru;q=0.2, en;q=0.8")]), "en");
        assert_eq!(of(&[("accept-language", "de, fr;q=0.5")]), "en");
        assert_eq!(of(&[("accept-language", "ru;q=0")]), "en");
        assert_eq!(of(&[("accept-language", "en"), ("cookie", "a=b; language=ru")]), "ru");
        assert_eq!(of(&[("accept-language", "ru"), ("cookie", "language=../etc")]), "ru");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(group_digits("1204", ','), "1,204");
        assert_eq!(group_digits("1204", '\u{a0}'), "1204");
        assert_eq!(group_digits("418220", '\u{a0}'), "418\u{a0}220");
        assert_eq!(group_digits("-1000000", ','), "-1,000,000");
        assert_eq!(group_digits("100", ','), "100");
    }
}
