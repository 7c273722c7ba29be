//! What an import would do, worked out before anything is done.

use super::{
    Control, ImportError, Journal, Left, Options,
    journal::Key,
    shown, sidecars,
    takeout::{self, Link, Notes},
    walk::{self, Entry, Folder, why_unreadable},
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

/// Files that belong together. All of them are taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pairs {
    /// A picture and the film of the same moment.
    pub live_photos: u64,
    /// A camera's raw file and its picture.
    pub raw_and_picture: u64,
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
    let mut plan = Plan {
        top,
        owner,
        files: vec![],
        skipped: walked.skipped,
        unreadable: walked.unreadable,
        pairs: Pairs::default(),
        journal,
    };
    for folder in &walked.folders {
        plan.take_folder(folder);
    }
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

/// What a file is by the end of its name; what it really is, its content tells later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Note,
    Xmp,
    /// What a camera or phone makes for itself: small copies, settings.
    ByProduct,
    Other,
}

fn looks(name: &str) -> Looks {
    match takeout::split(name).1.to_lowercase().as_str() {
        ".json" => Looks::Note,
        ".xmp" => Looks::Xmp,
        ".thm" | ".lrv" | ".aae" => Looks::ByProduct,
        _ => Looks::Other,
    }
}

impl Plan {
    /// Finds out what belongs to what in one folder.
    fn take_folder(&mut self, folder: &Folder) {
        let names: Vec<String> = folder
            .files
            .iter()
            .map(|f| f.name.to_string_lossy().into_owned())
            .collect();
        let path = |at: usize| folder.path.join(&folder.files[at].name);
        let looks: Vec<Looks> = names.iter().map(|name| looks(name)).collect();
        let of = |kind: Looks| {
            looks
                .iter()
                .enumerate()
                .filter(move |(_, l)| **l == kind)
                .map(|(at, _)| at)
        };
        let files: Vec<usize> = of(Looks::Other).collect();
        let own: Vec<&str> = files.iter().map(|at| names[*at].as_str()).collect();

        let mut notes = vec![];
        for at in of(Looks::Note) {
            match sidecars::note(&self.top.join(path(at))) {
                Ok(Some(note)) => notes.push((at, note)),
                Ok(None) => self.skipped.push(Left::new(&path(at), "no photo, video or sound")),
                Err(error) => self.unreadable.push(Left::new(&path(at), why_unreadable(&error))),
            }
        }
        let titled = notes
            .iter()
            .map(|(at, note)| (names[*at].as_str(), note.file_name.as_deref()));
        let noted = Notes::new(titled).assign(&own);
        let sidecars = Sidecars::new(of(Looks::Xmp).map(|at| (names[at].as_str(), at)));

        let mut used = HashSet::new();
        for ((at, name), note) in files.iter().zip(&own).zip(&noted) {
            let Entry { size, modified, .. } = folder.files[*at];
            let xmp = sidecars.of(name);
            used.extend(note.map(|(n, _)| notes[n].0));
            used.extend(xmp);
            if note.is_some_and(|(n, _)| notes[n].1.trashed) {
                self.skipped
                    .push(Left::new(&path(*at), "it was in the trash of Google Photos"));
                continue;
            }
            self.files.push(PlannedFile {
                path: path(*at),
                size,
                modified,
                note: note.map(|(n, _)| path(notes[n].0)),
                note_is_own: note.is_some_and(|(_, link)| link == Link::Own),
                xmp: xmp.map(path),
                kind: None,
                already: None,
            });
        }
        for (at, why) in notes
            .iter()
            .map(|(at, _)| (*at, "a note of Google Photos on a file that is not in this folder"))
            .chain(of(Looks::Xmp).map(|at| (at, "a sidecar of a file that is not in this folder")))
        {
            if !used.contains(&at) {
                self.skipped.push(Left::new(&path(at), why));
            }
        }
        for at in of(Looks::ByProduct) {
            let why = "what a camera or phone keeps for itself beside a photo or video";
            self.skipped.push(Left::new(&path(at), why));
        }
        self.pairs.count(&own);
    }
}

/// The XMP sidecars of a folder, by folded name without `.xmp`.
struct Sidecars(HashMap<String, usize>);

impl Sidecars {
    fn new<'a>(files: impl Iterator<Item = (&'a str, usize)>) -> Sidecars {
        Sidecars(
            files
                .map(|(name, at)| (takeout::split(name).0.to_lowercase(), at))
                .collect(),
        )
    }
    /// `IMG.jpg.xmp`, or else `IMG.xmp`, which a raw file and its picture share.
    fn of(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        let stem = takeout::split(&name).0;
        self.0.get(&name).or_else(|| self.0.get(stem)).copied()
    }
}

impl Pairs {
    fn count(&mut self, names: &[&str]) {
        #[derive(Default)]
        struct Same {
            picture: bool,
            film: bool,
            raw: bool,
        }
        let mut by_stem: HashMap<String, Same> = HashMap::new();
        for name in names {
            let (stem, extension) = takeout::split(name);
            let same = by_stem.entry(stem.to_lowercase()).or_default();
            match extension.to_lowercase().as_str() {
                ".jpg" | ".jpeg" | ".heic" | ".heif" => same.picture = true,
                ".mov" | ".mp4" => same.film = true,
                ".dng" | ".cr2" | ".cr3" | ".nef" | ".arw" | ".orf" | ".rw2" | ".pef" | ".raf" | ".srw" => {
                    same.raw = true;
                }
                _ => {}
            }
        }
        for same in by_stem.values() {
            self.live_photos += u64::from(same.picture && same.film);
            self.raw_and_picture += u64::from(same.picture && same.raw);
        }
    }
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
