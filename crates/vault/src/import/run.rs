//! Carrying out a plan: a few files at a time, so that reading, sealing and waiting for the disk overlap.

use super::{
    Control, Journal, Left, Plan, PlannedFile, shown, sidecars,
    walk::{modified, why_unreadable},
};
use crate::{
    Vault, VaultError,
    upload::{self, Whole},
};
use domain::{Actor, MediaId, Person, Priority};
use serde::Serialize;
use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::Added;

/// How many files are under way at once. Measured on two cores with 4 MB files; more only wait for each other.
const AT_ONCE: usize = 4;
/// How often a file is tried when the database or the object store cannot be reached just then.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(2);

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The folder.
    #[serde(serialize_with = "shown")]
    pub folder: PathBuf,
    /// Files that are new in the library.
    pub added: u64,
    /// Files whose content the library had.
    pub already_here: u64,
    /// What was left out, and why.
    pub skipped: Vec<Left>,
    /// What should have been taken in and was not, and why.
    pub failed: Vec<Left>,
    /// Files that it did not come to, because it was stopped.
    pub not_reached: u64,
    /// Why it was stopped, if not by whoever started it.
    pub stopped_by: Option<String>,
    /// Bytes of the files that were added.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

/// What became of one file.
enum Outcome {
    Added(MediaId),
    Already(MediaId),
    Failed(String),
    /// No file after it would fare better.
    Hopeless(String),
}

/// Takes in what is planned. A file's failure is noted and ends nothing; a full disk ends the run.
pub async fn run(vault: &Vault, owner: Person, plan: Plan, control: Arc<Control>) -> Summary {
    let began = Instant::now();
    let mut summary = Summary {
        folder: plan.top.clone(),
        skipped: plan.skipped.clone(),
        failed: plan.unreadable.clone(),
        ..Summary::default()
    };
    let (known, new): (Vec<usize>, Vec<usize>) =
        (0..plan.files.len()).partition(|at| plan.files[*at].already.is_some());
    summary.already_here = known.len() as u64;
    let work = Arc::new(Work {
        vault: vault.clone(),
        owner,
        plan,
        new,
        next: AtomicUsize::new(0),
        control,
        summary: Mutex::new(summary),
    });
    let hands: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(work.clone().go_on())).collect();
    for hand in hands {
        if let Err(error) = hand.await {
            let left = Left::new(&PathBuf::new(), format!("a fault of the import: {error}"));
            work.note(|summary| summary.failed.push(left));
        }
    }
    let mut summary = work.summary.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let reached = work.next.load(Ordering::Relaxed).min(work.new.len());
    summary.not_reached = (work.new.len() - reached) as u64;
    summary.failed.sort_by(|a, b| a.path.cmp(&b.path));
    summary.seconds = began.elapsed().as_secs_f64();
    summary
}

struct Work {
    vault: Vault,
    owner: Person,
    plan: Plan,
    /// Positions of the files that are to be read.
    new: Vec<usize>,
    next: AtomicUsize,
    control: Arc<Control>,
    summary: Mutex<Summary>,
}

