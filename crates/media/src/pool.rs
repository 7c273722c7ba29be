//! The pool of decoder children: takes files from any thread, hands each to a child, replaces what died.

mod desk;
mod merge;
mod pictures;
mod spawner;
mod tool;
mod verdict;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::doctor::{self, ToolReport};
use crate::failure::{Failure, FailureCode};
use crate::sandbox::Limits;
use crate::sniff::{Format, SNIFF_LENGTH, Type, sniff};
use crate::source::{Source, read_fully};
use crate::types::{Kind, Metadata, Processed, Warning, WarningCode};
use crate::video;
use crate::wire::{Setup, TestAct};
pub(crate) use tool::Tool;
use worker::Worker;

/// How the pool and its children are set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program that a decoder child is: the running binary itself.
    pub command: PathBuf,
    /// What makes that program call [`crate::decoder_main`]: for `media-vault` the hidden command `decoder`.
    pub args: Vec<OsString>,
    /// How many files are decoded at the same time. One a processor is right.
    pub children: usize,
    /// Bytes of address space of one child or tool. A 200 megapixel picture in an interlaced PNG takes 800 MB.
    pub memory_limit: u64,
    /// Processor time of one file.
    pub cpu_limit: Duration,
    /// Time of one file by the clock.
    pub wall_limit: Duration,
    /// Bytes that a child or tool may hand back for one file.
    pub output_limit: u64,
    /// Width x height of the largest picture that is decoded.
    pub max_pixels: u64,
    /// The longest video or audio that is taken.
    pub max_duration: Duration,
    /// Bytes of the largest picture file; it is held in memory while it is decoded. Videos have no such limit.
    pub max_picture_bytes: u64,
    /// A child is replaced after this many files, so that nothing can pile up in it.
    pub recycle_after: u32,
    /// The programs that decode what no library here does.
    pub tools: Tools,
    /// Makes [`DecoderPool::act`] work. For tests of the sandbox only.
    pub test_acts: bool,
}

/// The external decoders: absolute paths, or names that are looked up in the system's usual places.
#[derive(Clone, Debug)]
pub struct Tools {
    /// ffmpeg 5 or newer: poster frames and covers.
    pub ffmpeg: PathBuf,
    /// ffprobe of the same: facts of videos and audio.
    pub ffprobe: PathBuf,
    /// libvips 8.14 or newer with HEIF: HEIC, AVIF, odd TIFFs.
    pub vipsthumbnail: PathBuf,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            ffmpeg: "ffmpeg".into(),
            ffprobe: "ffprobe".into(),
            vipsthumbnail: "vipsthumbnail".into(),
        }
    }
}

impl Settings {
    /// The defaults, for a child that is started as `command args...`.
    #[must_use]
    pub fn new(command: PathBuf, args: Vec<OsString>) -> Self {
        Self {
            command,
            args,
            children: 2,
            memory_limit: 2 << 30,
            cpu_limit: Duration::from_secs(30),
            wall_limit: Duration::from_secs(90),
            output_limit: 64 << 20,
            max_pixels: 200_000_000,
            max_duration: Duration::from_secs(24 * 3600),
            max_picture_bytes: 512 << 20,
            recycle_after: 500,
            tools: Tools::default(),
            test_acts: false,
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            memory: self.memory_limit,
            cpu_seconds: self.cpu_limit.as_secs().max(1),
            file_size: self.output_limit,
        }
    }

    fn setup(&self) -> Setup {
        Setup {
            limits: self.limits(),
            max_pixels: self.max_pixels,
            test_acts: self.test_acts,
        }
    }
}

/// What the caller already knows about a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// The type that [`sniff()`] found when the file arrived; saves reading its head again.
    pub known: Option<Type>,
}

/// A pool of sandboxed decoder children.
///
/// Dropping it ends them. It may be shared between threads; up to [`Settings::children`] files are processed at the
/// same time, further callers wait for their turn.
pub struct DecoderPool {
    settings: Settings,
    spawner: spawner::Spawner,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Worker>,
    busy: usize,
}

