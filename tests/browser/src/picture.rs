//! Pictures of the pages, kept under `docs/pages`. A run that was not asked to leaves them as they are.

use std::path::Path;
use std::process::Command;

use arena::process::run;
use serde_json::{Value, json};

use crate::{Browser, Result};

/// Bytes that a kept picture may have.
const BYTES_MAX: u64 = 200_000;
/// A long page is cut here.
const HEIGHT_MAX: u64 = 1600;

/// Whether this run is to renew the kept pictures.
pub fn is_asked_for() -> bool {
    std::env::var_os("UPDATE_SCREENSHOTS").is_some()
}

/// The page that is open, as a whole, `width` wide. Kept as `NAME.png` if the run is asked for it.
pub fn take(browser: &Browser, name: &str, width: u64, is_phone: bool) -> Result<Vec<u8>> {
    let height = "return Math.max(document.documentElement.scrollHeight, innerHeight)";
    let height =
        browser.script("measure the page", height, Vec::new())?.as_u64().unwrap_or(900).min(HEIGHT_MAX);
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
    browser.tools("Emulation.setDeviceMetricsOverride", metrics)?;
    let picture = browser.picture()?;
    browser.tools("Emulation.clearDeviceMetricsOverride", Value::Object(serde_json::Map::new()))?;
    if is_asked_for() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pages");
        let path = directory.join(format!("{name}.png"));
        let kept = std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&path, &picture));
        kept.map_err(arena::Error::io("write", path.display()))?;
        // 256 colours are enough for our pages, and a third of the bytes.
        let mut smaller = Command::new("pngquant");
        run(smaller
            .args(["--force", "--skip-if-larger", "--strip", "--speed", "1", "--output"])
            .arg(&path)
            .arg(&path))?;
        let bytes = std::fs::metadata(&path).map_err(arena::Error::io("look at", path.display()))?.len();
        assert!(bytes <= BYTES_MAX, "{}: {bytes} bytes", path.display());
    }
    Ok(picture)
}
