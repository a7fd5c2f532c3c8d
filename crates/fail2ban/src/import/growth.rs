//! How bans grow, as `[escalation]` says it: each so many times as long as the one before. Which formulas come to that is found by working them
//! out, not by reading them.

use std::time::Duration;

use crate::formula::{BanTime, Number, Options};
use crate::jail::Jail;

/// What `[escalation]` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Each ban is so many times as long as the one before; 1 is no growth.
    pub factor: f64,
    /// The longest.
    pub max: Option<Duration>,
}

/// Turns that are looked at: an address that was banned so often is not a usual one.
const TURNS: u32 = 6;

/// How a jail's bans grow; none if they have no end. The text is why that cannot be said.
pub fn growth(jail: &Jail) -> Result<Option<Growth>, &'static str> {
    let increment = &jail.settings.increment;
    let Some(time) = jail.settings.bantime else { return Ok(None) };
    if !increment.enabled {
        return Ok(Some(Growth { factor: 1.0, max: None }));
    }
    let text = |name: &str| jail.options.get(name).map(String::as_str);
    let options = Options {
        formula: text("bantime.formula"),
        multipliers: text("bantime.multipliers"),
        factor: text("bantime.factor"),
        maxtime: None,
        rndtime: None,
    };
    let formula = BanTime::new(&options).map_err(|_| "its formula cannot be worked out")?;
    let base = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let at = |count| {
        if count == 0 {
            return Some(base as f64);
        }
        formula.seconds(Number::Int(base.into()), count, 0.0).ok().map(|seconds| seconds.as_f64())
    };
    let lengths: Vec<f64> = (0..TURNS).map_while(at).collect();
    let ratios: Vec<f64> = lengths.windows(2).map(|pair| pair[1] / pair[0]).collect();
    let (Some(&factor), true) = (ratios.first(), lengths.len() == TURNS as usize) else {
        return Err("its formula has no value");
    };
    if ratios.iter().any(|ratio| (ratio - factor).abs() > 0.001) || !(1.0..=100.0).contains(&factor) {
        return Err("bans here grow by the same factor each time");
    }
    Ok(Some(Growth { factor, max: increment.maxtime }))
}
