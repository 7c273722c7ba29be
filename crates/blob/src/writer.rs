//! Receiving an object: hash, seal, write, in pieces of a megabyte.

use crate::{
    dir_sync::Ticket,
    disk::{Locked, remove},
    error::{BlobError, Doing, Flaw, Ignore},
    format::{EXTRA, FRAME, HEADER, Header, SALT, SLOT, Segment, frame_at, split},
    scratch::{BATCH, Scratch},
    seal::{Kind, ObjectKey, Sealer, finish_sha256},
    store::{Inner, Parked},
    tail,
};
use aws_lc_rs::digest;
use domain::{BlobId, Sha256};
use std::{os::unix::fs::FileExt, sync::Arc};
use zeroize::Zeroizing;

/// An object that is being received. Nobody else can write it meanwhile.
///
/// Dropped without [`Writer::park`] or [`Writer::finish`] it is as after a crash: [`Blobs::resume`](crate::Blobs::resume)
/// finds what reached the disk. After an error a writer is spent.
pub struct Writer {
    pub(crate) inner: Arc<Inner>,
    pub(crate) id: BlobId,
    pub(crate) file: Locked,
    pub(crate) header: [u8; HEADER],
    pub(crate) key: ObjectKey,
    pub(crate) sealer: Sealer,
    /// Of the frames that are sealed, written or not.
    pub(crate) segments: Vec<Segment>,
    pub(crate) buffer: Scratch,
    /// Frames in the file.
    pub(crate) written: u64,
    /// Sealed frames at the beginning of the buffer.
    pub(crate) sealed: usize,
    /// Plain bytes in the slot behind them. Zero only when the object is empty: a full frame waits here until it is known whether another follows.
    pub(crate) fill: usize,
    pub(crate) hash: digest::Context,
    /// Where this writer began; it cannot be rolled back further.
    pub(crate) began: u64,
    pub(crate) began_hash: digest::Context,
    pub(crate) began_segments: usize,
    /// The position that the tail on disk stands for.
    pub(crate) tail_at: Option<u64>,
    /// The footer that is in the file, if the object was finished before and nothing was written since.
    pub(crate) footer: Option<Vec<u8>>,
    /// When the file's name is durable.
    pub(crate) named: Ticket,
    pub(crate) spent: bool,
}

