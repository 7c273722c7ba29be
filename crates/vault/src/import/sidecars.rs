//! Reading what lies beside a file, and putting it together into what is known of the file when it arrives.

use super::{PlannedFile, takeout};
use crate::upload::Details;
use media::{
    Metadata,
    sidecar::{self, TakeoutNote},
};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Notes have some kilobytes; sidecars of photos with many retouched places have a few megabytes.
const LARGEST: u64 = 8 << 20;

/// Reads a Takeout note; `None` when the file is something else.
pub(super) fn note(path: &Path) -> io::Result<Option<TakeoutNote>> {
    Ok(sidecar::parse_takeout_json(&bounded(path)?))
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is known of a file, and the name that it goes by. A sidecar that cannot be read is an error: the file would lose its date without a word.
pub(super) fn details(top: &Path, file: &PlannedFile) -> io::Result<(String, Details)> {
    let own = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut name = own.clone();
    let mut details = Details {
        modified_at: Some(file.modified),
        ..Details::default()
    };
    let mut beside = None;
    if let Some(xmp) = &file.xmp {
        beside = sidecar::parse_xmp(&bounded(&top.join(xmp))?);
    }
    if let Some(found) = &file.note
        && let Some(note) = note(&top.join(found))?
    {
        details.archived = note.archived;
        if file.note_is_own
            && let Some(title) = &note.file_name
        {
            name = takeout::original_name(&own, title).unwrap_or(own);
        }
        beside = Some(match beside {
            Some(xmp) => together(xmp, note.metadata),
            None => note.metadata,
        });
    }
    details.sidecar = beside;
    Ok((name, details))
}

/// The sidecar was written by a program that knew the file better; the note fills what it leaves open.
fn together(xmp: Metadata, note: Metadata) -> Metadata {
    Metadata {
        taken: xmp.taken.or(note.taken),
        gps: xmp.gps.or(note.gps),
        description: xmp.description.or(note.description),
        favorite: xmp.favorite || note.favorite,
        ..xmp
    }
}
