//! Boxes of ISO base media files (MP4, MOV, HEIF, CR3) and the items of a HEIF picture.
//!
//! Source: ISO/IEC 14496-12 (boxes, `meta`, `iloc`) and 23008-12 (`ispe`, `irot`, `ipma`).

use serde::{Deserialize, Serialize};

use crate::bytes::{be16, be32, be64, slice};
use crate::types::Dimensions;

/// The head of one box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoxHead {
    pub(crate) name: [u8; 4],
    /// Bytes of the head itself: 8 or 16. The 16 bytes that name a `uuid` box count as content.
    pub(crate) head: u64,
    /// Whole size with the head; `None` means up to the end of the file.
    pub(crate) size: Option<u64>,
}

/// Reads a box head from its first 16 bytes (fewer at the end of a file). `None` if it cannot be one.
pub(crate) fn box_head(data: &[u8]) -> Option<BoxHead> {
    let short = be32(data, 0)?;
    let name: [u8; 4] = slice(data, 4, 4)?.try_into().ok()?;
    let (head, size) = match short {
        0 => (8, None),
        1 => (16, Some(be64(data, 8)?)),
        size => (8, Some(u64::from(size))),
    };
    if size.is_some_and(|size| size < head) {
        return None;
    }
    Some(BoxHead { name, head, size })
}

/// Walks the boxes that lie side by side in `data`: name and content of each.
pub(crate) fn boxes(data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let head = box_head(rest)?;
        let size = head
            .size
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(rest.len())
            .min(rest.len());
        let content = rest.get(usize::try_from(head.head).ok()?..size)?;
        rest = &rest[size..];
        Some((head.name, content))
    })
}

/// The content of the first box that `path` leads to.
pub(crate) fn find_box<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let (name, deeper) = path.split_first()?;
    let content = boxes(data).find(|(found, _)| found == *name)?.1;
    if deeper.is_empty() {
        Some(content)
    } else {
        find_box(content, deeper)
    }
}

/// What a file without an ICC profile says about its colours (`nclx`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Colours {
    /// sRGB, or not said.
    #[default]
    Srgb,
    /// Display P3: colour primaries 12 of ITU-T H.273.
    DisplayP3,
}

/// What the `meta` box of a HEIF or AVIF file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heif<'a> {
    /// Size of the primary picture as shown.
    pub(crate) dimensions: Option<Dimensions>,
    /// The EXIF block: a TIFF structure.
    pub(crate) exif: Option<&'a [u8]>,
    /// The XMP packet.
    pub(crate) xmp: Option<&'a [u8]>,
    /// What the numbers of its colours mean, if no ICC profile says it.
    pub(crate) colours: Colours,
}

/// Reads the items of a HEIF file; `None` if it has no usable `meta`.
pub(crate) fn heif(file: &[u8]) -> Option<Heif<'_>> {
    let meta = find_box(file, &[b"meta"])?.get(4..)?;
    let mut found = Heif::default();
    let primary = find_box(meta, &[b"pitm"]).and_then(primary_item);
    if let (Some(primary), Some(iprp)) = (primary, find_box(meta, &[b"iprp"])) {
        found.dimensions = dimensions(iprp, primary);
        found.colours = colours(iprp, primary);
    }
    let iloc = find_box(meta, &[b"iloc"]);
    let idat = find_box(meta, &[b"idat"]).unwrap_or_default();
    let Some((iinf, iloc)) = find_box(meta, &[b"iinf"]).zip(iloc) else {
        return Some(found);
    };
    let entries = if iinf.first() == Some(&0) {
        iinf.get(6..)
    } else {
        iinf.get(8..)
    }
    .unwrap_or_default();
    for (name, infe) in boxes(entries).take(4096) {
        let Some((id, kind)) = (&name == b"infe").then(|| item_type(infe)).flatten() else {
            continue;
        };
        match &kind {
            b"Exif" => {
                // Four bytes say how far behind them the TIFF header is.
                let item = item(file, idat, iloc, id);
                let skip = item
                    .and_then(|item| be32(item, 0))
                    .and_then(|skip| usize::try_from(skip).ok());
                let exif = item.zip(skip).and_then(|(item, skip)| item.get(skip.checked_add(4)?..));
                // A stereo pair has two: the first belongs to the picture that is shown.
                found.exif = found.exif.or(exif);
            }
            b"mime" if crate::bytes::find(infe, b"application/rdf+xml").is_some() => {
                found.xmp = found.xmp.or_else(|| item(file, idat, iloc, id));
            }
            _ => {}
        }
    }
    Some(found)
}

fn primary_item(pitm: &[u8]) -> Option<u32> {
    if pitm.first() == Some(&0) {
        be16(pitm, 4).map(u32::from)
    } else {
        be32(pitm, 4)
    }
}

fn item_type(infe: &[u8]) -> Option<(u32, [u8; 4])> {
    let (id, at) = match infe.first()? {
        2 => (u32::from(be16(infe, 4)?), 8),
        3 => (be32(infe, 4)?, 10),
        _ => return None,
    };
    Some((id, slice(infe, at, 4)?.try_into().ok()?))
}

