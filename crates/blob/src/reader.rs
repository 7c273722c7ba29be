//! The one door to plain bytes. Only the frames that are asked for are read and opened; a damaged one yields nothing.

use crate::{
    at_hand::Near,
    error::{BlobError, Doing, Flaw},
    format::{EXTRA, FRAME, Footer, HEADER, Header, MAX_PLAIN, SLOT, array, frame_at, frames, frames_end},
    resume::{open_footer, read_up_to},
    scratch::{BATCH, Pool},
    seal::{Kind, ObjectKey, Opener, sha256},
    store::{Blobs, Inner},
};
use domain::{Allowed, BlobId, BlobRecord, Sha256, policy::Opens};
use std::{
    fs::File,
    io::ErrorKind,
    num::NonZeroU64,
    ops::Range,
    os::unix::fs::FileExt,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Objects of up to that many stored bytes are read by one call.
const SMALL: usize = 128 << 10;
/// The most stored bytes that are opened where nothing must block: enough for a preview.
const AT_HAND: usize = 768 << 10;
const READING: &str = "reading an object";

/// A stored object, open for reading. It may be shared between threads.
pub struct Reader {
    id: BlobId,
    plain_size: u64,
    bytes: Bytes,
    key: ObjectKey,
    segments: Vec<(crate::format::Segment, OnceLock<Opener>)>,
    pool: Pool,
    /// The frame that was last opened for a part of it, so that small steps do not open it again each time.
    recent: Mutex<Option<(u64, Vec<u8>)>>,
}

enum Bytes {
    /// A piece of the file, and where it begins.
    Memory(u64, Vec<u8>),
    File(File),
}

impl Blobs {
    /// Opens an object for whoever may. It is found whether or not it is settled.
    ///
    /// Length, header and footer are compared with the row here; frames are when they are read.
    pub fn reader<A: Opens>(&self, _proof: &Allowed<A>, record: &BlobRecord) -> Result<Reader, BlobError> {
        let file = find(&self.inner, record.id)?;
        Reader::open(&self.inner, file, record)
    }

    /// These plain bytes, without ever waiting for a disk, so that it may be called where nothing must block: the system holds the
    /// object's name and all that must be read in memory, and it is not much; or they were asked for a moment ago. `None`: ask
    /// [`Blobs::reader`], where waiting is allowed.
    pub fn at_hand<A: Opens>(
        &self,
        _proof: &Allowed<A>,
        record: &BlobRecord,
        plain: Range<u64>,
    ) -> Option<Result<bytes::Bytes, BlobError>> {
        let recent = &self.inner.recent;
        if let Some(known) = recent.get(record.id, &plain) {
            return Some(Ok(known));
        }
        let reader = self.reader_at_hand(record, &plain)?;
        let read = reader.and_then(|reader| {
            let len = plain.end.min(record.plain_size).saturating_sub(plain.start);
            // As much as was read at hand, so it is little.
            let mut piece = vec![0; usize::try_from(len).unwrap_or(0)];
            reader.read_at(plain.start, &mut piece)?;
            Ok(piece.into())
        });
        if let Ok(piece) = &read {
            recent.keep(record.id, &plain, piece);
        }
        Some(read)
    }

    /// A reader of these plain bytes and no others.
    fn reader_at_hand(&self, record: &BlobRecord, plain: &Range<u64>) -> Option<Result<Reader, BlobError>> {
        let stored = Stored::of(record, record.stored_size).ok()?;
        let (start, end) = (plain.start.min(record.plain_size), plain.end.min(record.plain_size));
        // The header lies before the first frame: one look at the file for both.
        let from = match start / FRAME as u64 {
            0 => 0,
            index => frame_at(index),
        };
        let to = frame_at(end.max(1).div_ceil(FRAME as u64)).min(stored.frames_end);
        let len = usize::try_from(to.checked_sub(from)?)
            .ok()
            .filter(|len| *len <= AT_HAND)?;
        let near = Near::open(&self.inner.layout.object(record.id))?;
        if near.size() != record.stored_size {
            // Somebody looks at it again, and says what is wrong.
            return None;
        }
        let piece = near.read(from, len)?;
        let header = match from {
            0 => array(&piece)?,
            _ => array(&near.read(0, HEADER)?)?,
        };
        let ends = (header, near.read(stored.frames_end, stored.footer_len)?);
        let bytes = Bytes::Memory(from, piece);
        Some(Reader::assemble(&self.inner, record, ends, bytes))
    }
}

/// The object's file. It may be settled between the first look and the second; hence a third.
pub(crate) fn find(inner: &Inner, id: BlobId) -> Result<File, BlobError> {
    let (settled, staged) = (inner.layout.object(id), inner.layout.staged(id));
    for path in [&settled, &staged, &settled] {
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => return other.doing("opening an object"),
        }
    }
    Err(BlobError::Missing { id })
}

/// Where the parts of an object lie in its file.
#[derive(Clone, Copy)]
struct Stored {
    frames_end: u64,
    footer_len: usize,
}

