//! TIFF and the raw formats that are built on it.

use crate::bytes::slice;
use crate::ifd::Tiff;
use crate::sniff::Format;

const DNG_VERSION: u16 = 0xC612;
const MAKE: u16 = 0x010F;
const SUB_IFDS: u16 = 0x014A;
const NEW_SUBFILE_TYPE: u16 = 0x00FE;
const COMPRESSION: u16 = 0x0103;
const PHOTOMETRIC: u16 = 0x0106;
const JPEG_INTERCHANGE: u16 = 0x0201;

pub(super) fn family(head: &[u8]) -> Option<Format> {
    match slice(head, 0, 4)? {
        b"IIRO" | b"IIRS" | b"MMOR" => return Some(Format::Orf),
        b"IIU\0" => return Some(Format::Rw2),
        // 43 is BigTIFF.
        b"II\x2b\0" | b"MM\0\x2b" => return Some(Format::Tiff),
        b"II\x2a\0" | b"MM\0\x2a" => {}
        _ => return None,
    }
    if slice(head, 8, 2) == Some(b"CR") {
        return Some(Format::Cr2);
    }
    Some(raw(head).unwrap_or(Format::Tiff))
}

/// A TIFF is raw if it says so (DNG), or if a camera maker's file keeps its real picture in a sub-directory.
fn raw(head: &[u8]) -> Option<Format> {
    let (tiff, first) = Tiff::open(head)?;
    let ifd = tiff.ifd(first)?;
    if ifd.get(DNG_VERSION).is_some() {
        return Some(Format::Dng);
    }
    let make = ifd.get(MAKE).map(|entry| tiff.bytes(entry).to_ascii_uppercase())?;
    let sensor = tiff.first(&ifd, PHOTOMETRIC) == Some(32_803)
        || matches!(
            tiff.first(&ifd, COMPRESSION),
            Some(32_767 | 32_769 | 34_713 | 65_000 | 65_535)
        );
    let reduced = tiff.first(&ifd, NEW_SUBFILE_TYPE).is_some_and(|kind| kind & 1 == 1);
    let parts = ifd.get(SUB_IFDS).is_some() || ifd.next != 0 && ifd.get(JPEG_INTERCHANGE).is_some();
    if !(sensor || reduced || parts) {
        return None;
    }
    [
        (&b"NIKON"[..], Format::Nef),
        (b"SONY", Format::Arw),
        (b"PENTAX", Format::Pef),
        (b"RICOH", Format::Pef),
        (b"ASAHI", Format::Pef),
        (b"SAMSUNG", Format::Srw),
        (b"OLYMPUS", Format::Orf),
        (b"HASSELBLAD", Format::OtherRaw),
        (b"PHASE ONE", Format::OtherRaw),
        (b"LEAF", Format::OtherRaw),
        (b"KODAK", Format::OtherRaw),
        (b"EASTMAN KODAK", Format::OtherRaw),
        (b"SEIKO EPSON", Format::OtherRaw),
        (b"MAMIYA", Format::OtherRaw),
    ]
    .into_iter()
    .find(|(maker, _)| make.starts_with(maker))
    .map(|(_, format)| format)
}
