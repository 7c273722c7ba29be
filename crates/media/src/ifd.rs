//! The directory structure of TIFF, which EXIF and most raw photos use.
//!
//! Reads where things are, never more than [`MAX_ENTRIES`] a directory; offsets point wherever a hostile file wants, so
//! every access is checked. Source of the structure: TIFF 6.0, section 2; EXIF 2.32, section 4.6.2.

use crate::bytes::{Order, slice};

/// A directory of a camera has some 60 entries; maker notes up to a few hundred.
const MAX_ENTRIES: usize = 4096;

/// A TIFF structure: the bytes that its offsets count from, and their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiff<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) order: Order,
}

/// One field of a directory: where its values are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: usize,
    pub(crate) at: usize,
    pub(crate) len: usize,
}

/// One directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ifd {
    entries: Vec<Entry>,
    /// Offset of the next directory, 0 at the end.
    pub(crate) next: usize,
}

impl Ifd {
    pub(crate) fn get(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
    }
}

impl<'a> Tiff<'a> {
    /// Reads the header: `II*\0`, `MM\0*`, and the variants of Olympus and Panasonic. Returns the offset of the first
    /// directory too.
    pub(crate) fn open(data: &'a [u8]) -> Option<(Self, usize)> {
        let order = match slice(data, 0, 2)? {
            b"II" => Order::Little,
            b"MM" => Order::Big,
            _ => return None,
        };
        // 42 is TIFF, 0x55 Panasonic RW2, the letters Olympus ORF.
        let magic = order.u16(data, 2)?;
        if ![42, 0x55, 0x4F52, 0x5352].contains(&magic) {
            return None;
        }
        let first = usize::try_from(order.u32(data, 4)?).ok()?;
        Some((Self { data, order }, first))
    }

    /// Reads the directory at `offset`; entries that lie outside the data are left out.
    pub(crate) fn ifd(&self, offset: usize) -> Option<Ifd> {
        if offset == 0 {
            return None;
        }
        let count = usize::from(self.order.u16(self.data, offset)?);
        let start = offset.checked_add(2)?;
        let mut ifd = Ifd::default();
        for index in 0..count.min(MAX_ENTRIES) {
            let Some(entry) = self.entry(start + index * 12) else {
                continue;
            };
            ifd.entries.push(entry);
        }
        if ifd.entries.is_empty() {
            return None;
        }
        ifd.next = self
            .order
            .u32(self.data, start + count * 12)
            .and_then(|next| usize::try_from(next).ok())
            .unwrap_or(0);
        Some(ifd)
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let tag = self.order.u16(self.data, at)?;
        let kind = self.order.u16(self.data, at + 2)?;
        let count = usize::try_from(self.order.u32(self.data, at + 4)?).ok()?;
        let size = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let len = count.checked_mul(size)?;
        let value = if len <= 4 {
            at + 8
        } else {
            usize::try_from(self.order.u32(self.data, at + 8)?).ok()?
        };
        slice(self.data, value, len).map(|_| Entry {
            tag,
            kind,
            count,
            at: value,
            len,
        })
    }

    pub(crate) fn bytes(&self, entry: Entry) -> &'a [u8] {
        slice(self.data, entry.at, entry.len).unwrap_or_default()
    }

    /// Value `index` of a whole-number field.
    pub(crate) fn number(&self, entry: Entry, index: usize) -> Option<u32> {
        if index >= entry.count {
            return None;
        }
        match entry.kind {
            1 | 6 | 7 => self.data.get(entry.at + index).map(|byte| u32::from(*byte)),
            3 | 8 => self.order.u16(self.data, entry.at + index * 2).map(u32::from),
            4 | 9 | 13 => self.order.u32(self.data, entry.at + index * 4),
            _ => None,
        }
    }

    /// Value `index` of a fraction; `None` if its denominator is 0.
    pub(crate) fn rational(&self, entry: Entry, index: usize) -> Option<(f64, f64)> {
        if index >= entry.count {
            return None;
        }
        let at = entry.at + index * 8;
        let (numerator, denominator) = (self.order.u32(self.data, at)?, self.order.u32(self.data, at + 4)?);
        let pair = match entry.kind {
            5 => (f64::from(numerator), f64::from(denominator)),
            10 => (f64::from(numerator.cast_signed()), f64::from(denominator.cast_signed())),
            _ => return None,
        };
        (pair.1 != 0.0).then_some(pair)
    }

    /// Field `tag` of `ifd` as its first whole number.
    pub(crate) fn first(&self, ifd: &Ifd, tag: u16) -> Option<u32> {
        ifd.get(tag).and_then(|entry| self.number(entry, 0))
    }

    /// Field `tag` of `ifd` as an offset.
    pub(crate) fn offset(&self, ifd: &Ifd, tag: u16) -> Option<usize> {
        self.first(ifd, tag).and_then(|offset| usize::try_from(offset).ok())
    }

    /// All whole numbers of field `tag`, at most `limit`.
    pub(crate) fn numbers(&self, ifd: &Ifd, tag: u16, limit: usize) -> Vec<u32> {
        let Some(entry) = ifd.get(tag) else { return Vec::new() };
        (0..entry.count.min(limit))
            .filter_map(|index| self.number(entry, index))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(mut data: Vec<u8>, big: bool) {
            let head: &[u8] = if big { b"MM\0\x2a\0\0\0\x08" } else { b"II\x2a\0\x08\0\0\0" };
            data.splice(0..0, head.iter().copied());
            let (tiff, first) = Tiff::open(&data).expect("the header is right");
            if let Some(ifd) = tiff.ifd(first) {
                for entry in &ifd.entries {
                    let _unused = (tiff.bytes(*entry), tiff.number(*entry, 0), tiff.rational(*entry, 3));
                }
            }
        }
    }
}
