//! For how long somebody is blocked: whole seconds, or `"forever"`.

use std::time::Duration;

use config::FOREVER;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The longest ban that is not for ever, in seconds: a hundred years.
pub(crate) const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "is neither whole seconds nor \"forever\"")]
pub(crate) enum BanTime {
    /// So many seconds.
    Seconds(u64),
    /// Without end.
    Word(Forever),
}

/// The one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Forever {
    /// Without end.
    Forever,
}

impl BanTime {
    /// As settings have it.
    pub(crate) fn of(span: Duration) -> Self {
        if span == FOREVER { Self::Word(Forever::Forever) } else { Self::Seconds(span.as_secs()) }
    }

    /// As settings have it; `None` if it is out of range.
    pub(crate) fn span(self) -> Option<Duration> {
        match self {
            Self::Seconds(seconds) => (1..=LONGEST).contains(&seconds).then(|| Duration::from_secs(seconds)),
            Self::Word(Forever::Forever) => Some(FOREVER),
        }
    }

    /// What was expected where it is out of range.
    pub(crate) fn expected() -> String {
        format!("1 to {LONGEST} seconds, or \"forever\"")
    }
}

impl PartialSchema for BanTime {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(LONGEST))
            .description(Some("Whole seconds."));
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["forever"]));
        AnyOfBuilder::new()
            .item(seconds)
            .item(word)
            .description(Some("For how long somebody is blocked: whole seconds, or `\"forever\"`."))
            .examples([serde_json::json!(86400)])
            .into()
    }
}

impl ToSchema for BanTime {}
