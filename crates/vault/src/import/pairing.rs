//! What belongs to what: photos and videos, what lies beside them, and what is only a by-product.

use super::{
    Left, PlannedFile, sidecars,
    takeout::{self, Link, Notes},
    walk::{Entry, Folder, why_unreadable},
};
use media::sidecar::TakeoutNote;
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Files that belong together. All of them are taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pairs {
    /// A picture and the film of the same moment.
    pub live_photos: u64,
    /// A camera's raw file and its picture.
    pub raw_and_picture: u64,
}

/// What is found folder by folder.
pub(super) struct Matched {
    pub files: Vec<PlannedFile>,
    pub skipped: Vec<Left>,
    pub unreadable: Vec<Left>,
    pub pairs: Pairs,
    loose: Vec<LooseNote>,
}

/// Of a note only what tells where it belongs; the rest is read again when its file is taken in.
struct NoteFacts {
    title: Option<String>,
    trashed: bool,
}

impl From<TakeoutNote> for NoteFacts {
    fn from(note: TakeoutNote) -> NoteFacts {
        NoteFacts {
            title: note.file_name,
            trashed: note.trashed,
        }
    }
}

/// A note whose file is not in its folder.
struct LooseNote {
    path: PathBuf,
    name: String,
    note: NoteFacts,
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

const TRASHED: &str = "it was in the trash of Google Photos";
const NO_FILE: &str = "a note of Google Photos on a file that is not in this folder";

impl Matched {
    /// Begins with what was left out already.
    pub fn new(skipped: Vec<Left>, unreadable: Vec<Left>) -> Matched {
        Matched {
            files: vec![],
            skipped,
            unreadable,
            pairs: Pairs::default(),
            loose: vec![],
        }
    }

    fn skip(&mut self, path: &Path, why: &str) {
        self.skipped.push(Left::new(path, why));
    }

    /// Finds out what belongs to what in one folder.
    pub fn take_folder(&mut self, top: &Path, folder: &Folder) {
        let texts = folder.files.iter().map(|f| f.name.to_string_lossy().into_owned());
        let names: Vec<String> = texts.collect();
        let path = |at: usize| folder.path.join(&folder.files[at].name);
        let (mut own, mut notes, mut beside) = (vec![], vec![], vec![]);
        for (at, name) in names.iter().enumerate() {
            match looks(name) {
                Looks::Other => own.push(at),
                Looks::Xmp => beside.push((name.as_str(), at)),
                Looks::ByProduct => {
                    self.skip(
                        &path(at),
                        "what a camera or phone keeps for itself beside a photo or video",
                    );
                }
                Looks::Note => match sidecars::note(&top.join(path(at))) {
                    Ok(Some(note)) => notes.push((at, NoteFacts::from(note))),
                    Ok(None) => self.skip(&path(at), "no photo, video or sound"),
                    Err(error) => self.unreadable.push(Left::new(&path(at), why_unreadable(&error))),
                },
            }
        }
        let own_names: Vec<&str> = own.iter().map(|at| names[*at].as_str()).collect();
        self.pairs.count(&own_names);
        let titled = notes
            .iter()
            .map(|(at, note)| (names[*at].as_str(), note.title.as_deref()));
        let noted = Notes::new(titled).assign(&own_names);
        let sidecars = Sidecars::new(&beside);

        let mut used = HashSet::new();
        for ((at, name), note) in own.iter().zip(&own_names).zip(noted) {
            let Entry { size, modified, .. } = folder.files[*at];
            let xmp = sidecars.of(name);
            used.extend(note.map(|(n, _)| notes[n].0));
            used.extend(xmp);
            if note.is_some_and(|(n, _)| notes[n].1.trashed) {
                self.skip(&path(*at), TRASHED);
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
        for (_, at) in beside.iter().filter(|(_, at)| !used.contains(at)) {
            self.skip(&path(*at), "a sidecar of a file that is not in this folder");
        }
        let loose = notes.into_iter().filter(|(at, _)| !used.contains(at));
        self.loose.extend(loose.map(|(at, note)| LooseNote {
            path: path(at),
            name: names[at].clone(),
            note,
        }));
    }

    /// A large Takeout comes in several archives, and a file and its note may be in two of them. Unpacked side by side, they lie in folders
    /// of the same name.
    pub fn take_loose_notes(&mut self) {
        let mut by_folder: HashMap<OsString, (Vec<LooseNote>, Vec<usize>)> = HashMap::new();
        for loose in std::mem::take(&mut self.loose) {
            by_folder.entry(folder_name(&loose.path)).or_default().0.push(loose);
        }
        for (at, file) in self.files.iter().enumerate().filter(|(_, file)| file.note.is_none()) {
            if let Some((_, files)) = by_folder.get_mut(&folder_name(&file.path)) {
                files.push(at);
            }
        }
        let mut trashed = HashSet::new();
        for (notes, files) in by_folder.into_values() {
            let names = files
                .iter()
                .map(|at| self.files[*at].path.file_name().unwrap_or_default().to_string_lossy());
            let names: Vec<_> = names.collect();
            let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
            let titled = notes.iter().map(|l| (l.name.as_str(), l.note.title.as_deref()));
            let noted = Notes::new(titled).assign(&names);
            let mut used = HashSet::new();
            for (at, (n, link)) in files.into_iter().zip(noted).filter_map(|(at, note)| Some((at, note?))) {
                used.insert(n);
                self.files[at].note = Some(notes[n].path.clone());
                self.files[at].note_is_own = link == Link::Own;
                if notes[n].note.trashed {
                    trashed.insert(self.files[at].path.clone());
                }
            }
            for (n, loose) in notes.iter().enumerate() {
                if !used.contains(&n) {
                    self.skip(&loose.path, NO_FILE);
                }
            }
        }
        self.files.retain(|file| !trashed.contains(&file.path));
        self.skipped.extend(trashed.iter().map(|path| Left::new(path, TRASHED)));
    }
}

/// The name of the folder that a file lies in.
fn folder_name(path: &Path) -> OsString {
    path.parent().and_then(Path::file_name).unwrap_or_default().to_owned()
}

/// The XMP sidecars of a folder, by folded name without `.xmp`.
struct Sidecars(HashMap<String, usize>);

impl Sidecars {
    fn new(files: &[(&str, usize)]) -> Sidecars {
        let bare = files
            .iter()
            .map(|(name, at)| (takeout::split(name).0.to_lowercase(), *at));
        Sidecars(bare.collect())
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
