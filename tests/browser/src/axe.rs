//! axe-core on the page that is open: what keeps people with a screen reader, a keyboard or weak eyes out.

use serde_json::Value;

use crate::{Browser, Result, tools};

/// Rules that fit any page of ours; fewer mean that axe did not look.
const RULES_MIN: usize = 10;

/// Everything serious or critical that axe finds, one line each.
pub fn findings(browser: &Browser) -> Result<Vec<String>> {
    browser.script("load axe", &tools::axe()?, Vec::new())?;
    let report = browser.script("run axe", "return axe.run({ resultTypes: ['violations'] })", Vec::new())?;
    let passes = report["passes"].as_array().map_or(0, Vec::len);
    assert!(passes >= RULES_MIN, "axe looked at next to nothing: {report}");
    let violations = report["violations"].as_array().cloned().unwrap_or_default();
    let serious =
        violations.iter().filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")));
    Ok(serious.flat_map(lines).collect())
}

fn lines(violation: &Value) -> Vec<String> {
    let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
    let line = |node: &Value| {
        format!(
            "{} ({}): {} {}",
            violation["id"],
            violation["impact"],
            node["target"],
            node["failureSummary"].as_str().unwrap_or_default().replace('\n', " ")
        )
    };
    nodes.iter().map(line).collect()
}
