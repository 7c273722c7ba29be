//! Going on with an object after a pause or a crash: what is really there is read, opened and hashed.

use crate::{
    disk::Locked,
    error::{BlobError, Doing, Flaw},
    format::{EXTRA, FRAME, Footer, HEADER, Header, SALT, SLOT, Segment, array, frame_at, frames, plain_size, split},
    scratch::BATCH,
    seal::{Kind, ObjectKey, Opener, finish_sha256},
    store::{Blobs, Inner},
    tail::{self, Tail},
    writer::Writer,
};
use aws_lc_rs::digest;
use domain::{BlobId, Sha256};
use std::{
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
};

const READING: &str = "reading a received object";

/// A file whose header opens.
struct Opened {
    len: u64,
    header: [u8; HEADER],
    key: ObjectKey,
}

/// A finished object's footer.
struct End {
    facts: Footer,
    stored: Vec<u8>,
}

impl Blobs {
    /// Goes on with an object at the last byte that survived: at [`Writer::position`].
    ///
    /// Between sessions of one process this costs the reading of the last frame; after a restart all frames are opened and
    /// hashed once (about a second for each gigabyte). A finished object can be resumed too: finishing it again gives its record.
    pub fn resume(&self, id: BlobId) -> Result<Writer, BlobError> {
        let inner = &self.inner;
        let file = Locked::open(&inner.layout.staged(id), id)?;
        let parked = inner.recall(id);
        let Some(opened) = open(inner, &file, id)? else {
            let writer = Writer::begin(inner.clone(), id, file)?;
            writer.forget_tails()?;
            return Ok(writer);
        };
        let end = find_end(&file, &opened)?;
        let tail = match &end {
            Some(_) => None,
            None => tail::find(inner, id, &opened.key)?,
        };
        let known = match parked.filter(|p| end.is_none() && p.header == opened.header) {
            Some(parked) => Scan {
                position: parked.position,
                hash: parked.hash,
                segments: parked.segments,
            },
            None => Scan::default(),
        };
        let mut writer = blank(inner, id, file, opened)?;
        let found = match read(&mut writer, known, &end, &tail)? {
            // Less than was parked is left, so that the remembered hash is of no use.
            Found::Less => read(&mut writer, Scan::default(), &end, &tail)?,
            found => found,
        };
        settle_in(writer, end.filter(|_| found == Found::Finished))
    }

    /// How many plain bytes a `resume` would find, told by the length of the file and its tail; `None` if nothing is there.
    ///
    /// Cheap. After a power failure `resume` may find less, and from then on this says so too.
    pub fn received(&self, id: BlobId) -> Result<Option<u64>, BlobError> {
        let inner = &self.inner;
        let file = match File::open(inner.layout.staged(id)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.doing(READING)?,
        };
        let Some(opened) = open(inner, &file, id)? else {
            return Ok(Some(0));
        };
        if let Some(end) = find_end(&file, &opened)? {
            return Ok(Some(end.facts.plain_size));
        }
        let whole = (opened.len - HEADER as u64) / SLOT as u64;
        let beside = match tail::find(inner, id, &opened.key)? {
            Some(tail) if tail.index == whole => tail.plain.len() as u64,
            _ => 0,
        };
        Ok(Some(whole * FRAME as u64 + beside))
    }
}

/// Reads the header; `None` if the file ends before its header does, as after a crash at the very beginning.
fn open(inner: &Inner, file: &File, id: BlobId) -> Result<Option<Opened>, BlobError> {
    let damaged = |what| BlobError::Damaged { id, what };
    let len = file.metadata().doing(READING)?.len();
    if len < HEADER as u64 {
        return Ok(None);
    }
    let mut bytes = [0; HEADER];
    file.read_exact_at(&mut bytes, 0).doing(READING)?;
    let header = Header::decode(&bytes).map_err(damaged)?;
    if header.id != id {
        return Err(damaged(Flaw::Swapped));
    }
    let master = inner
        .ring
        .get(header.key_id)
        .ok_or(BlobError::WrongKey { key_id: header.key_id })?;
    let plain_part = Header::plain_part(id, header.key_id);
    let data = master
        .open_header(id, &plain_part, &header.data_key)
        .ok_or_else(|| damaged(Flaw::Key))?;
    Ok(Some(Opened {
        len,
        header: bytes,
        key: ObjectKey::new(data, &bytes),
    }))
}

