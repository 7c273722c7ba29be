//! Carrying out a plan: a few files at a time, so that reading, sealing and waiting for the disk overlap.

use super::{
    Control, Journal, Left, Plan, PlannedFile,
    reading::{Reading, of_reader},
    shown, sidecars,
    walk::why_unreadable,
};
use crate::{
    Vault, VaultError,
    upload::{self, Whole},
};
use domain::{Actor, Call, MediaId, Person, Priority};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::Added;

/// How many files are under way at once. On two cores these take in 250 files of 4 MB, or 1,300 of 0.3 MB, a second.
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
        known_so_far: AtomicBool::new(false),
        control,
        summary: Mutex::new(summary),
    });
    let hands: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(work.clone().go_on())).collect();
    for hand in hands {
        if let Err(error) = hand.await {
            let left = Left::new(Path::new(""), format!("a fault of the import: {error}"));
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
    /// Whether the latest file was in the library: then the next one probably is, too.
    known_so_far: AtomicBool,
    control: Arc<Control>,
    summary: Mutex<Summary>,
}

impl Work {
    fn note(&self, note: impl FnOnce(&mut Summary)) {
        note(&mut self.summary.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes file after file until there are no more.
    async fn go_on(self: Arc<Self>) {
        loop {
            self.control.until_let_go().await;
            if self.control.is_stopped() {
                return;
            }
            let Some(at) = self.new.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let file = &self.plan.files[*at];
            let outcome = self.take(file).await;
            self.known_so_far
                .store(matches!(outcome, Outcome::Already(_)), Ordering::Relaxed);
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
        let hashed_first = self.known_so_far.load(Ordering::Relaxed);
        if hashed_first && let Some(media) = self.find_by_content(file).await? {
            return Ok(Added::Existing(media));
        }
        let (top, planned) = (self.plan.top.clone(), file.clone());
        let source = Reading::new(&top, file, (!hashed_first).then(|| self.control.clone()));
        let looked = tokio::task::spawn_blocking(move || sidecars::details(&top, &planned)).await;
        let (name, details) = looked
            .map_err(VaultError::from)?
            .map_err(|error| Trouble::File(format!("what lies beside it: {}", why_unreadable(&error))))?;
        let whole = Whole {
            file_name: name,
            expected: Some(file.size),
            details,
            priority: Priority::Bulk,
        };
        let (call, trouble) = (self.call(), source.trouble.clone());
        let taken = upload::whole_from(&self.vault, call, whole, source).await;
        taken.map_err(|error| of_reader(&trouble).map_or(Trouble::Vault(error), Trouble::File))
    }

    /// Reads a file only to hash it: half the work when the library has it, and a little more when it has not.
    async fn find_by_content(&self, file: &PlannedFile) -> Result<Option<MediaId>, Trouble> {
        let mut source = Reading::new(&self.plan.top, file, Some(self.control.clone()));
        let trouble = source.trouble.clone();
        let hashed = tokio::task::spawn_blocking(move || source.hash()).await;
        let sha256 = hashed
            .map_err(VaultError::from)?
            .map_err(|error| Trouble::File(of_reader(&trouble).unwrap_or_else(|| error.to_string())))?;
        Ok(upload::existing(&self.vault, self.call(), sha256).await?)
    }

    fn call(&self) -> Call {
        self.vault.call(Actor::Person(self.owner), None)
    }
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
