//! A model of one log and its writer: whatever is done to the log, every line is handed on once and in order.
//!
//! Where the model must allow for loss it avoids it instead, so that no error can hide behind it: before data is truncated
//! or unlinked, or a link is re-pointed, everything written so far is read (or, while the source is stopped, the step is
//! left out). Nobody could read it afterwards, except from a copy. And a file that took the place of an unlinked one is
//! read from before it is renamed: nothing leads from the unlinked file to a name that it never had.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use event::{Moment, Position};
use proptest::prelude::*;
use source::{FileSource, FileSpec};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Whole lines.
    Write {
        lines: u8,
        length: u16,
    },
    /// The first half of a line; whatever is written next begins with the other half.
    WriteHalf,
    /// Everything that is there is read.
    Read,
    /// `log` becomes `log.1`, which becomes `log.2` and so on. The writer stays with the file that it has open.
    Rename {
        create: bool,
    },
    /// The writer opens the log again, as daemons do on SIGHUP.
    Reopen,
    /// Copied to `log.1`, then truncated; perhaps with lines that are only in the copy by then.
    CopyTruncate {
        unread: bool,
    },
    /// Unlinked, and created by the writer.
    Recreate,
    /// The link leads to another file, which the writer opens.
    Switch,
    /// With the positions that the source tells at the end, or, as after a crash, with those that came with the blocks.
    Stop {
        clean: bool,
    },
    Start,
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    /// The log is a symbolic link to the file that is written to.
    linked: bool,
    /// The writer writes where it is, not where the file ends: a truncation leaves a gap.
    seeks: bool,
    /// The source is given a glob instead of the path.
    glob: bool,
}

struct World {
    directory: TempDir,
    layout: Layout,
    writer: File,
    source: Option<FileSource>,
    saved: HashMap<String, Position>,
    half: Option<Vec<u8>>,
    /// The log was unlinked, and nothing of the new one was read since.
    unlinked: bool,
    written: Vec<String>,
    read: Vec<String>,
    /// Files made so far, for their names.
    files: usize,
}