impl Work {
    fn note(&self, note: impl FnOnce(&mut Summary)) {
        note(&mut self.summary.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes file after file until there are no more.
    async fn go_on(self: Arc<Self>) {
        while !self.control.is_stopped() {
            let Some(at) = self.new.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let file = &self.plan.files[*at];
            let outcome = self.take(file).await;
            if let Outcome::Added(media) | Outcome::Already(media) = outcome
                && let Some(journal) = &self.plan.journal
            {
                note_done(journal, &self.plan, file, media);
            }
            self.note(|summary| match outcome {
                Outcome::Added(_) => {
                    summary.added += 1;
                    summary.bytes += file.size;
                }
                Outcome::Already(_) => summary.already_here += 1,
                Outcome::Failed(why) => summary.failed.push(Left::new(&file.path, why)),
                Outcome::Hopeless(why) => {
                    summary.failed.push(Left::new(&file.path, why.clone()));
                    summary.stopped_by = Some(why);
                    self.control.stop();
                }
            });
            self.control.did();
        }
    }

    async fn take(&self, file: &PlannedFile) -> Outcome {
        let mut tries = 1;
        loop {
            match self.try_once(file).await {
                Ok(Added::New(media)) => return Outcome::Added(media),
                Ok(Added::Existing(media)) => return Outcome::Already(media),
                Err(Trouble::File(why)) => return Outcome::Failed(why),
                Err(Trouble::Vault(VaultError::Unavailable(_))) if tries < TRIES && !self.control.is_stopped() => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Trouble::Vault(full @ VaultError::NoSpace)) => return Outcome::Hopeless(full.to_string()),
                Err(Trouble::Vault(VaultError::Internal(why) | VaultError::Unavailable(why))) => {
                    return Outcome::Failed(format!("Media Vault could not keep it: {why}"));
                }
                Err(Trouble::Vault(other)) => return Outcome::Failed(other.to_string()),
            }
        }
    }

    async fn try_once(&self, file: &PlannedFile) -> Result<Added, Trouble> {
        let path = self.plan.top.join(&file.path);
        let (top, planned, control) = (self.plan.top.clone(), file.clone(), self.control.clone());
        let opened = tokio::task::spawn_blocking(move || {
            let (name, details) = sidecars::details(&top, &planned).map_err(|e| beside(&e))?;
            let source = Reading::open(&path, &planned, control).map_err(|e| why_unreadable(&e))?;
            Ok((name, details, source))
        });
        let (name, details, source) = opened.await.map_err(VaultError::from)?.map_err(Trouble::File)?;
        let trouble = source.trouble.clone();
        let whole = Whole {
            file_name: name,
            expected: Some(file.size),
            details,
            priority: Priority::Bulk,
        };
        let call = self.vault.call(Actor::Person(self.owner), None);
        upload::whole_from(&self.vault, call, whole, source)
            .await
            .map_err(|error| {
                let why = trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
                why.map_or(Trouble::Vault(error), Trouble::File)
            })
    }
}

fn beside(error: &io::Error) -> String {
    format!("what lies beside it: {}", why_unreadable(error))
}

fn note_done(journal: &Journal, plan: &Plan, file: &PlannedFile, media: MediaId) {
    if let Err(error) = journal.note(plan.key(file), media) {
        // The item is safe; a restart will read the file once more.
        tracing::warn!(event = "import.not_noted", %error);
    }
}

/// Why one file was not taken in.
enum Trouble {
    /// Something about the file itself.
    File(String),
    Vault(VaultError),
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// A file that is being read. It ends as it should only if the file is then what it was when it was planned: half of a file that is still
/// being copied is not taken for the whole.
struct Reading {
    file: File,
    size: u64,
    modified: domain::At,
    control: Arc<Control>,
    /// What was wrong with the file, for whoever asked for it.
    trouble: Arc<Mutex<Option<String>>>,
}

impl Reading {
    fn open(path: &std::path::Path, planned: &PlannedFile, control: Arc<Control>) -> io::Result<Reading> {
        Ok(Reading {
            file: File::open(path)?,
            size: planned.size,
            modified: planned.modified,
            control,
            trouble: Arc::default(),
        })
    }

    fn check(&self) -> io::Result<()> {
        let meta = self.file.metadata()?;
        if meta.len() == self.size && modified(&meta) == self.modified {
            return Ok(());
        }
        Err(io::Error::other(
            "it was changed while the import ran; run the import again",
        ))
    }
}

impl Read for Reading {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buf).map_err(|error| (why_unreadable(&error), error));
        let read = read.and_then(|n| match n {
            0 => self.check().map(|()| 0).map_err(|error| (error.to_string(), error)),
            n => Ok(n),
        });
        match read {
            Ok(n) => {
                self.control.read(n as u64);
                Ok(n)
            }
            Err((_, error)) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err((why, error)) => {
                *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                Err(error)
            }
        }
    }
}