impl Writer {
    /// Begins with an empty file.
    pub(crate) fn begin(inner: Arc<Inner>, id: BlobId, file: Locked) -> Result<Writer, BlobError> {
        let master = inner.ring.current();
        let data = Zeroizing::new(inner.draw());
        let plain_part = Header::plain_part(id, master.id());
        let data_key = master.wrap_in_header(id, &plain_part, &data, inner.draw())?;
        let header = Header {
            id,
            key_id: master.id(),
            data_key,
        }
        .encode();
        file.set_len(0).doing("beginning an object")?;
        file.write_all_at(&header, 0).doing("beginning an object")?;
        let key = ObjectKey::new(data, &header);
        let hash = digest::Context::new(&digest::SHA256);
        Ok(Writer {
            named: inner.names.ticket(),
            sealer: key.sealer(inner.salt())?,
            buffer: inner.pool.take(),
            inner,
            id,
            file,
            header,
            key,
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

    /// Plain bytes received so far.
    pub fn position(&self) -> u64 {
        (self.written + self.sealed as u64) * FRAME as u64 + self.fill as u64
    }

    /// The hash of all plain bytes received so far.
    pub fn sha256_so_far(&self) -> Sha256 {
        Sha256(finish_sha256(self.hash.clone()))
    }

    /// Takes the next bytes. They may wait in memory, at most a megabyte of them, until `park` or `finish`.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.attempt(|writer| writer.take(bytes))
    }

    /// Runs what changes the writer; if it fails half-way, the writer is spent.
    pub(crate) fn attempt<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, BlobError>) -> Result<T, BlobError> {
        if self.spent {
            return Err(BlobError::Spent { id: self.id });
        }
        self.spent = true;
        let done = run(self)?;
        self.spent = false;
        Ok(done)
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.reopen_finished()?;
        while !bytes.is_empty() {
            if self.fill == FRAME {
                self.seal_open_slot(Kind::Frame)?;
            }
            if self.fill == 0 && bytes.len() > FRAME {
                // A whole frame and something behind it: sealed straight out of the caller's memory.
                let (frame, rest) = bytes.split_at(FRAME);
                self.hash.update(frame);
                let index = self.next_index();
                let slot = self.sealed * SLOT;
                self.sealer
                    .seal_into(Kind::Frame, index, frame, &mut self.buffer[slot..slot + SLOT])?;
                self.sealed_one(index)?;
                bytes = rest;
                continue;
            }
            let (now, rest) = bytes.split_at(bytes.len().min(FRAME - self.fill));
            self.hash.update(now);
            let at = self.sealed * SLOT + SALT + self.fill;
            self.buffer[at..at + now.len()].copy_from_slice(now);
            self.fill += now.len();
            bytes = rest;
        }
        Ok(())
    }

    /// The frame that is being filled.
    pub(crate) fn next_index(&self) -> u64 {
        self.written + self.sealed as u64
    }

    fn open_slot(&self) -> &[u8] {
        let at = self.sealed * SLOT + SALT;
        &self.buffer[at..at + self.fill]
    }

    pub(crate) fn seal_open_slot(&mut self, kind: Kind) -> Result<(), BlobError> {
        let index = self.next_index();
        let at = self.sealed * SLOT;
        let end = at + self.fill + EXTRA;
        self.sealer.seal_in_place(kind, index, &mut self.buffer[at..end])?;
        if kind == Kind::Frame {
            self.fill = 0;
            self.sealed_one(index)?;
        } else {
            self.note_segment(index);
        }
        Ok(())
    }

    fn note_segment(&mut self, index: u64) {
        let salt = *self.sealer.salt();
        if self.segments.last().is_none_or(|s| s.salt != salt) {
            self.segments.push(Segment { first: index, salt });
        }
    }

    fn sealed_one(&mut self, index: u64) -> Result<(), BlobError> {
        self.note_segment(index);
        self.sealed += 1;
        if self.sealed == BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes the sealed frames.
    fn flush(&mut self) -> Result<(), BlobError> {
        let len = self.sealed * SLOT;
        if len == 0 {
            return Ok(());
        }
        let at = frame_at(self.written);
        let written = self.file.write_all_at(&self.buffer[..len], at);
        if written.is_err() {
            // On a full disk its room is of use.
            self.file
                .set_len(at)
                .ignore("half a frame is no harm; the failed write is reported just below");
        }
        written.doing("writing an object")?;
        if self.written == 0 {
            // It is not a small one: its name can reach the disk while the rest is hashed and sealed.
            self.inner.early.nudge();
        }
        self.buffer.copy_within(len..len + SALT + self.fill, 0);
        self.written += self.sealed as u64;
        self.sealed = 0;
        Ok(())
    }

    /// Draws a new key for all that is sealed from here on.
    fn new_session(&mut self) -> Result<(), BlobError> {
        self.sealer = self.key.sealer(self.inner.salt())?;
        Ok(())
    }

    /// Ends for now. All bytes so far survive the end of the process; returns how many they are.
    ///
    /// A power failure may take the newest of them: only [`Writer::finish`] waits for the disk.
    pub fn park(mut self) -> Result<u64, BlobError> {
        self.attempt(|writer| {
            if writer.footer.is_some() {
                return Ok(());
            }
            writer.flush()?;
            let position = writer.position();
            if writer.fill > 0 && writer.tail_at != Some(position) {
                writer.put_tail()?;
            }
            Ok(())
        })?;
        let position = self.position();
        // What `drop` remembers: this very place.
        self.began = position;
        self.began_hash = self.hash.clone();
        self.began_segments = self.segments.len();
        Ok(position)
    }

    /// Puts the open slot aside and begins a new session, since this one has now sealed that index.
    pub(crate) fn put_tail(&mut self) -> Result<(), BlobError> {
        let index = self.next_index();
        let at = self.sealed * SLOT + SALT;
        let plain = &self.buffer[at..at + self.fill];
        tail::put(&self.inner, self.id, &mut self.sealer, index, plain)?;
        self.tail_at = Some(self.position());
        self.new_session()
    }

    /// Takes back the end of an object that was finished before, as more bytes follow after all.
    fn reopen_finished(&mut self) -> Result<(), BlobError> {
        if self.footer.is_none() {
            return Ok(());
        }
        if self.fill > 0 {
            self.put_tail()?;
        }
        self.cut()?;
        self.footer = None;
        Ok(())
    }

    /// Cuts the file behind the frames that count, and forgets the sessions of the others.
    fn cut(&mut self) -> Result<(), BlobError> {
        self.file.set_len(frame_at(self.written)).doing("cutting an object")?;
        self.segments.retain(|s| s.first < self.written);
        Ok(())
    }

    /// Loads the last frame of the file into the open slot, where there must be nothing, and takes it out of the file.
    /// First it is put aside, so that at no moment it is only in memory.
    pub(crate) fn reopen_last_frame(&mut self) -> Result<(), BlobError> {
        if self.written == 0 || self.sealed > 0 || self.fill > 0 {
            return Ok(());
        }
        self.load_frame(self.written - 1, FRAME)?;
        self.put_tail()?;
        self.cut()
    }

    /// Makes a written frame the open slot, with its first `fill` bytes. Nothing may be sealed and unwritten.
    fn load_frame(&mut self, index: u64, fill: usize) -> Result<(), BlobError> {
        let mut plain = vec![0; FRAME];
        self.read_frame(index, &mut plain)?;
        self.buffer[SALT..SALT + fill].copy_from_slice(&plain[..fill]);
        self.written = index;
        self.fill = fill;
        Ok(())
    }

    fn read_frame(&self, index: u64, plain: &mut [u8]) -> Result<(), BlobError> {
        let damaged = BlobError::Damaged {
            id: self.id,
            what: Flaw::Frame(index),
        };
        let mut slot = vec![0; SLOT];
        self.file
            .read_exact_at(&mut slot, frame_at(index))
            .doing("reading a received object")?;
        let Some(segment) = self.segments.iter().rev().find(|s| s.first <= index) else {
            return Err(damaged);
        };
        let opener = self.key.opener(&segment.salt)?;
        opener.open(Kind::Frame, index, &slot, plain).map_err(|_| damaged)
    }

    /// Undoes what this writer took behind `position`, which must not lie before the place where it began.
    ///
    /// What is sealed from here on is sealed under a new key, so that no nonce ever meets two texts. A failure leaves the
    /// writer spent; everything before the place where it began still survives.
    pub fn rollback_to(&mut self, position: u64) -> Result<(), BlobError> {
        let (from, to) = (self.began, self.position());
        if !(from..=to).contains(&position) {
            return Err(BlobError::OutOfRange {
                id: self.id,
                asked: position,
                from,
                to,
            });
        }
        if position == to {
            return Ok(());
        }
        self.attempt(|writer| writer.roll_back(position))
    }

    fn roll_back(&mut self, position: u64) -> Result<(), BlobError> {
        self.flush()?;
        let (index, fill) = split(position);
        // The hash of what stays: from where this writer began.
        let mut hash = self.began_hash.clone();
        let mut at = self.began;
        let mut plain = vec![0; FRAME];
        while at < position {
            let (frame, skip) = (at / FRAME as u64, (at % FRAME as u64) as usize);
            let keep = if frame == index { fill } else { FRAME };
            if frame < self.written {
                self.read_frame(frame, &mut plain)?;
                hash.update(&plain[skip..keep]);
            } else {
                hash.update(&self.open_slot()[skip..keep]);
            }
            at += (keep - skip) as u64;
        }
        if index < self.written {
            if fill > 0 {
                self.load_frame(index, fill)?;
            } else {
                (self.written, self.fill) = (0, 0);
            }
        } else {
            self.fill = fill;
        }
        self.hash = hash;
        self.cut()?;
        self.new_session()
    }

    /// Gives the file up without a trace of this object's earlier tails; for a file that begins anew.
    pub(crate) fn forget_tails(&self) -> Result<(), BlobError> {
        remove(&self.inner.layout.tail(self.id))?;
        remove(&self.inner.layout.new_tail(self.id))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.footer.is_some() || self.began == 0 {
            return;
        }
        // Everything up to where this writer began, or was parked, is in the file or the tail: the next one need not hash it.
        self.segments.truncate(self.began_segments);
        let state = Parked {
            header: self.header,
            position: self.began,
            hash: self.began_hash.clone(),
            segments: std::mem::take(&mut self.segments),
        };
        self.inner.remember(self.id, state);
    }
}