impl World {
    fn new(layout: Layout) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("app.log");
        if layout.linked {
            symlink("store-0", &log).unwrap();
        }
        let writer = open_writer(&log, layout);
        let (written, read) = (Vec::new(), Vec::new());
        let saved = HashMap::new();
        let mut world = Self {
            directory,
            layout,
            writer,
            source: None,
            saved,
            half: None,
            unlinked: false,
            written,
            read,
            files: 1,
        };
        world.start();
        world
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("app.log")
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Write { lines, length } => self.write(usize::from(lines), usize::from(length)),
            Act::WriteHalf => self.write_half(),
            Act::Read => self.read_all(),
            Act::Rename { create } => self.rename(create),
            Act::Reopen => self.reopen(),
            Act::CopyTruncate { unread } => self.copy_truncate(unread),
            Act::Recreate => self.recreate(),
            Act::Switch => self.switch(),
            Act::Stop { clean } => self.stop(clean),
            Act::Start => self.start(),
        }
    }

    fn write(&mut self, lines: usize, length: usize) {
        let mut text = self.half.take().unwrap_or_default();
        for _ in 0..lines {
            text.extend(self.next_line(length));
        }
        self.writer.write_all(&text).unwrap();
    }

    fn write_half(&mut self) {
        self.write(0, 0);
        let line = self.next_line(40);
        self.writer.write_all(&line[..20]).unwrap();
        self.half = Some(line[20..].to_vec());
    }

    fn next_line(&mut self, length: usize) -> Vec<u8> {
        let line = format!("{:06} {}", self.written.len(), "x".repeat(length));
        self.written.push(line.clone());
        format!("{line}\n").into_bytes()
    }

    fn rename(&mut self, create: bool) {
        if self.layout.linked || self.unlinked || !self.log().exists() {
            return;
        }
        self.shift();
        fs::rename(self.log(), self.directory.path().join("app.log.1")).unwrap();
        if create {
            File::create(self.log()).unwrap();
        }
    }

    fn shift(&self) {
        let numbered = |number: usize| self.directory.path().join(format!("app.log.{number}"));
        for number in (1..100).rev().filter(|number| numbered(*number).exists()) {
            fs::rename(numbered(number), numbered(number + 1)).unwrap();
        }
    }

    fn reopen(&mut self) {
        self.write(0, 0);
        self.writer = open_writer(&self.log(), self.layout);
    }

    fn copy_truncate(&mut self, unread: bool) {
        self.reopen();
        if !self.is_all_read() {
            return;
        }
        // Only who has read from the file knows its copy again, and a source that is stopped then does not look for it.
        let unread = unread && self.source.is_some() && !self.layout.linked;
        if unread {
            self.write(1, 0);
            self.read_all();
            self.write(2, 10);
        }
        if !self.layout.linked {
            self.shift();
            fs::copy(self.log(), self.directory.path().join("app.log.1")).unwrap();
        }
        OpenOptions::new().write(true).open(self.log()).unwrap().set_len(0).unwrap();
        if unread {
            self.read_all();
        }
    }

    fn recreate(&mut self) {
        if self.layout.linked || !self.is_all_read() {
            return;
        }
        // It may be gone by a rename already.
        let _ = fs::remove_file(self.log());
        self.reopen();
        self.unlinked = true;
    }

    fn switch(&mut self) {
        if !self.layout.linked || !self.is_all_read() {
            return;
        }
        let new = self.directory.path().join("new-link");
        symlink(format!("store-{}", self.files), &new).unwrap();
        self.files += 1;
        fs::rename(new, self.log()).unwrap();
        self.reopen();
    }

    /// Whether nothing would be lost if what is there were gone.
    fn is_all_read(&mut self) -> bool {
        if self.half.is_some() {
            self.write(0, 0);
        }
        self.read_all();
        self.read == self.written
    }

    fn stop(&mut self, clean: bool) {
        if let Some(source) = self.source.take().filter(|_| clean) {
            self.saved.extend(source.positions());
        }
    }

    fn start(&mut self) {
        if self.source.is_none() {
            let pattern = if self.layout.glob { "app*" } else { "app.log" };
            let pattern = self.directory.path().join(pattern).to_str().unwrap().to_owned();
            let clock = || Moment::from_seconds(1_800_000_000);
            let source = FileSource::open(vec![FileSpec { pattern }], self.saved.clone(), clock);
            self.source = Some(source.unwrap());
        }
    }

    fn read_all(&mut self) {
        let Some(source) = &mut self.source else { return };
        let (read, saved, unlinked) = (&mut self.read, &mut self.saved, &mut self.unlinked);
        loop {
            let mut blocks = 0;
            source
                .read(Some(Duration::ZERO), &mut |found| {
                    blocks += 1;
                    *unlinked = false;
                    assert_eq!(found.block.text.last(), Some(&b'\n'));
                    read.extend(std::str::from_utf8(found.block.text).unwrap().lines().map(str::to_owned));
                    saved.insert(found.path.to_owned(), found.position);
                })
                .unwrap();
            if blocks == 0 && source.is_caught_up() {
                return;
            }
        }
    }
}

fn open_writer(path: &std::path::Path, layout: Layout) -> File {
    use std::io::{Seek, SeekFrom};
    let mut options = OpenOptions::new();
    if layout.seeks {
        let mut file = options.write(true).create(true).truncate(false).open(path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        return file;
    }
    options.append(true).create(true).open(path).unwrap()
}

fn act() -> impl Strategy<Value = Act> {
    let length = prop_oneof![4 => 0..60u16, 1 => 200..2000u16];
    prop_oneof![
        6 => (1..5u8, length).prop_map(|(lines, length)| Act::Write { lines, length }),
        2 => Just(Act::WriteHalf),
        4 => Just(Act::Read),
        3 => any::<bool>().prop_map(|create| Act::Rename { create }),
        3 => Just(Act::Reopen),
        2 => any::<bool>().prop_map(|unread| Act::CopyTruncate { unread }),
        1 => Just(Act::Recreate),
        2 => Just(Act::Switch),
        2 => any::<bool>().prop_map(|clean| Act::Stop { clean }),
        3 => Just(Act::Start),
    ]
}

fn layout() -> impl Strategy<Value = Layout> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(linked, seeks, glob)| Layout {
        linked,
        seeks,
        glob,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_lost_and_none_comes_twice(layout in layout(), acts in prop::collection::vec(act(), 1..40)) {
        let mut world = World::new(layout);
        // Without a position there would be nothing to go on from after a stop.
        world.write(1, 0);
        world.read_all();
        for act in acts {
            world.act(act);
        }
        world.start();
        world.reopen();
        world.write(1, 0);
        world.read_all();
        prop_assert_eq!(&world.read, &world.written);
    }
}
