//! What an import would do, worked out before anything is done.

use super::{
    Control, ImportError, Journal, Left, Options,
    journal::Key,
    pairing::{Matched, Pairs},
    shown,
    walk::{self, why_unreadable},
};
use crate::{Vault, VaultError, ingest};
use domain::{At, MediaId, Person, UserId};
use media::{Kind, Type};
use serde::{Serialize, Serializer};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file that is to be taken in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedFile {
    /// From the top of the folder.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// When it was last changed.
    #[serde(skip)]
    pub modified: At,
    /// Google Takeout's note on it.
    #[serde(serialize_with = "maybe_shown", skip_serializing_if = "Option::is_none")]
    pub note: Option<PathBuf>,
    /// Whether the note is this file's own, and not that of its original or its picture.
    #[serde(skip)]
    pub note_is_own: bool,
    /// Its XMP sidecar.
    #[serde(serialize_with = "maybe_shown", skip_serializing_if = "Option::is_none")]
    pub xmp: Option<PathBuf>,
    /// Photo, video or sound by its content; `None` when it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The item that it became in an earlier import and still is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub already: Option<MediaId>,
}

fn maybe_shown<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => shown(path, to),
        None => to.serialize_none(),
    }
}

/// What an import would do.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// The folder, without links.
    #[serde(serialize_with = "shown")]
    pub top: PathBuf,
    /// Whose library it goes to.
    pub owner: UserId,
    /// What is taken in, by path.
    pub files: Vec<PlannedFile>,
    /// What is left out, and why.
    pub skipped: Vec<Left>,
    /// What could not be looked at.
    pub unreadable: Vec<Left>,
    /// What belongs together.
    pub pairs: Pairs,
    #[serde(skip)]
    pub(super) journal: Option<Journal>,
}

impl Plan {
    /// Bytes of the files that are to be read.
    pub fn bytes(&self) -> u64 {
        self.new_files().map(|file| file.size).sum()
    }
    /// The files that no earlier import took in.
    pub fn new_files(&self) -> impl Iterator<Item = &PlannedFile> {
        self.files.iter().filter(|file| file.already.is_none())
    }
    pub(super) fn key(&self, file: &PlannedFile) -> Key {
        Key::new(self.owner, &file.path, file.size, file.modified)
    }
}

/// Works out what an import of this folder into this person's library would do. Nothing is changed but that an empty journal is made.
pub async fn plan(
    vault: &Vault,
    owner: Person,
    dir: PathBuf,
    options: Options,
    control: Arc<Control>,
) -> Result<Plan, ImportError> {
    let looking = control.clone();
    let (mut plan, known) = tokio::task::spawn_blocking(move || look(owner.id, &dir, &options, &looking))
        .await
        .map_err(VaultError::from)??;
    let still = still_there(vault, owner.id, known.values().copied().collect()).await?;
    for file in &mut plan.files {
        let key = Key::new(owner.id, &file.path, file.size, file.modified);
        file.already = known.get(&key).copied().filter(|media| still.contains(media));
    }
    let plan = tokio::task::spawn_blocking(move || leave_out_what_is_no_media(plan, &control))
        .await
        .map_err(VaultError::from)?;
    Ok(plan)
}

fn look(
    owner: UserId,
    dir: &Path,
    options: &Options,
    control: &Control,
) -> Result<(Plan, HashMap<Key, MediaId>), ImportError> {
    let folder = |source| ImportError::Folder {
        path: dir.to_owned(),
        source,
    };
    let top = dir.canonicalize().map_err(folder)?;
    let walked = walk::walk(&top, &options.apart, control).map_err(folder)?;
    let (journal, known) = match options.journal.as_deref().map(Journal::open).transpose() {
        Ok(opened) => opened.unzip(),
        Err(error) => {
            // It only spares work.
            tracing::warn!(event = "import.no_journal", %error);
            (None, None)
        }
    };
    let mut matched = Matched::new(walked.skipped, walked.unreadable);
    for folder in &walked.folders {
        matched.take_folder(&top, folder);
    }
    matched.take_loose_notes();
    let plan = Plan {
        top,
        owner,
        files: matched.files,
        skipped: matched.skipped,
        unreadable: matched.unreadable,
        pairs: matched.pairs,
        journal,
    };
    Ok((plan, known.unwrap_or_default()))
}

/// Which of the items that an earlier import made are still this person's, in the trash or not.
async fn still_there(vault: &Vault, owner: UserId, noted: Vec<MediaId>) -> Result<HashSet<MediaId>, ImportError> {
    const AT_ONCE: usize = 1000;
    let mut still = HashSet::new();
    for some in noted.chunks(AT_ONCE) {
        let some = some.to_vec();
        let found = vault
            .store()
            .read::<_, VaultError>(move |tx| {
                let mut found = vec![];
                for media in some {
                    if tx.media_facts(media)?.is_some_and(|facts| facts.owner == owner) {
                        found.push(media);
                    }
                }
                Ok(found)
            })
            .await?;
        still.extend(found);
    }
    Ok(still)
}

/// Looks at the beginning of each file that no earlier import took in. Several at a time: it is mostly waiting for the disk.
fn leave_out_what_is_no_media(mut plan: Plan, control: &Control) -> Plan {
    const HANDS: usize = 4;
    let files = std::mem::take(&mut plan.files);
    let share = files.len().div_ceil(HANDS).max(1);
    let top = &plan.top;
    let found: Vec<Result<Look, String>> = std::thread::scope(|scope| {
        let hands: Vec<_> = files
            .chunks(share)
            .map(|some| {
                let look = move || -> Vec<_> { some.iter().map(|file| look_at(top, file, control)).collect() };
                (some.len(), scope.spawn(look))
            })
            .collect();
        let failed = |n| vec![Err("looking at it failed".to_owned()); n];
        let joined = hands
            .into_iter()
            .flat_map(|(n, hand)| hand.join().unwrap_or_else(|_| failed(n)));
        joined.collect()
    });
    for (mut file, found) in files.into_iter().zip(found) {
        match found {
            Ok(Look::Spared) => plan.files.push(file),
            Ok(Look::Media(kind)) => {
                file.kind = Some(kind);
                plan.files.push(file);
            }
            Ok(Look::Other) => plan.skipped.push(Left::new(&file.path, "no photo, video or sound")),
            Err(why) => plan.unreadable.push(Left::new(&file.path, why)),
        }
    }
    plan.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    plan
}

#[derive(Clone)]
enum Look {
    Media(Kind),
    Other,
    /// It is known, or nobody waits for the answer any more.
    Spared,
}

fn look_at(top: &Path, file: &PlannedFile, control: &Control) -> Result<Look, String> {
    if file.already.is_some() || control.is_stopped() {
        return Ok(Look::Spared);
    }
    let found = sniff(&top.join(&file.path)).map_err(|error| why_unreadable(&error))?;
    Ok(found.map_or(Look::Other, |found| Look::Media(found.kind)))
}

/// Most files tell what they are at once; for the others as much is read as for an upload.
fn sniff(path: &Path) -> io::Result<Option<Type>> {
    const FIRST: u64 = 4096;
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(ingest::HEAD);
    file.by_ref().take(FIRST).read_to_end(&mut head)?;
    if let Some(found) = media::sniff(&head) {
        return Ok(Some(found));
    }
    file.take(ingest::HEAD as u64 - FIRST).read_to_end(&mut head)?;
    Ok(media::sniff(&head))
}
