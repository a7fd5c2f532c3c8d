//! Compiles `filters/` into the binary: writes the table that `catalog.rs` includes.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let filters = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../filters");
    let filters = filters.canonicalize().expect("the directory filters/ stands at the top of the workspace");
    println!("cargo::rerun-if-changed={}", filters.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&filters)
        .expect("filters/ can be read")
        .map(|entry| entry.expect("filters/ can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let mut table =
        String::from("/// Every filter in `filters/`, by name.\nstatic SHIPPED: &[Shipped] = &[\n");
    for file in files {
        let name = file.file_stem().expect("it has a name").to_string_lossy();
        let samples = file.with_extension("samples");
        // A filter without samples builds, so that it can be tried; the test suite refuses it.
        let samples = if samples.exists() { format!("include_str!({samples:?})") } else { "\"\"".to_owned() };
        writeln!(table, "Shipped {{ name: {name:?}, text: include_str!({file:?}), samples: {samples} }},")
            .expect("a String takes it");
    }
    table.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("shipped.rs"), table)
        .expect("OUT_DIR can be written");
}