impl Stored {
    /// `found`: how long the file is.
    fn of(record: &BlobRecord, found: u64) -> Result<Stored, BlobError> {
        (record.plain_size <= MAX_PLAIN)
            .then(|| record.stored_size.checked_sub(frames_end(record.plain_size)))
            .flatten()
            .filter(|len| found == record.stored_size && Footer::segments_in(*len).is_some())
            .and_then(|len| usize::try_from(len).ok())
            .map(|footer_len| Stored {
                frames_end: frames_end(record.plain_size),
                footer_len,
            })
            .ok_or(BlobError::Damaged {
                id: record.id,
                what: Flaw::Length {
                    expected: record.stored_size,
                    found,
                },
            })
    }
}

impl Reader {
    pub(crate) fn open(inner: &Inner, file: File, record: &BlobRecord) -> Result<Reader, BlobError> {
        let found = file.metadata().doing(READING)?.len();
        let stored = Stored::of(record, found)?;
        let damaged = |what| BlobError::Damaged { id: record.id, what };
        let piece = |at, len| read(&file, record.id, at, len);
        let (ends, bytes) = if found <= SMALL as u64 {
            let all = piece(0, found as usize)?;
            // The cut is inside: the length was compared.
            (
                (array(&all), all[stored.frames_end as usize..].to_vec()),
                Bytes::Memory(0, all),
            )
        } else {
            let ends = (array(&piece(0, HEADER)?), piece(stored.frames_end, stored.footer_len)?);
            (ends, Bytes::File(file))
        };
        let (Some(header), footer) = ends else {
            return Err(damaged(Flaw::Header));
        };
        Reader::assemble(inner, record, (header, footer), bytes)
    }

    fn assemble(
        inner: &Inner,
        record: &BlobRecord,
        (header, footer): ([u8; HEADER], Vec<u8>),
        bytes: Bytes,
    ) -> Result<Reader, BlobError> {
        let id = record.id;
        let damaged = |what| BlobError::Damaged { id, what };
        let master = inner
            .ring
            .get(record.key_id)
            .ok_or(BlobError::WrongKey { key_id: record.key_id })?;
        let opening = master.open(id, &record.wrapped_key).ok_or_else(|| damaged(Flaw::Key))?;
        if Header::decode(&header).map_err(damaged)?.id != id {
            return Err(damaged(Flaw::Swapped));
        }
        if sha256(&[&header, &footer]) != opening.commitment {
            return Err(damaged(Flaw::Ends));
        }
        let key = ObjectKey::new(opening.data, &header);
        let facts = open_footer(&key, &footer[..footer.len() - Footer::TRAILER], record.plain_size)
            .ok_or_else(|| damaged(Flaw::Ends))?;
        if facts.sha256 != record.sha256 {
            return Err(damaged(Flaw::Hash));
        }
        let reader = Reader {
            id,
            plain_size: record.plain_size,
            bytes,
            key,
            segments: facts.segments.into_iter().map(|s| (s, OnceLock::new())).collect(),
            pool: inner.pool.clone(),
            recent: Mutex::new(None),
        };
        if let (0, Bytes::Memory(from, all)) = (reader.plain_size, &reader.bytes) {
            // Nobody will ask for bytes of the one frame that it has.
            reader.open_frame(0, reader.cut(all, *from, 0, EXTRA)?, &mut [])?;
        }
        Ok(reader)
    }

    /// Plain bytes of the object.
    pub fn len(&self) -> u64 {
        self.plain_size
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.plain_size == 0
    }

    /// Tells the system that nobody will read it soon: its bytes need not stay in memory.
    pub fn let_go(&self) {
        if let Bytes::File(file) = &self.bytes {
            // Where it is not understood nothing is lost.
            let _kept = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
        }
    }

