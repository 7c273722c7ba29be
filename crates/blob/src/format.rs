//! The layout of a stored object, byte by byte: `docs/format.md` in code. No I/O, no keys.

use crate::error::Flaw;
use domain::{BlobId, KeyId, Sha256};
use uuid::Uuid;

/// Plain bytes of a full frame.
pub(crate) const FRAME: usize = 65_536;
/// Bytes of a session's salt, which stands before each frame.
pub(crate) const SALT: usize = 16;
/// Bytes of an AES-GCM tag, which stands behind each frame.
pub(crate) const TAG: usize = 16;
/// What sealing adds to a frame.
pub(crate) const EXTRA: usize = SALT + TAG;
/// Bytes of a full frame as stored.
pub(crate) const SLOT: usize = FRAME + EXTRA;
/// Bytes of the header.
pub(crate) const HEADER: usize = 96;
/// Bytes of the header that are bound to the data key which it carries.
pub(crate) const HEADER_PLAIN: usize = 36;
/// A data key as the header carries it: nonce, key, tag.
pub(crate) const HEADER_KEY: usize = HEADER - HEADER_PLAIN;
/// Greatest plain size that is opened: 256 TiB. Keeps all arithmetic far from overflow.
pub(crate) const MAX_PLAIN: u64 = 1 << 48;

/// The version that this code writes.
pub(crate) const VERSION: u8 = 1;
/// AES-256-GCM, keys by HKDF-SHA256.
const ALGORITHM: u8 = 1;
const FRAME_LOG2: u8 = 16;
/// The first byte is not ASCII and the line ends would be changed by a transfer that takes it for text.
const MAGIC: [u8; 8] = *b"\x8dMVBLOB\n";
const END_MAGIC: [u8; 8] = *b"\x8dMVEND\r\n";
const TRAILER: usize = 12;
const SEGMENT: usize = 24;
const FOOTER_PLAIN: usize = 40;

/// The beginning of each object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub id: BlobId,
    pub key_id: KeyId,
    pub data_key: [u8; HEADER_KEY],
}

impl Header {
    /// The part that is bound to the data key as associated data.
    pub fn plain_part(id: BlobId, key_id: KeyId) -> [u8; HEADER_PLAIN] {
        let mut out = [0; HEADER_PLAIN];
        out[..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&[VERSION, ALGORITHM, FRAME_LOG2, 0]);
        out[12..28].copy_from_slice(id.0.as_bytes());
        out[28..36].copy_from_slice(&key_id.0);
        out
    }

    pub fn encode(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[..HEADER_PLAIN].copy_from_slice(&Self::plain_part(self.id, self.key_id));
        out[HEADER_PLAIN..].copy_from_slice(&self.data_key);
        out
    }

    pub fn decode(bytes: &[u8; HEADER]) -> Result<Header, Flaw> {
        if bytes[..8] != MAGIC {
            return Err(Flaw::Header);
        }
        if bytes[8] != VERSION {
            return Err(Flaw::Version(bytes[8]));
        }
        if bytes[9..12] != [ALGORITHM, FRAME_LOG2, 0] {
            return Err(Flaw::Header);
        }
        Ok(Header {
            id: BlobId(Uuid::from_bytes(array(&bytes[12..]).ok_or(Flaw::Header)?)),
            key_id: KeyId(array(&bytes[28..]).ok_or(Flaw::Header)?),
            data_key: array(&bytes[HEADER_PLAIN..]).ok_or(Flaw::Header)?,
        })
    }
}

/// The first `N` bytes, if there are that many.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk().copied()
}

/// How many frames hold that many plain bytes. An empty object has one, empty frame, so that its emptiness is sealed too.
pub(crate) fn frames(plain: u64) -> u64 {
    plain.div_ceil(FRAME as u64).max(1)
}

/// Where a frame begins in the file.
pub(crate) fn frame_at(index: u64) -> u64 {
    HEADER as u64 + index * SLOT as u64
}

/// Where the frames of an object of that plain size end, and its footer begins.
pub(crate) fn frames_end(plain: u64) -> u64 {
    HEADER as u64 + plain + frames(plain) * EXTRA as u64
}

/// The frame that the next byte after `position` bytes would follow, and how many bytes it holds: 1 to 65536, or 0 at the very beginning.
pub(crate) fn split(position: u64) -> (u64, usize) {
    match position.checked_sub(1) {
        None => (0, 0),
        // The remainder is below 65536 and fits any usize.
        Some(last) => (last / FRAME as u64, (last % FRAME as u64) as usize + 1),
    }
}

/// Frames from `first` on, until the next segment, were sealed by the session with this salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub first: u64,
    pub salt: [u8; SALT],
}

/// The sealed facts at the end of a finished object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    pub sha256: Sha256,
    pub plain_size: u64,
    pub segments: Vec<Segment>,
}

impl Footer {
    /// Bytes of a footer in the file.
    pub fn stored_len(segments: usize) -> usize {
        EXTRA + FOOTER_PLAIN + segments * SEGMENT + TRAILER
    }