/// The plain size and the number of segments that the end of the file tells, if it looks like the end of an object.
fn told_by_trailer(file: &File, len: u64) -> Result<Option<(u64, usize)>, BlobError> {
    let mut trailer = [0; Footer::TRAILER];
    let Some(at) = len.checked_sub(Footer::TRAILER as u64) else {
        return Ok(None);
    };
    file.read_exact_at(&mut trailer, at).doing(READING)?;
    Ok(Footer::read_trailer(&trailer).and_then(|count| Some((plain_size(len, count)?, count))))
}

/// Whether the file ends like a finished object. Needs no key, and proves nothing.
pub(crate) fn is_finished(file: &File) -> Result<bool, BlobError> {
    let len = file.metadata().doing(READING)?.len();
    Ok(told_by_trailer(file, len)?.is_some())
}

/// The footer, if the file ends with one that opens.
fn find_end(file: &File, opened: &Opened) -> Result<Option<End>, BlobError> {
    let Some((plain, count)) = told_by_trailer(file, opened.len)? else {
        return Ok(None);
    };
    let mut stored = vec![0; Footer::stored_len(count)];
    let at = opened.len - stored.len() as u64;
    file.read_exact_at(&mut stored, at).doing(READING)?;
    let sealed = &stored[..stored.len() - Footer::TRAILER];
    let facts = open_footer(&opened.key, sealed, plain);
    Ok(facts.map(|facts| End { facts, stored }))
}

/// Opens a footer without its trailer; `None` if it is not the one of an object of that plain size.
pub(crate) fn open_footer(key: &ObjectKey, sealed: &[u8], plain_size: u64) -> Option<Footer> {
    let salt: [u8; SALT] = array(sealed)?;
    let mut plain = vec![0; sealed.len().checked_sub(EXTRA)?];
    let opener = key.opener(&salt).ok()?;
    opener.open(Kind::Footer, frames(plain_size), sealed, &mut plain).ok()?;
    Footer::decode(&plain).filter(|facts| facts.plain_size == plain_size)
}

/// A writer at the very beginning of a file that has content.
fn blank(inner: &std::sync::Arc<Inner>, id: BlobId, file: Locked, opened: Opened) -> Result<Writer, BlobError> {
    let hash = digest::Context::new(&digest::SHA256);
    Ok(Writer {
        named: inner.names.ticket(),
        sealer: opened.key.sealer(inner.salt())?,
        buffer: inner.pool.take(),
        inner: inner.clone(),
        id,
        file,
        header: opened.header,
        key: opened.key,
        segments: Vec::new(),
        written: 0,
        sealed: 0,
        fill: 0,
        began_hash: hash.clone(),
        hash,
        began: 0,
        began_segments: 0,
        tail_at: None,
        footer: None,
        spent: false,
    })
}

/// What is known of the first `position` bytes.
struct Scan {
    position: u64,
    hash: digest::Context,
    segments: Vec<Segment>,
}

impl Default for Scan {
    fn default() -> Self {
        Scan {
            position: 0,
            hash: digest::Context::new(&digest::SHA256),
            segments: Vec::new(),
        }
    }
}

/// What there is in comparison with what should be.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// An object that is not finished, or whose end is lost.
    Part,
    /// A finished object with every frame.
    Finished,
    /// Not even what was known already.
    Less,
}