/// The right to use one processor; given back when dropped.
pub(crate) struct Turn<'a> {
    pool: &'a DecoderPool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pool.state().busy -= 1;
        self.pool.freed.notify_one();
    }
}

impl DecoderPool {
    /// Makes the pool; children are started when the first files come.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(settings: Settings) -> std::io::Result<Self> {
        let spawner = spawner::Spawner::start()?;
        Ok(Self {
            settings,
            spawner,
            state: Mutex::default(),
            freed: Condvar::new(),
        })
    }

    /// The settings that the pool was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Reads, decodes and describes one file. Blocks, for milliseconds with photos and at most for
    /// [`Settings::wall_limit`] a step.
    ///
    /// # Errors
    /// A [`Failure`] that says what is wrong with the file, or, if [`Failure::retry`], with the machine.
    pub fn process(&self, source: &dyn Source, hints: &Hints) -> Result<Processed, Failure> {
        if source.is_empty() {
            return Err(Failure::damaged("The file is empty. Upload it again."));
        }
        let found = match hints.known {
            Some(known) => known,
            None => self.sniff(source)?,
        };
        let turn = self.turn();
        match found.kind {
            Kind::Photo if found.format == Format::Svg => Ok(drawing(found)),
            Kind::Photo => pictures::process(&turn, source, found.format),
            Kind::Video | Kind::Audio => video::process(&turn, source, found.format),
        }
    }

    /// Makes a child do something that the sandbox must stop; returns how it ended. For tests of the sandbox.
    ///
    /// # Errors
    /// Always: `Unsupported` without [`Settings::test_acts`], else how the child was stopped.
    pub fn act(&self, act: TestAct) -> Result<(), Failure> {
        let turn = self.turn();
        pictures::act(&turn, act)
    }

    /// Tries every decoder on a small file and says what works and what to install.
    #[must_use]
    pub fn check(&self) -> Vec<ToolReport> {
        doctor::check(self)
    }

    /// Process ids of the children that wait for work; for tests and for `doctor`.
    #[must_use]
    pub fn idle_children(&self) -> Vec<u32> {
        self.state().idle.iter().map(Worker::id).collect()
    }

    fn sniff(&self, source: &dyn Source) -> Result<Type, Failure> {
        let mut head = vec![0; SNIFF_LENGTH];
        let len = read_fully(source, 0, &mut head).map_err(|error| Failure::io("Reading the file failed", error))?;
        sniff(&head[..len]).ok_or_else(|| {
            Failure::new(
                FailureCode::Unsupported,
                "The file is not a photo, video or audio that Media Vault knows, whatever its name says.",
            )
        })
    }

    pub(crate) fn turn(&self) -> Turn<'_> {
        let mut state = self.state();
        while state.busy >= self.settings.children.max(1) {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        Turn { pool: self }
    }

    // A panic elsewhere leaves nothing half done in here: a list and a number.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    pub(crate) fn settings(&self) -> &Settings {
        &self.pool.settings
    }

    fn take_worker(&self) -> Result<Worker, Failure> {
        let idle = self.pool.state().idle.pop();
        match idle {
            Some(worker) => Ok(worker),
            None => Worker::start(&self.pool.settings, &self.pool.spawner),
        }
    }

    fn give_back(&self, worker: Worker) {
        if worker.served() < self.pool.settings.recycle_after {
            self.pool.state().idle.push(worker);
        }
    }
}

/// SVG is kept but never drawn: it is a program as much as a picture.
fn drawing(found: Type) -> Processed {
    Processed {
        kind: found.kind,
        mime: found.mime().to_owned(),
        dimensions: None,
        duration_ms: None,
        metadata: Metadata::default(),
        thumbhash: None,
        renditions: Vec::new(),
        warnings: vec![Warning {
            code: WarningCode::NoPreview,
            detail: "Vector graphics are kept and can be downloaded, but are not shown: they can carry script.".into(),
        }],
        active_content: true,
    }
}
