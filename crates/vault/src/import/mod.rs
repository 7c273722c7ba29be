//! Taking in a folder: photos, videos and sounds with what lies beside them (XMP sidecars, Google Takeout's notes).
//!
//! First a [`Plan`] is made, which reads no more than the beginning of each file; a dry run prints it, [`run`] carries it out. An import may
//! be stopped, or killed, at any moment and begun again: what is in the library already is found by its content, and a [`Journal`]
//! spares the reading.

mod journal;
mod pairing;
mod plan;
mod reading;
mod run;
mod sidecars;
mod takeout;
mod walk;

pub use journal::Journal;
pub use pairing::Pairs;
pub use plan::{Plan, PlannedFile, plan};
pub use run::{Summary, run};

use crate::{Vault, VaultError};
use domain::{Actor, Email, MediaState, Person, Role, UserStatus, View, scope_of};
use serde::{Serialize, Serializer};
use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

/// Why an import did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder is not there or cannot be read; name another, or give the right to read it.
    #[error("the folder {} cannot be looked through: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody has this e-mail address; make the account first.
    #[error("there is no account {email}")]
    NoAccount {
        /// As it was given.
        email: String,
    },
    /// The account is disabled; enable it first.
    #[error("the account {email} is disabled")]
    Disabled {
        /// As it was given.
        email: String,
    },
    /// The database or the object store did not do what was asked.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What an import is told besides the folder.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folders that are never entered: those of Media Vault itself. Absolute and without links.
    pub apart: Vec<PathBuf>,
    /// Where is noted what was taken in, so that a restart does not read it again. `None`: everything is read.
    pub journal: Option<PathBuf>,
}

/// A file that was left out, and the plain words why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// From the top of the folder.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

impl Left {
    pub(super) fn new(path: &Path, why: impl Into<String>) -> Left {
        Left {
            path: path.to_owned(),
            why: why.into(),
        }
    }
}

/// A path for people: bytes that are no text are shown as such.
fn shown<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

/// How far an import is, and the way to stop it. Shared by the import and whoever watches it.
#[derive(Debug, Default)]
pub struct Control {
    stopped: AtomicBool,
    held: AtomicBool,
    seen: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Control {
    /// Takes no new file; those under way are finished.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
    /// Whether it is to stop.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
    /// Takes no new file until it is let go again.
    pub fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }
    /// Waits while it is held and not stopped.
    async fn until_let_go(&self) {
        const GLANCE: Duration = Duration::from_millis(20);
        while self.held.load(Ordering::Relaxed) && !self.is_stopped() {
            tokio::time::sleep(GLANCE).await;
        }
    }
    /// Files found while looking through the folder.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
    /// Files done with, however it ended.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }
    /// Bytes read of files.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
    fn saw(&self, files: u64) {
        self.seen.fetch_add(files, Ordering::Relaxed);
    }
    fn did(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
    fn read(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Whose library it goes to, by e-mail address; for the command line on the server itself.
pub async fn owner(vault: &Vault, email: &str) -> Result<Person, ImportError> {
    let unknown = || ImportError::NoAccount { email: email.into() };
    let folded = Email::parse(email).map_err(|_| unknown())?.folded();
    let found = vault
        .store()
        .read::<_, VaultError>(move |tx| Ok(tx.user_by_email(&folded)?))
        .await?;
    let (facts, _) = found.ok_or_else(unknown)?;
    if facts.status != UserStatus::Active {
        return Err(ImportError::Disabled { email: email.into() });
    }
    // No more than the library's owner may.
    Ok(Person {
        id: facts.id,
        role: Role::User,
        session: None,
    })
}

/// How many of a person's items wait to be processed, on the timeline and in the archive.
pub async fn waiting(vault: &Vault, owner: Person) -> Result<u64, VaultError> {
    let mut waiting = 0;
    for view in [View::Timeline, View::Archive] {
        let scope = scope_of(&Actor::Person(owner), view)?;
        waiting += vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.media_in_state(&scope, MediaState::Processing)?))
            .await?;
    }
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_held_import_waits_until_it_is_let_go_or_stopped() {
        const MOMENT: Duration = Duration::from_millis(60);
        for release in [|control: &Control| control.hold(false), Control::stop] {
            let control = Control::default();
            control.until_let_go().await;
            control.hold(true);
            assert!(tokio::time::timeout(MOMENT, control.until_let_go()).await.is_err());
            release(&control);
            control.until_let_go().await;
        }
    }
}