/// Reads on from what is known, and puts the writer at the place that is reached.
fn read(writer: &mut Writer, known: Scan, end: &Option<End>, tail: &Option<Tail>) -> Result<Found, BlobError> {
    let Scan {
        position,
        mut hash,
        mut segments,
    } = known;
    let (mut index, mut skip) = split(position);
    // Of a finished object the last frame is not a full one of the ordinary kind.
    let limit = end.as_ref().map(|e| frames(e.facts.plain_size) - 1);
    let mut plain = vec![0; FRAME];
    let mut opener: Option<Opener> = None;
    let mut batch = writer.inner.pool.take();
    'frames: loop {
        let wanted = limit.map_or(BATCH as u64, |limit| (limit - index).min(BATCH as u64));
        let got = read_up_to(
            &writer.file,
            // At most 16 slots, which the buffer has.
            &mut batch[..wanted as usize * SLOT],
            frame_at(index),
        )
        .doing(READING)?;
        for slot in batch[..got].chunks_exact(SLOT) {
            let Some(salt) = array(slot) else { break 'frames };
            let key = match opener.take() {
                Some(known) if *known.salt() == salt => known,
                _ => writer.key.opener(&salt)?,
            };
            if key.open(Kind::Frame, index, slot, &mut plain).is_err() {
                break 'frames;
            }
            opener = Some(key);
            if segments.last().is_none_or(|s| s.salt != salt) {
                segments.push(Segment { first: index, salt });
            }
            hash.update(&plain[skip..]);
            skip = 0;
            index += 1;
        }
        if got < BATCH * SLOT {
            break;
        }
    }
    writer.written = index;
    writer.fill = 0;
    let mut found = Found::Part;
    let beside = match (end, tail) {
        (Some(end), _) if Some(index) == limit => {
            let last = last_frame(writer, &end.facts, index)?;
            if last.is_some() {
                found = Found::Finished;
            }
            last
        }
        (_, Some(tail)) if tail.index == index => Some(tail.plain.clone()),
        _ => None,
    };
    match beside {
        Some(plain) if plain.len() >= skip => {
            writer.buffer[SALT..SALT + plain.len()].copy_from_slice(&plain);
            writer.fill = plain.len();
            hash.update(&plain[skip..]);
        }
        // The frame that the known bytes end in is gone.
        _ if skip > 0 => found = Found::Less,
        _ => {}
    }
    writer.hash = hash;
    writer.segments = segments;
    Ok(found)
}

/// The last frame of a finished object; `None` if it does not open.
fn last_frame(writer: &Writer, facts: &Footer, index: u64) -> Result<Option<Vec<u8>>, BlobError> {
    let (_, fill) = split(facts.plain_size);
    let mut slot = vec![0; fill + EXTRA];
    writer.file.read_exact_at(&mut slot, frame_at(index)).doing(READING)?;
    let (Some(salt), Some(expected)) = (array::<SALT>(&slot), facts.segments.last()) else {
        return Ok(None);
    };
    let mut plain = vec![0; fill];
    let opened = writer.key.opener(&salt)?.open(Kind::Last, index, &slot, &mut plain);
    Ok((opened.is_ok() && salt == expected.salt).then_some(plain))
}

/// Fixes the writer at the place that was found.
fn settle_in(mut writer: Writer, end: Option<End>) -> Result<Writer, BlobError> {
    match end {
        Some(end) => {
            // Frames of earlier, rolled-back sessions open too; only the footer tells which ones count.
            let mut table = end.facts.segments.clone();
            table.retain(|s| s.first < writer.written);
            let found = Sha256(finish_sha256(writer.hash.clone()));
            if table != writer.segments || found != end.facts.sha256 {
                return Err(BlobError::Damaged {
                    id: writer.id,
                    what: Flaw::Hash,
                });
            }
            writer.footer = Some(end.stored);
        }
        None => {
            let len = frame_at(writer.written);
            writer.file.set_len(len).doing("cutting an object")?;
            if writer.fill > 0 {
                writer.tail_at = Some(writer.position());
            }
            writer.reopen_last_frame()?;
        }
    }
    writer.began = writer.position();
    writer.began_hash = writer.hash.clone();
    writer.began_segments = writer.segments.len();
    Ok(writer)
}

/// Fills as much of the buffer as the file has from that place on.
pub(crate) fn read_up_to(file: &File, buffer: &mut [u8], mut at: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], at) {
            Ok(0) => break,
            Ok(n) => {
                done += n;
                at += n as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
