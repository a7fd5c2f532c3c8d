//! A reader for the tests: reads all that can be read now, and tells it apart by file and origin.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use event::{Moment, Origin, Position};
use source::{FileHealth, FileSource, FileSpec};
use tempfile::TempDir;

pub(crate) fn clock() -> Moment {
    Moment::from_seconds(1_800_000_000)
}

pub(crate) fn specs(directory: &TempDir, patterns: &[&str]) -> Vec<FileSpec> {
    let absolute = |pattern: &&str| directory.path().join(pattern).to_str().unwrap().to_owned();
    patterns.iter().map(|pattern| FileSpec { pattern: absolute(pattern) }).collect()
}

pub(crate) fn open(directory: &TempDir, patterns: &[&str]) -> FileSource {
    FileSource::open(specs(directory, patterns), HashMap::new(), clock).unwrap()
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) spec: usize,
    pub(crate) path: String,
    pub(crate) text: Vec<u8>,
    pub(crate) origin: Origin,
    pub(crate) position: Position,
}

/// Everything that can be read now, without waiting: the kernel queues its notices before the writer's call returns.
pub(crate) fn read(source: &mut FileSource) -> Vec<Read> {
    let mut all = Vec::new();
    loop {
        let before = all.len();
        source
            .read(Some(Duration::ZERO), &mut |found| {
                all.push(Read {
                    spec: found.spec,
                    path: found.path.to_owned(),
                    text: found.block.text.to_vec(),
                    origin: found.block.origin,
                    position: found.position,
                });
            })
            .unwrap();
        if all.len() == before && source.is_caught_up() {
            return all;
        }
    }
}

pub(crate) fn text(source: &mut FileSource) -> String {
    String::from_utf8(read(source).into_iter().flat_map(|read| read.text).collect()).unwrap()
}

pub(crate) fn append(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_ref()).unwrap();
}

pub(crate) fn health(source: &FileSource, path: impl AsRef<Path>) -> FileHealth {
    let path = path.as_ref().to_str().unwrap();
    source.health().into_iter().find(|health| health.path == path).unwrap()
}
