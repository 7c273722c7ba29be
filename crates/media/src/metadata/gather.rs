//! Where each format keeps its EXIF, XMP and IPTC.

use crate::bmff::{self, boxes, find_box};
use crate::bytes::{be16, be32, le32, slice};
use crate::header::jpeg_segments;
use crate::ifd::Tiff;
use crate::picture::webp_chunk;
use crate::raw;
use crate::sniff::Format;

/// The metadata blocks of one file.
#[derive(Debug, Default)]
pub(crate) struct Blocks<'a> {
    /// TIFF structures; most formats have one, CR3 has one a directory.
    pub(crate) exif: Vec<&'a [u8]>,
    /// An XMP packet.
    pub(crate) xmp: Option<&'a [u8]>,
    /// IPTC-IIM records.
    pub(crate) iptc: Option<&'a [u8]>,
    /// A film lies behind the picture (Samsung).
    pub(crate) motion_trailer: bool,
}

pub(crate) fn blocks(format: Format, data: &[u8]) -> Blocks<'_> {
    match format {
        Format::Jpeg => jpeg(data),
        Format::Png | Format::Apng => png(data),
        Format::WebP => webp(data),
        Format::Heic | Format::Avif => heif(data),
        Format::Raf => raw::raf_jpeg(data).map(jpeg).unwrap_or_default(),
        Format::Cr3 => cr3(data),
        Format::Tiff => tiff(data),
        _ if format.is_raw() => tiff(data),
        _ => Blocks::default(),
    }
}

fn jpeg(data: &[u8]) -> Blocks<'_> {
    let mut found = Blocks {
        motion_trailer: samsung_motion(data),
        ..Blocks::default()
    };
    for (marker, content) in jpeg_segments(data) {
        if marker == 0xE1 {
            if let Some(exif) = content.strip_prefix(b"Exif\0").and_then(|rest| rest.get(1..)) {
                if found.exif.is_empty() {
                    found.exif.push(exif);
                }
            } else if let Some(xmp) = content.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                found.xmp = found.xmp.or(Some(xmp));
            }
        } else if marker == 0xED
            && let Some(resources) = content.strip_prefix(b"Photoshop 3.0\0")
        {
            found.iptc = found.iptc.or_else(|| photoshop_iptc(resources));
        }
    }
    found
}

/// Image resource 0x0404 of Photoshop's list.
fn photoshop_iptc(resources: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while slice(resources, at, 4)? == b"8BIM" {
        let id = be16(resources, at + 4)?;
        // A Pascal string, padded to an even length.
        let name = (usize::from(*resources.get(at + 6)?) + 2) & !1;
        let len = usize::try_from(be32(resources, at + 6 + name)?).ok()?;
        let content = slice(resources, at + 10 + name, len)?;
        if id == 0x0404 {
            return Some(content);
        }
        at += 10 + name + len + (len & 1);
    }
    None
}

/// Samsung lists what it appended in a directory at the very end: "SEFH", entries, its length, "SEFT".
fn samsung_motion(data: &[u8]) -> bool {
    const MOTION_PHOTO: [u8; 2] = [0x30, 0x0A];
    let find = || {
        let end = data.len().checked_sub(8)?;
        if slice(data, end + 4, 4)? != b"SEFT" {
            return None;
        }
        let len = usize::try_from(le32(data, end)?).ok()?;
        let directory = slice(data, end.checked_sub(len)?, len)?.strip_prefix(b"SEFH")?;
        Some(
            directory
                .get(8..)?
                .chunks_exact(12)
                .any(|entry| entry[2..4] == MOTION_PHOTO),
        )
    };
    find().unwrap_or(false)
}

fn png(data: &[u8]) -> Blocks<'_> {
    let mut found = Blocks::default();
    let mut at = 8_usize;
    while let (Some(len), Some(name)) = (be32(data, at), slice(data, at + 4, 4)) {
        let Some(content) = usize::try_from(len).ok().and_then(|len| slice(data, at + 8, len)) else {
            break;
        };
        match name {
            b"eXIf" => found.exif.push(content.strip_prefix(b"Exif\0\0").unwrap_or(content)),
            // Not compressed, no language, no translation: how XMP is written by its specification.
            b"iTXt" => found.xmp = found.xmp.or(content.strip_prefix(b"XML:com.adobe.xmp\0\0\0\0\0")),
            _ => {}
        }
        at += content.len() + 12;
    }
    found
}

fn webp(data: &[u8]) -> Blocks<'_> {
    let exif = webp_chunk(data, b"EXIF").map(|content| content.strip_prefix(b"Exif\0\0").unwrap_or(content));
    Blocks {
        exif: exif.into_iter().collect(),
        xmp: webp_chunk(data, b"XMP "),
        ..Blocks::default()
    }
}

fn heif(data: &[u8]) -> Blocks<'_> {
    let heif = bmff::heif(data).unwrap_or_default();
    Blocks {
        exif: heif.exif.into_iter().collect(),
        xmp: heif.xmp,
        ..Blocks::default()
    }
}

/// Canon keeps one TIFF structure for each directory in a box of its own. Source: the description of CR3 by L. Clevy.
fn cr3(data: &[u8]) -> Blocks<'_> {
    const CANON: [u8; 16] = *b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
    const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let mut found = Blocks::default();
    for (name, content) in find_box(data, &[b"moov"]).into_iter().flat_map(boxes) {
        if &name == b"uuid"
            && let Some(content) = content.strip_prefix(&CANON)
        {
            found.exif.extend(
                boxes(content)
                    .filter(|(name, _)| name.starts_with(b"CMT"))
                    .map(|(_, tiff)| tiff),
            );
        }
    }
    found.xmp = boxes(data)
        .filter(|(name, _)| name == b"uuid")
        .find_map(|(_, content)| content.strip_prefix(&XMP));
    found
}

fn tiff(data: &[u8]) -> Blocks<'_> {
    let mut found = Blocks {
        exif: vec![data],
        ..Blocks::default()
    };
    if let Some((tiff, first)) = Tiff::open(data)
        && let Some(ifd) = tiff.ifd(first)
    {
        found.xmp = ifd.get(0x02BC).map(|entry| tiff.bytes(entry));
        found.iptc = ifd.get(0x83BB).map(|entry| tiff.bytes(entry));
        found.iptc = found
            .iptc
            .or_else(|| ifd.get(0x8649).and_then(|entry| photoshop_iptc(tiff.bytes(entry))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(data: Vec<u8>, which in 0..Format::ALL.len()) {
            let _unused = super::super::read(&blocks(Format::ALL[which], &data));
        }

        #[test]
        fn any_resources_are_survived(mut data: Vec<u8>) {
            data.splice(0..0, *b"8BIM");
            let _unused = photoshop_iptc(&data);
        }

        #[test]
        fn any_trailer_is_survived(mut data: Vec<u8>, len in 0..64_u32) {
            data.extend_from_slice(&len.to_le_bytes());
            data.extend_from_slice(b"SEFT");
            let _unused = samsung_motion(&data);
        }
    }
}
