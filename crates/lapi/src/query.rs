//! What a bouncer asks for. Parameters that are not known are passed over, as CrowdSec does: a newer bouncer may send some.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use event::Subject;

use crate::refusal::Refusal;

/// The parameters of a query, as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        pairs.map(|Query(pairs)| Self(pairs)).map_err(|cause| Refusal::unreadable(cause.body_text()))
    }
}

impl Parameters {
    /// The first of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is exactly `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The entries of lists of that name, separated by commas.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let mut named = self.0.iter().filter(|(known, _)| known == name).peekable();
        named.peek()?;
        let entries = named.flat_map(|(_, value)| value.split(',')).map(|entry| entry.trim().to_owned());
        Some(entries.collect())
    }

    /// An address or a subnet.
    pub fn subject(&self, name: &str) -> Result<Option<Subject>, Refusal> {
        let parsed = self.text(name).map(str::parse::<Subject>).transpose();
        parsed.map_err(|cause| Refusal::unreadable(format!("{name}: {cause}")))
    }
}

/// Which decisions a bouncer wants. Everything that says so is in here, so that two bouncers that want the same share a view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wanted {
    scopes: Option<Vec<String>>,
    origins: Option<Vec<String>>,
    containing: Option<Vec<String>>,
    not_containing: Option<Vec<String>>,
}

impl Wanted {
    /// As the query says.
    pub fn of(parameters: &Parameters) -> Self {
        let small = |name| {
            let list = parameters.list(name)?;
            Some(list.into_iter().map(|entry| entry.to_ascii_lowercase()).collect::<Vec<_>>())
        };
        Self {
            scopes: small("scopes").or_else(|| small("scope")),
            origins: parameters.list("origins"),
            containing: small("scenarios_containing"),
            not_containing: small("scenarios_not_containing"),
        }
    }

    /// Whether decisions of this origin are wanted.
    pub fn origin(&self, origin: &str) -> bool {
        self.origins.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == origin))
    }

    /// Whether decisions about such subjects are wanted.
    pub fn subject(&self, subject: &Subject) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|wanted| wanted.iter().any(|one| one.eq_ignore_ascii_case(scope(subject))))
    }

    /// Whether decisions for this scenario are wanted.
    pub fn scenario(&self, scenario: &str) -> bool {
        let scenario = scenario.to_ascii_lowercase();
        let in_it = |list: &Vec<String>| list.iter().any(|part| scenario.contains(part.as_str()));
        self.containing.as_ref().is_none_or(in_it) && !self.not_containing.as_ref().is_some_and(in_it)
    }
}

/// CrowdSec's word for what a decision is about: one address, or a subnet, which an IPv6 /64 is.
pub fn scope(subject: &Subject) -> &'static str {
    if *subject == Subject::exactly(subject.address()) { "Ip" } else { "Range" }
}
