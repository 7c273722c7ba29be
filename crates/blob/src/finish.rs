//! Finishing an object: last frame, footer, durability, record.

use crate::{
    error::{BlobError, Doing, Ignore},
    format::{EXTRA, Footer, SLOT, frame_at},
    key::Opening,
    seal::{Kind, finish_sha256, sha256},
    writer::Writer,
};
use domain::{BlobRecord, Sha256};
use rustix::fs::{Advice, fadvise};
use std::os::unix::fs::FileExt;

impl Writer {
    /// Ends for good. When it returns, the object survives a power failure, and the record opens it.
    pub fn finish(mut self) -> Result<BlobRecord, BlobError> {
        self.attempt(Self::complete)
    }

    fn complete(&mut self) -> Result<BlobRecord, BlobError> {
        let plain_size = self.position();
        let sha256_plain = Sha256(finish_sha256(self.hash.clone()));
        let footer = match self.footer.take() {
            Some(footer) => footer,
            None => self.write_end(plain_size, sha256_plain)?,
        };
        let synced = self.file.sync_data();
        if synced.is_err() {
            // The kernel reports a lost write once and then takes the pages for clean. Dropping them makes `resume` read what
            // the disk really has.
            fadvise(&*self.file, 0, None, Advice::DontNeed).ignore("the failed write is reported just below");
        }
        synced.doing("waiting for an object to reach the disk")?;
        self.inner
            .names
            .wait(self.named)
            .doing("waiting for an object's name to reach the disk")?;
        if !self.file.is_at(&self.inner.layout.staged(self.id))? {
            return Err(BlobError::Missing { id: self.id });
        }
        let opening = Opening {
            data: self.key.data().clone(),
            commitment: sha256(&[&self.header, &footer]),
        };
        let frames_end = frame_at(self.next_index()) + (self.fill + EXTRA) as u64;
        let master = self.inner.ring.current();
        Ok(BlobRecord {
            id: self.id,
            plain_size,
            stored_size: frames_end + footer.len() as u64,
            sha256: sha256_plain,
            key_id: master.id(),
            wrapped_key: master.wrap(self.id, &opening, self.inner.draw())?,
        })
    }

    /// Seals and writes the last frame and the footer; returns the latter.
    fn write_end(&mut self, plain_size: u64, sha256: Sha256) -> Result<Vec<u8>, BlobError> {
        self.seal_open_slot(Kind::Last)?;
        let facts = Footer {
            sha256,
            plain_size,
            segments: self.segments.clone(),
        }
        .encode();
        let mut footer = vec![0; facts.len() + EXTRA];
        self.sealer
            .seal_into(Kind::Footer, self.next_index() + 1, &facts, &mut footer)?;
        footer.extend_from_slice(&Footer::trailer(self.segments.len()));
        let at = frame_at(self.written);
        let end = self.sealed * SLOT + self.fill + EXTRA;
        let room = self.buffer.len() - end;
        let written = if footer.len() <= room {
            self.buffer[end..end + footer.len()].copy_from_slice(&footer);
            self.file.write_all_at(&self.buffer[..end + footer.len()], at)
        } else {
            self.file
                .write_all_at(&self.buffer[..end], at)
                .and_then(|()| self.file.write_all_at(&footer, at + end as u64))
        };
        if written.is_err() {
            self.file
                .set_len(at)
                .ignore("half an end is no harm; the failed write is reported just below");
        }
        written.doing("writing the end of an object")?;
        Ok(footer)
    }
}
