//! A real Docker Engine of the arena's own, in the network of one of its hosts: its bridge, its address translation and its
//! packet filter are that host's. No registry is asked: an image is imported from a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::deadline::PATIENCE;
use crate::process::{Process, run};
use crate::scene::write;
use crate::{Error, Host, Result};

const SCRIPT: &str = include_str!("docker.sh");
/// Nobody reads this in a container, and it is most of an installation.
const LEFT_OUT: [&str; 7] = [
    "./arena/*",
    "./proc/*",
    "./dev/*",
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/locale",
    "./var/lib/apt",
];

/// The engine. Dropping it ends it and every container.
#[derive(Debug)]
pub struct Docker {
    socket: PathBuf,
    _process: Process,
}

impl Docker {
    /// Starts the engine in the network of `host` and waits until it answers. The hierarchy of cgroups is the machine's, which is why
    /// `Host::command`, with a `/sys` of its own, will not do.
    pub fn start(host: &Host, directory: &Path) -> Result<Self> {
        let home = directory.join("docker");
        fs::create_dir_all(&home).map_err(Error::io("create", home.display()))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "nsenter"]).arg(format!("--net={}", host.path().display()));
        command.args(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"]);
        command.args(["--kill-child=KILL", "sh", "-euc", SCRIPT, "arena"]).arg(&home);
        let mut process = Process::start("dockerd", &mut command)?;
        process.line("'API listen'", PATIENCE, |line| line.contains("API listen on"))?;
        Ok(Self { socket: home.join("docker.sock"), _process: process })
    }

    /// Carries out a command of the client.
    pub fn run(&self, words: &[&str]) -> Result<String> {
        run(&mut self.client(words)).map(|said| said.trim().to_owned())
    }

    /// Follows what a container says, from its beginning.
    pub fn follow(&self, container: &str) -> Result<Process> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "docker", "logs", "--follow", container]);
        command.env("DOCKER_HOST", self.address());
        Process::start(&format!("the container {container}"), &mut command)
    }

    /// Makes an image of the directory.
    pub fn import(&self, root: &Path, name: &str) -> Result<()> {
        let mut tar = Command::new("setpriv");
        tar.args(["--pdeathsig", "KILL", "tar", "--directory"]).arg(root);
        tar.args(LEFT_OUT.map(|path| format!("--exclude={path}"))).args(["--create", "."]);
        let not_started = |source| Error::NotStarted { what: "tar".to_owned(), source };
        let mut tar = tar.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(not_started)?;
        let archive = tar.stdout.take().expect("piped");
        let mut docker = self.client(&["import", "-", name]);
        let not_started = |source| Error::NotStarted { what: "docker".to_owned(), source };
        let importing = docker.stdin(archive).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = importing.spawn().map_err(not_started)?.wait_with_output();
        let output = output.map_err(Error::io("wait for", "docker import"))?;
        tar.wait().map_err(Error::io("wait for", "tar"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Failed { what: "docker import".to_owned(), status: output.status.to_string(), said })
    }

    /// A container's address on the bridge.
    pub fn address_of(&self, container: &str) -> Result<String> {
        self.run(&["inspect", "--format", "{{.NetworkSettings.IPAddress}}", container])
    }

    fn client(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.address()).args(words);
        command
    }

    fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // The engine's end would end them too, but leave their cgroups behind.
        if let Ok(containers) = self.run(&["ps", "--all", "--quiet"]) {
            let containers: Vec<&str> = containers.split_whitespace().collect();
            let _ = self.run(&[&["rm", "--force"], &containers[..]].concat());
        }
    }
}

/// Copies a program of this machine to `directory` with the libraries that it needs, so that it runs in an installation of another
/// age when the directory is mounted there at `mount`; it is called by its name in the directory.
pub fn carry(program: &Path, directory: &Path, mount: &str) -> Result<()> {
    let name = program.file_name().and_then(|name| name.to_str()).unwrap_or("program").to_owned();
    let (bin, lib) = (directory.join("bin"), directory.join("lib"));
    for path in [&bin, &lib] {
        fs::create_dir_all(path).map_err(Error::io("create", path.display()))?;
    }
    copy(program, &bin.join(&name))?;
    let mut start = format!("{mount}/bin/{name}");
    // It fails for a program that needs no libraries.
    let needs = run(Command::new("ldd").arg(program)).unwrap_or_default();
    for library in needs.split_whitespace().filter(|word| word.starts_with('/')).map(Path::new) {
        let file = library.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        copy(library, &lib.join(file))?;
        if file.starts_with("ld-") {
            start = format!("{mount}/lib/{file} --library-path {mount}/lib {mount}/bin/{name}");
        }
    }
    let wrapper = directory.join(&name);
    write(&wrapper, &format!("#!/bin/sh\nexec {start} \"$@\"\n"))?;
    run(Command::new("chmod").arg("755").arg(&wrapper)).map(drop)
}

/// Where this machine has a program.
pub fn find(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut files = places.map(|place| place.join(program));
    files
        .find(|file| file.is_file())
        .ok_or(Error::Missing { path: program.into(), remedy: "tests/setup.sh installs it" })
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(Error::io("copy", from.display()))
}