/// The properties of `primary`: `ispe` gives the size, `irot` quarter turns.
fn dimensions(iprp: &[u8], primary: u32) -> Option<Dimensions> {
    let properties: Vec<_> = boxes(find_box(iprp, &[b"ipco"])?).take(4096).collect();
    let mut size = None;
    let mut quarter_turns = 0;
    for (_, ipma) in boxes(iprp).filter(|(name, _)| name == b"ipma") {
        for index in associations(ipma, primary)? {
            match properties.get(index.checked_sub(1)?) {
                Some(([b'i', b's', b'p', b'e'], content)) => {
                    size = Some(Dimensions {
                        width: be32(content, 4)?,
                        height: be32(content, 8)?,
                    });
                }
                Some(([b'i', b'r', b'o', b't'], content)) => quarter_turns = content.first()? & 3,
                _ => {}
            }
        }
    }
    let size: Dimensions = size?;
    Some(if quarter_turns % 2 == 1 { size.turned() } else { size })
}

/// `colr` of `primary`; an ICC profile in another `colr` goes before it and is read with the pixels.
fn colours(iprp: &[u8], primary: u32) -> Colours {
    let properties: Vec<_> = find_box(iprp, &[b"ipco"])
        .into_iter()
        .flat_map(boxes)
        .take(4096)
        .collect();
    let own = boxes(iprp)
        .filter(|(name, _)| name == b"ipma")
        .filter_map(|(_, ipma)| associations(ipma, primary))
        .flatten()
        .filter_map(|index| properties.get(index.checked_sub(1)?))
        .filter(|(name, _)| name == b"colr")
        .filter_map(|(_, content)| content.strip_prefix(b"nclx"));
    let wide = own.into_iter().any(|nclx| be16(nclx, 0) == Some(12));
    if wide { Colours::DisplayP3 } else { Colours::Srgb }
}

/// Indices, from 1, of the properties of item `wanted`.
fn associations(ipma: &[u8], wanted: u32) -> Option<Vec<usize>> {
    let (version, wide) = (*ipma.first()?, ipma.get(3)? & 1 == 1);
    let mut at = 8;
    for _ in 0..be32(ipma, 4)?.min(65_536) {
        let id = if version == 0 {
            u32::from(be16(ipma, at)?)
        } else {
            be32(ipma, at)?
        };
        at += if version == 0 { 2 } else { 4 };
        let count = usize::from(*ipma.get(at)?);
        at += 1;
        let step = if wide { 2 } else { 1 };
        if id == wanted {
            return (0..count)
                .map(|index| {
                    if wide {
                        be16(ipma, at + index * 2).map(|value| usize::from(value & 0x7FFF))
                    } else {
                        ipma.get(at + index).map(|value| usize::from(value & 0x7F))
                    }
                })
                .collect();
        }
        at += count * step;
    }
    Some(Vec::new())
}

/// The bytes of item `wanted`, if they lie in one piece in the file or in `idat`.
fn item<'a>(file: &'a [u8], idat: &'a [u8], iloc: &[u8], wanted: u32) -> Option<&'a [u8]> {
    let version = *iloc.first()?;
    let sizes = be16(iloc, 4)?;
    let width = |shift: u32| usize::from(sizes >> shift & 0xF);
    let (offset_size, length_size, base_size) = (width(12), width(8), width(4));
    let index_size = if version == 0 { 0 } else { width(0) };
    let (count, mut at) = if version < 2 {
        (u32::from(be16(iloc, 6)?), 8)
    } else {
        (be32(iloc, 6)?, 10)
    };
    let take = |at: &mut usize, size: usize| {
        let value = match size {
            0 => Some(0),
            2 => be16(iloc, *at).map(u64::from),
            4 => be32(iloc, *at).map(u64::from),
            8 => be64(iloc, *at),
            _ => None,
        };
        *at += size;
        value
    };
    for _ in 0..count.min(65_536) {
        let id = take(&mut at, if version < 2 { 2 } else { 4 })?;
        let method = if version == 0 { 0 } else { take(&mut at, 2)? & 0xF };
        at += 2; // data reference: this file
        let base = take(&mut at, base_size)?;
        let extents = take(&mut at, 2)?;
        let mut only = None;
        for _ in 0..extents {
            take(&mut at, index_size)?;
            only = Some((take(&mut at, offset_size)?, take(&mut at, length_size)?));
        }
        if id == u64::from(wanted) {
            let (offset, length) = only.filter(|_| extents == 1)?;
            let start = usize::try_from(base.checked_add(offset)?).ok()?;
            return slice(
                if method == 1 { idat } else { file },
                start,
                usize::try_from(length).ok()?,
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(data: Vec<u8>, meta: Vec<u8>) {
            let _unused = heif(&data);
            let mut file = (u32::try_from(meta.len()).unwrap_or(0) + 12).to_be_bytes().to_vec();
            file.extend_from_slice(b"meta\0\0\0\0");
            file.extend_from_slice(&meta);
            let _unused = heif(&file);
            let _unused = item(&data, &data, &meta, 1);
            let _unused = associations(&meta, 1);
            let _unused = dimensions(&meta, 1);
        }
    }

    #[test]
    fn a_size_of_zero_reaches_to_the_end() {
        let data = b"\0\0\0\x09ftypx\0\0\0\0mdatabc";
        let all: Vec<_> = boxes(data).collect();
        assert_eq!(all, [(*b"ftyp", &b"x"[..]), (*b"mdat", &b"abc"[..])]);
    }
}
