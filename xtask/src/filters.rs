//! Filters come in pairs: `NAME.toml` with `NAME.samples`.

use std::path::Path;

use crate::sources;

/// Every filter file without its partner.
pub fn check(root: &Path) -> Vec<String> {
    let filters = root.join("filters");
    let mut complaints = Vec::new();
    for (ending, partner) in [("toml", "samples"), ("samples", "toml")] {
        for path in sources(&filters, ending).iter().filter(|path| !path.with_extension(partner).exists()) {
            let name = path.strip_prefix(root).unwrap_or(path).display();
            complaints.push(format!("{name}: has no .{partner} beside it; a filter is both"));
        }
    }
    complaints
}