    /// Fills `buf` with the plain bytes from `offset` on, as far as there are any; returns how many.
    ///
    /// Most economical for pieces of a megabyte. On an error `buf` holds no plain bytes.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize, BlobError> {
        let rest = self.plain_size.saturating_sub(offset);
        let len = usize::try_from(rest).map_or(buf.len(), |rest| rest.min(buf.len()));
        let out = &mut buf[..len];
        self.announce(offset, len);
        let done = self.fill(offset, out);
        if done.is_err() {
            out.fill(0);
        }
        done.map(|()| len)
    }

    /// A piece that begins inside of a frame and goes on behind it takes several reads: the disk is told of all of them at once.
    fn announce(&self, offset: u64, len: usize) {
        let (first, behind) = (offset / FRAME as u64, (offset + len as u64).div_ceil(FRAME as u64));
        if let Bytes::File(file) = &self.bytes
            && !offset.is_multiple_of(FRAME as u64)
            && behind - first > 1
        {
            let (from, to) = (frame_at(first), frame_at(behind));
            // Where it is not understood, they are read one after the other.
            let _told = rustix::fs::fadvise(file, from, NonZeroU64::new(to - from), rustix::fs::Advice::WillNeed);
        }
    }

    fn fill(&self, mut at: u64, mut out: &mut [u8]) -> Result<(), BlobError> {
        while !out.is_empty() {
            let (index, within) = (at / FRAME as u64, (at % FRAME as u64) as usize);
            let len = self.frame_len(index);
            let done = if within == 0 && out.len() >= len {
                self.whole_frames(index, out)?
            } else {
                let part = out.len().min(len - within);
                self.part(index, within, &mut out[..part])?;
                part
            };
            at += done as u64;
            out = &mut out[done..];
        }
        Ok(())
    }

    /// Opens as many whole frames as fit, at most a batch, straight into `out`; returns the plain bytes.
    fn whole_frames(&self, first: u64, out: &mut [u8]) -> Result<usize, BlobError> {
        let mut count = (out.len() / FRAME).min(BATCH);
        let mut plain = count * FRAME;
        let rest = self.plain_size - first * FRAME as u64;
        if rest <= out.len() as u64 && rest <= (BATCH * FRAME) as u64 {
            // To the end of the object, whose last frame is not full. At most a megabyte.
            (count, plain) = (frames(rest) as usize, rest as usize);
        }
        let stored = plain + count * EXTRA;
        let open_all = |slots: &[u8], out: &mut [u8]| {
            slots
                .chunks(SLOT)
                .zip(out.chunks_mut(FRAME))
                .zip(first..)
                .try_for_each(|((slot, out), index)| self.open_frame(index, slot, out))
        };
        match &self.bytes {
            Bytes::Memory(from, all) => open_all(self.cut(all, *from, first, stored)?, &mut out[..plain])?,
            Bytes::File(file) => {
                let mut buffer = self.pool.take();
                let slots = &mut buffer[..stored];
                self.read_slots(file, first, slots)?;
                open_all(slots, &mut out[..plain])?;
            }
        }
        Ok(plain)
    }

    fn part(&self, index: u64, within: usize, out: &mut [u8]) -> Result<(), BlobError> {
        // A frame is put there whole or not at all.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.as_ref().is_none_or(|(kept, _)| *kept != index) {
            let mut plain = recent.take().map(|(_, plain)| plain).unwrap_or_default();
            plain.resize(self.frame_len(index), 0);
            self.whole_frames(index, &mut plain)?;
            *recent = Some((index, plain));
        }
        if let Some((_, plain)) = &*recent {
            out.copy_from_slice(&plain[within..within + out.len()]);
        }
        Ok(())
    }

    fn frame_len(&self, index: u64) -> usize {
        // At most 65536.
        (self.plain_size - index * FRAME as u64).min(FRAME as u64) as usize
    }

    fn cut<'a>(&self, all: &'a [u8], from: u64, first: u64, stored: usize) -> Result<&'a [u8], BlobError> {
        let at = frame_at(first)
            .checked_sub(from)
            .and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| all.get(at..at + stored)).ok_or(self.bad_frame(first))
    }

    fn read_slots(&self, file: &File, first: u64, slots: &mut [u8]) -> Result<(), BlobError> {
        let got = read_up_to(file, slots, frame_at(first)).doing(READING)?;
        if got < slots.len() {
            return Err(self.bad_frame(first + (got / SLOT) as u64));
        }
        Ok(())
    }

    fn open_frame(&self, index: u64, slot: &[u8], out: &mut [u8]) -> Result<(), BlobError> {
        let kind = if index + 1 == frames(self.plain_size) {
            Kind::Last
        } else {
            Kind::Frame
        };
        let after = self.segments.partition_point(|(s, _)| s.first <= index);
        let Some((segment, opener)) = after.checked_sub(1).and_then(|i| self.segments.get(i)) else {
            return Err(self.bad_frame(index));
        };
        let opener = match opener.get() {
            Some(known) => known,
            None => {
                let made = self.key.opener(&segment.salt)?;
                opener.get_or_init(|| made)
            }
        };
        opener.open(kind, index, slot, out).map_err(|_| self.bad_frame(index))
    }

    fn bad_frame(&self, index: u64) -> BlobError {
        BlobError::Damaged {
            id: self.id,
            what: Flaw::Frame(index),
        }
    }

    /// Opens every frame and hashes the whole.
    pub(crate) fn check(&self, expected: Sha256) -> Result<(), BlobError> {
        let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut piece = vec![0; BATCH * FRAME];
        let mut at = 0;
        while at < self.plain_size {
            let done = self.read_at(at, &mut piece)?;
            hash.update(&piece[..done]);
            at += done as u64;
        }
        if Sha256(crate::seal::finish_sha256(hash)) == expected {
            Ok(())
        } else {
            Err(BlobError::Damaged {
                id: self.id,
                what: Flaw::Hash,
            })
        }
    }
}

/// Reads exactly that piece.
fn read(file: &File, id: BlobId, at: u64, len: usize) -> Result<Vec<u8>, BlobError> {
    let mut bytes = vec![0; len];
    match file.read_exact_at(&mut bytes, at) {
        // It had this length a moment ago.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(BlobError::Damaged {
            id,
            what: Flaw::Length {
                expected: at + len as u64,
                found: at,
            },
        }),
        other => other.doing(READING).map(|()| bytes),
    }
}
