//! Which parts of a large video are needed to know it and to show one picture: a 10 GB film costs 20 MB of memory.

use std::io;
use std::ops::Range;

use crate::bmff::box_head;
use crate::sniff::Format;
use crate::source::{Source, read_fully};

/// Up to this size a file is simply read whole.
const WHOLE: u64 = 64 << 20;

/// The start: headers, and the first seconds of pictures.
const HEAD: u64 = 16 << 20;

/// The end: where some containers keep an index, and where a transport stream tells its length.
const TAIL: u64 = 4 << 20;

/// Bytes of index that are read at most. A day of video has about 100 MB.
const MAX_INDEX: u64 = 256 << 20;

/// Boxes that are looked at. A fragment of some seconds is two boxes.
const MAX_BOXES: usize = 50_000;

/// What to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) ranges: Vec<Range<u64>>,
    /// There are holes between the ranges.
    pub(super) sparse: bool,
    /// The last box of the file says that it is longer than the file.
    pub(super) cut_short: bool,
}

pub(super) fn plan(source: &dyn Source, format: Format) -> io::Result<Plan> {
    let len = source.len();
    let iso = matches!(
        format,
        Format::Mp4 | Format::Mov | Format::M4v | Format::ThreeGp | Format::M4a
    );
    let (index, cut_short) = if iso { iso_index(source)? } else { (Vec::new(), false) };
    if len <= WHOLE {
        return Ok(Plan {
            ranges: std::iter::once(0..len).collect(),
            sparse: false,
            cut_short,
        });
    }
    let mut ranges = vec![0..HEAD, len - TAIL..len];
    ranges.extend(index);
    Ok(Plan {
        ranges,
        sparse: true,
        cut_short,
    })
}

/// Every box at the top, but of the media data only the head: `moov`, and `moof`, `sidx`, `mfra` of fragmented files.
fn iso_index(source: &dyn Source) -> io::Result<(Vec<Range<u64>>, bool)> {
    let len = source.len();
    let mut found = Vec::new();
    let mut total = 0;
    let mut at = 0;
    for _ in 0..MAX_BOXES {
        let mut head = [0; 16];
        let got = read_fully(source, at, &mut head)?;
        let Some(head) = box_head(&head[..got]) else { break };
        let end = head.size.map_or(len, |size| at.saturating_add(size));
        // Of the media data only the head: whoever walks the boxes has to get past it.
        let media = matches!(&head.name, b"mdat" | b"free" | b"skip" | b"wide");
        let range = at..if media { at + head.head } else { end }.min(len);
        total += range.end - range.start;
        if total > MAX_INDEX {
            break;
        }
        found.push(range);
        if end > len {
            return Ok((found, true));
        }
        at = end;
    }
    Ok((found, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::slice;

    /// A film of any size that is mostly zeros.
    struct Film {
        len: u64,
        parts: Vec<(u64, Vec<u8>)>,
    }

    impl Source for Film {
        fn len(&self) -> u64 {
            self.len
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            buf.fill(0);
            let count = buf
                .len()
                .min(usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX));
            for (at, bytes) in &self.parts {
                for (index, byte) in buf.iter_mut().enumerate() {
                    let place = (offset + index as u64)
                        .checked_sub(*at)
                        .and_then(|place| usize::try_from(place).ok());
                    if let Some(value) = place.and_then(|place| slice(bytes, place, 1)) {
                        *byte = value[0];
                    }
                }
            }
            Ok(count)
        }
    }

    fn head(size: u32, name: &[u8; 4]) -> Vec<u8> {
        [&size.to_be_bytes()[..], name].concat()
    }

    #[test]
    fn the_index_of_a_huge_film_is_found_behind_its_data() {
        let mdat = [&head(1, b"mdat")[..], &10_000_000_000_u64.to_be_bytes()].concat();
        let moov = 32 + 10_000_000_000;
        let film = Film {
            len: moov + 5_000_000,
            parts: vec![(0, head(32, b"ftyp")), (32, mdat), (moov, head(5_000_000, b"moov"))],
        };
        let plan = plan(&film, Format::Mp4).expect("reads");
        assert!(plan.sparse && !plan.cut_short);
        assert!(plan.ranges.contains(&(moov..moov + 5_000_000)), "{plan:?}");
        let bytes: u64 = plan.ranges.iter().map(|range| range.end - range.start).sum();
        assert!(bytes < 30 << 20, "{bytes}");
    }

    #[test]
    fn a_film_that_ends_within_its_data_is_cut_short() {
        let film = Film {
            len: 1000,
            parts: vec![(0, head(32, b"ftyp")), (32, head(50_000, b"mdat"))],
        };
        let plan = plan(&film, Format::Mov).expect("reads");
        assert_eq!((plan.ranges.first(), plan.cut_short), (Some(&(0..1000)), true));
    }

    #[test]
    fn fragments_are_found() {
        let film = Film {
            len: 200_000_000,
            parts: vec![
                (0, head(32, b"ftyp")),
                (32, head(100, b"moov")),
                (132, head(80, b"moof")),
                (212, head(100_000_000, b"mdat")),
                (100_000_212, head(80, b"moof")),
                (100_000_292, head(99_999_708, b"mdat")),
            ],
        };
        let plan = plan(&film, Format::Mp4).expect("reads");
        assert!(plan.ranges.contains(&(100_000_212..100_000_292)), "{plan:?}");
        assert!(
            plan.ranges.contains(&(212..220)),
            "the way past the first piece: {plan:?}"
        );
    }
}
