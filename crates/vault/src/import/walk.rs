//! Looking through a folder: what lies in it, folder by folder, and what is passed over without a look inside.

use super::{Control, Left};
use domain::At;
use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// One folder's files, by name.
pub(super) struct Folder {
    /// From the top; empty for the top itself.
    pub path: PathBuf,
    pub files: Vec<Entry>,
}

/// A file with something in it.
pub(super) struct Entry {
    pub name: std::ffi::OsString,
    pub size: u64,
    pub modified: At,
}

/// What lies in a folder and all below it.
#[derive(Default)]
pub(super) struct Walked {
    pub folders: Vec<Folder>,
    pub skipped: Vec<Left>,
    /// What could not be looked at.
    pub unreadable: Vec<Left>,
}

/// Looks through `top`. Links are not followed, so that it ends and stays within. `apart` are folders that are never entered.
pub(super) fn walk(top: &Path, apart: &[PathBuf], control: &Control) -> io::Result<Walked> {
    let mut walked = Walked::default();
    let mut waiting = vec![PathBuf::new()];
    while let Some(path) = waiting.pop() {
        if control.is_stopped() {
            break;
        }
        let entries = match fs::read_dir(top.join(&path)) {
            Ok(entries) => entries,
            // The top alone must be readable; whatever fails below is only noted.
            Err(error) if path.as_os_str().is_empty() => return Err(error),
            Err(error) => {
                walked.unreadable.push(Left::new(&path, why_unreadable(&error)));
                continue;
            }
        };
        let mut files = vec![];
        for entry in entries {
            let looked = entry.and_then(|entry| {
                let meta = fs::symlink_metadata(entry.path())?;
                Ok((entry.file_name(), meta))
            });
            let (name, meta) = match looked {
                Ok(found) => found,
                // It went away between the listing and the look.
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    walked.unreadable.push(Left::new(&path, why_unreadable(&error)));
                    continue;
                }
            };
            let here = path.join(&name);
            if meta.is_dir() {
                match passed_over(&name, &top.join(&here), apart) {
                    Some(why) => walked.skipped.push(Left::new(&here, why)),
                    None => waiting.push(here),
                }
            } else if let Some(why) = passed_by(&name, &meta) {
                walked.skipped.push(Left::new(&here, why));
            } else {
                files.push(Entry {
                    name,
                    size: meta.len(),
                    modified: modified(&meta),
                });
            }
        }
        control.saw(files.len() as u64);
        files.sort_by(|a, b| a.name.cmp(&b.name));
        walked.folders.push(Folder { path, files });
    }
    walked.folders.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walked)
}

/// When a file was last changed.
pub(super) fn modified(meta: &fs::Metadata) -> At {
    At(meta
        .mtime()
        .saturating_mul(At::SECOND)
        .saturating_add(meta.mtime_nsec() / 1000))
}

/// Why something could not be read, in plain words.
pub(super) fn why_unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "it may not be read by the user that runs the import".into(),
        io::ErrorKind::NotFound => "it is not there any more".into(),
        _ => format!("it cannot be read: {error}"),
    }
}

/// Folders that hold other programs' thumbnails, rubbish and copies.
const FOLDERS: [&str; 8] = [
    "@eadir",
    "#recycle",
    "#snapshot",
    "@recycle",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__macosx",
];

fn passed_over(name: &OsStr, whole: &Path, apart: &[PathBuf]) -> Option<&'static str> {
    let name = name.to_string_lossy().to_lowercase();
    if apart.iter().any(|a| a == whole) {
        return Some("Media Vault keeps its own data there");
    }
    if name.starts_with('.') {
        return Some("a hidden folder");
    }
    FOLDERS
        .contains(&name.as_str())
        .then_some("a folder of thumbnails or rubbish of another program")
}

fn passed_by(name: &OsStr, meta: &fs::Metadata) -> Option<&'static str> {
    let name = name.to_string_lossy().to_lowercase();
    let kind = meta.file_type();
    if kind.is_symlink() {
        return Some("a link; links are not followed");
    }
    if !kind.is_file() {
        return Some("not a file");
    }
    if name.starts_with(".trashed-") {
        return Some("it was in the phone's trash");
    }
    if name.starts_with('.') {
        return Some("a hidden file");
    }
    if matches!(
        name.as_str(),
        "thumbs.db" | "desktop.ini" | "ehthumbs.db" | "picasa.ini"
    ) {
        return Some("a file of another program's own");
    }
    (meta.len() == 0).then_some("the file is empty")
}
