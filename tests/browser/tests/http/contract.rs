//! The API against its own OpenAPI document: schemathesis asks everything that the document allows and much that it does not.

use std::path::Path;
use std::time::Duration;

use arena::Process;
use browser::{Result, Stage, tools};

/// Bounds of the whole run.
const SECONDS: &str = "55";
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn schemathesis_finds_nothing() -> Result<()> {
    let stage = Stage::new()?;
    // The key that is used here is to be none of the first, which somebody who tries numbers would revoke.
    let mut key = String::new();
    for number in 0..30 {
        key = stage.daemon.token("admin", &format!("key-{number}"))?;
    }
    stage.ssh.ssh("203.0.113.7", "root", 5, Duration::ZERO)?;
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/api/schemathesis.toml");
    // From the server itself: whatever rules are tried, loopback is never cut off.
    // What it remembers between runs is of no use here.
    let examples = tempfile::tempdir().expect("a directory");
    let mut command = stage.server().command(tools::schemathesis()?);
    command.arg("--config-file").arg(config).args(["run", "https://127.0.0.1:8765/api/v1/openapi.json"]);
    command.args(["--header", &format!("Authorization: Bearer {key}"), "--tls-verify", "false"]);
    command.args([
        "--header",
        "Connection: close",
        "--checks",
        "all",
        "--max-examples",
        "25",
        "--max-time",
        SECONDS,
    ]);
    command.args(["--request-timeout", "10", "--seed", "3", "--no-shrink", "--warnings", "off"]);
    command
        .env("PYTHONWARNINGS", "ignore")
        .env("HYPOTHESIS_STORAGE_DIRECTORY", examples.path())
        .current_dir("/");
    let (status, said) = Process::start("schemathesis", &mut command)?.finish(PATIENCE)?;
    assert!(status.success(), "{status}\n{said}");
    assert!(said.contains("No issues found") || said.contains("passed"), "{said}");
    // And the server has taken no harm.
    assert_eq!(stage.client(stage.admin()).get("/healthz")?.status, 200);
    Ok(())
}
