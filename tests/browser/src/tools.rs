//! Tools from PyPI that `tests/setup.sh` puts under the build directory: schemathesis, and axe inside another package.

use std::path::PathBuf;

use arena::stockade::build_directory;

use crate::{Error, Result};

const REMEDY: &str = "run tests/setup.sh";

/// schemathesis.
pub fn schemathesis() -> Result<PathBuf> {
    let path = directory()?.join("bin/schemathesis");
    if path.exists() { Ok(path) } else { Err(missing("schemathesis")) }
}

/// The text of axe-core.
pub fn axe() -> Result<String> {
    let path = directory()?.join("axe.min.js");
    std::fs::read_to_string(&path).map_err(|_| missing("axe-core"))
}

/// The same place that `tests/setup.sh` uses.
fn directory() -> Result<PathBuf> {
    if let Some(place) = std::env::var_os("STOCKADE_BROWSER_TOOLS") {
        return Ok(place.into());
    }
    Ok(build_directory()?.join("browser-tools"))
}

fn missing(what: &str) -> Error {
    Error::Tool { what: what.to_owned(), remedy: REMEDY }
}
