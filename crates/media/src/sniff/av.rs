//! Video and audio containers.

use crate::bytes::{be32, find, slice};
use crate::sniff::Format;

pub(super) fn sound_or_video(head: &[u8]) -> Option<Format> {
    iso_media(head)
        .or_else(|| named(head))
        .or_else(|| transport_stream(head))
        .or_else(|| audio_frames(head))
}

/// ISO base media: the brands of `ftyp` decide; QuickTime files of old have no `ftyp`.
fn iso_media(head: &[u8]) -> Option<Format> {
    let name = slice(head, 4, 4)?;
    if name != b"ftyp" {
        let old = matches!(name, b"moov" | b"mdat" | b"wide" | b"pnot")
            || matches!(name, b"free" | b"skip") && be32(head, 0)? < 1 << 20;
        // The size must make sense: text with "mdat" in its fifth column is no film.
        return (old && (be32(head, 0)? >= 8 || be32(head, 0)? <= 1)).then_some(Format::Mov);
    }
    let size = usize::try_from(be32(head, 0)?).ok()?.clamp(12, head.len().max(12));
    let brands: Vec<&[u8]> = std::iter::once(slice(head, 8, 4)?)
        .chain(head.get(16..size).unwrap_or_default().chunks_exact(4).take(64))
        .collect();
    let has = |wanted: &[&[u8; 4]]| {
        brands
            .iter()
            .any(|brand| wanted.iter().any(|name| name.as_slice() == *brand))
    };
    let major = brands.first().copied()?;
    Some(match major {
        b"crx " => Format::Cr3,
        b"avif" | b"avis" => Format::Avif,
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Format::Heic,
        b"mif1" | b"msf1" | b"miaf" if has(&[b"avif", b"avis"]) => Format::Avif,
        b"mif1" | b"msf1" | b"miaf" => Format::Heic,
        b"qt  " => Format::Mov,
        b"M4A " | b"M4B " | b"M4P " => Format::M4a,
        b"M4V " | b"M4VH" | b"M4VP" => Format::M4v,
        b"jxl " | b"jp2 " | b"jpx " => return None,
        _ if major.starts_with(b"3g") => Format::ThreeGp,
        _ => Format::Mp4,
    })
}

fn named(head: &[u8]) -> Option<Format> {
    if head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
        let opening = &head[..head.len().min(128)];
        if find(opening, b"webm").is_some() {
            return Some(Format::WebM);
        }
        return find(opening, b"matroska").map(|_| Format::Matroska);
    }
    if head.starts_with(b"RIFF") || head.starts_with(b"RF64") {
        return match slice(head, 8, 4)? {
            b"AVI " => Some(Format::Avi),
            b"WAVE" => Some(Format::Wav),
            _ => None,
        };
    }
    if head.starts_with(b"FORM") && matches!(slice(head, 8, 4)?, b"AIFF" | b"AIFC") {
        return Some(Format::Aiff);
    }
    if head.starts_with(b"OggS") {
        let opening = &head[..head.len().min(4096)];
        return Some(if find(opening, b"\x80theora").is_some() {
            Format::OggVideo
        } else {
            Format::Ogg
        });
    }
    if head.starts_with(b"fLaC") {
        return Some(Format::Flac);
    }
    if head.starts_with(b"FLV\x01") {
        return Some(Format::Flv);
    }
    if head.starts_with(&[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]) {
        return Some(Format::Asf);
    }
    // Pack header, with the marker bits of MPEG-1 or MPEG-2.
    if head.starts_with(&[0, 0, 1, 0xBA]) && matches!(head.get(4)? >> 4, 2 | 4..=7) {
        return Some(Format::MpegPs);
    }
    None
}

/// Packets of 188 bytes (192 on Blu-ray and AVCHD), each starting with 0x47.
fn transport_stream(head: &[u8]) -> Option<Format> {
    [(0, 188), (4, 192)]
        .into_iter()
        .any(|(start, step)| (0..4).all(|index| head.get(start + index * step) == Some(&0x47)))
        .then_some(Format::MpegTs)
}

/// MP3 and AAC have no file header: tags, or frames that follow each other.
fn audio_frames(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"ID3") {
        // ID3v2 sizes have seven bits a byte.
        let size = slice(head, 6, 4)?
            .iter()
            .fold(0_usize, |sum, byte| sum << 7 | usize::from(byte & 0x7F));
        let after = head.get(10 + size..).unwrap_or_default();
        return if head.get(3)? > &4 {
            None
        } else if after.starts_with(b"fLaC") {
            Some(Format::Flac)
        } else if aac_frame(after).is_some() {
            Some(Format::Aac)
        } else {
            Some(Format::Mp3)
        };
    }
    if let Some(len) = aac_frame(head) {
        return aac_frame(head.get(len..)?).map(|_| Format::Aac);
    }
    let len = mp3_frame(head)?;
    mp3_frame(head.get(len..)?).map(|_| Format::Mp3)
}

/// Length of the ADTS frame at the start.
fn aac_frame(data: &[u8]) -> Option<usize> {
    let head = slice(data, 0, 7)?;
    let sync = head[0] == 0xFF && head[1] & 0xF6 == 0xF0 && (head[2] >> 2 & 0xF) < 13;
    let len = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
    (sync && len > 7).then_some(len)
}

/// Length of the MPEG audio frame (layer III) at the start. Tables: ISO/IEC 11172-3, 2.4.2.3, and 13818-3.
fn mp3_frame(data: &[u8]) -> Option<usize> {
    const V1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const RATES: [usize; 3] = [44_100, 48_000, 32_000];
    let head = slice(data, 0, 4)?;
    if head[0] != 0xFF || head[1] & 0xE6 != 0xE2 {
        return None;
    }
    let version = head[1] >> 3 & 3;
    let bit_rate = usize::from(head[2] >> 4);
    let rate = *RATES.get(usize::from(head[2] >> 2 & 3))?;
    let padding = usize::from(head[2] >> 1 & 1);
    let (kbit, rate, samples) = match version {
        3 => (*V1.get(bit_rate)?, rate, 144),
        2 => (*V2.get(bit_rate)?, rate / 2, 72),
        0 => (*V2.get(bit_rate)?, rate / 4, 72),
        _ => return None,
    };
    (kbit > 0).then(|| samples * kbit * 1000 / rate + padding)
}