    /// How many segments a footer of that many bytes describes.
    pub fn segments_in(stored_len: u64) -> Option<usize> {
        let table = stored_len.checked_sub(Self::stored_len(0) as u64)?;
        (table > 0 && table % SEGMENT as u64 == 0)
            .then(|| usize::try_from(table / SEGMENT as u64).ok())
            .flatten()
    }

    /// What is sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOTER_PLAIN + self.segments.len() * SEGMENT);
        out.extend_from_slice(&self.sha256.0);
        out.extend_from_slice(&self.plain_size.to_be_bytes());
        for segment in &self.segments {
            out.extend_from_slice(&segment.first.to_be_bytes());
            out.extend_from_slice(&segment.salt);
        }
        out
    }

    /// Reads what was sealed; `None` if it is not a footer that `encode` makes.
    pub fn decode(bytes: &[u8]) -> Option<Footer> {
        let (facts, table) = bytes.split_at_checked(FOOTER_PLAIN)?;
        let plain_size = u64::from_be_bytes(array(&facts[32..])?);
        if table.is_empty() || table.len() % SEGMENT != 0 || plain_size > MAX_PLAIN {
            return None;
        }
        let segments: Vec<Segment> = table
            .chunks_exact(SEGMENT)
            .map(|row| {
                Some(Segment {
                    first: u64::from_be_bytes(array(row)?),
                    salt: array(&row[8..])?,
                })
            })
            .collect::<Option<_>>()?;
        let ascending = segments.windows(2).all(|pair| pair[0].first < pair[1].first);
        let within = segments.last().is_some_and(|s| s.first < frames(plain_size));
        (segments[0].first == 0 && ascending && within).then_some(Footer {
            sha256: Sha256(array(facts)?),
            plain_size,
            segments,
        })
    }

    /// The unsealed end of the file, from which a footer is found without its row.
    pub fn trailer(segments: usize) -> [u8; TRAILER] {
        let mut out = [0; TRAILER];
        // One segment or more per 64 KiB of a file; more than 2^32 of them would be 256 TiB.
        out[..4].copy_from_slice(&u32::try_from(segments).unwrap_or(u32::MAX).to_be_bytes());
        out[4..].copy_from_slice(&END_MAGIC);
        out
    }

    /// How many segments the footer has whose file ends with these bytes; `None` if they end no footer.
    pub fn read_trailer(bytes: &[u8]) -> Option<usize> {
        let (_, trailer) = bytes.split_last_chunk::<TRAILER>()?;
        let count = u32::from_be_bytes(array(trailer)?);
        (trailer[4..] == END_MAGIC && count > 0).then_some(count as usize)
    }

    /// Bytes that [`Self::read_trailer`] wants.
    pub const TRAILER: usize = TRAILER;
}

/// The plain size of a finished file of that length with that many segments.
pub(crate) fn plain_size(file_len: u64, segments: usize) -> Option<u64> {
    let body = file_len
        .checked_sub(HEADER as u64)?
        .checked_sub(Footer::stored_len(segments) as u64)?;
    let plain = body.checked_sub(body.div_ceil(SLOT as u64).max(1) * EXTRA as u64)?;
    (plain <= MAX_PLAIN && frames_end(plain) == HEADER as u64 + body && segments as u64 <= frames(plain))
        .then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_96_bytes_are_a_header_or_refused(bytes: [u8; 48], more: [u8; 48], honest: bool) {
            let mut all = [0; HEADER];
            all[..48].copy_from_slice(&bytes);
            all[48..].copy_from_slice(&more);
            if honest {
                all[..8].copy_from_slice(&MAGIC);
                all[8..12].copy_from_slice(&[VERSION, ALGORITHM, FRAME_LOG2, 0]);
            }
            if let Ok(header) = Header::decode(&all) {
                prop_assert_eq!(header.encode(), all);
            }
        }

        #[test]
        fn any_bytes_are_a_footer_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(footer) = Footer::decode(&bytes) {
                prop_assert_eq!(footer.encode(), bytes);
            }
        }

        #[test]
        fn the_sizes_follow_from_each_other(plain in 0..MAX_PLAIN, segments in 1usize..4) {
            let plain = plain >> (plain % 48);
            prop_assume!(segments as u64 <= frames(plain));
            let len = frames_end(plain) + Footer::stored_len(segments) as u64;
            prop_assert_eq!(plain_size(len, segments), Some(plain));
            prop_assert_eq!(Footer::segments_in(Footer::stored_len(segments) as u64), Some(segments));
            let (index, fill) = split(plain);
            prop_assert_eq!(index * FRAME as u64 + fill as u64, plain);
            prop_assert_eq!(index + 1, frames(plain));
        }

        #[test]
        fn no_length_makes_the_arithmetic_fail(len: u64, segments in 1usize..100_000) {
            if let Some(plain) = plain_size(len, segments) {
                prop_assert_eq!(frames_end(plain) + Footer::stored_len(segments) as u64, len);
            }
        }
    }
}
