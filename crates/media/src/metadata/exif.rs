//! EXIF, from the TIFF structure that carries it. Tags: EXIF 2.32 (CIPA DC-008-2019), section 4.6.

use super::text;
use crate::civil::{self, TakenSource};
use crate::ifd::{Ifd, Tiff};
use crate::types::{Gps, Metadata};

/// Reads one TIFF structure into what is found so far; what is there already stays.
pub(super) fn read(data: &[u8], found: &mut Metadata) {
    let Some((tiff, first)) = Tiff::open(data) else { return };
    let Some(main) = tiff.ifd(first) else { return };
    let field = |ifd: &Ifd, tag| string(&tiff, ifd, tag);
    found.description = found
        .description
        .take()
        .or_else(|| field(&main, 0x010E))
        .filter(|text| !boilerplate(text));
    found.camera.make = found.camera.make.take().or_else(|| field(&main, 0x010F));
    found.camera.model = found.camera.model.take().or_else(|| field(&main, 0x0110));
    found.orientation = found.orientation.or_else(|| {
        tiff.first(&main, 0x0112)
            .and_then(|value| u8::try_from(value).ok())
            .filter(|value| (1..=8).contains(value))
    });
    found.title = found.title.take().or_else(|| windows_string(&tiff, &main, 0x9C9B));
    found.rating = found.rating.or_else(|| {
        tiff.first(&main, 0x4746)
            .and_then(|stars| i8::try_from(stars).ok())
            .filter(|stars| *stars > 0)
    });
    if let Some(keywords) = windows_string(&tiff, &main, 0x9C9E) {
        found.keywords.extend(keywords.split(';').map(str::to_owned));
    }
    // CR3 has each directory in a structure of its own, where it comes first.
    let exif = tiff.offset(&main, 0x8769).and_then(|at| tiff.ifd(at));
    if let Some(exif) = &exif {
        photo(&tiff, exif, found);
    }
    // Some programs write these fields into the main directory.
    photo(&tiff, &main, found);
    match tiff.offset(&main, 0x8825).and_then(|at| tiff.ifd(at)) {
        Some(gps) => place(&tiff, &gps, found),
        None if main.get(0x8769).is_none() => place(&tiff, &main, found),
        None => {}
    }
}

/// The directory of how the picture was taken.
fn photo(tiff: &Tiff<'_>, ifd: &Ifd, found: &mut Metadata) {
    found.taken = found.taken.or_else(|| {
        // DateTimeOriginal, then DateTimeDigitized, each with its own fraction and zone.
        [(0x9003, 0x9291, 0x9011), (0x9004, 0x9292, 0x9012)]
            .into_iter()
            .find_map(|(date, fraction, zone)| {
                let (mut civil, inline_zone) = civil::parse(&string(tiff, ifd, date)?)?;
                if civil.micros % 1_000_000 == 0 {
                    civil.micros +=
                        i64::from(string(tiff, ifd, fraction).map_or(0, |text| civil::sub_second_micros(&text)));
                }
                let zone = string(tiff, ifd, zone)
                    .and_then(|text| civil::parse_offset(&text))
                    .or(inline_zone);
                Some(civil.taken(zone, TakenSource::Exif))
            })
    });
    let camera = &mut found.camera;
    let number = |tag| {
        ifd.get(tag)
            .and_then(|entry| tiff.rational(entry, 0))
            .map(|(n, d)| n / d)
    };
    camera.exposure_time = camera.exposure_time.take().or_else(|| {
        ifd.get(0x829A)
            .and_then(|entry| tiff.rational(entry, 0))
            .and_then(exposure)
    });
    camera.aperture = camera.aperture.or_else(|| number(0x829D)).filter(|f| *f > 0.0);
    camera.focal_length = camera.focal_length.or_else(|| number(0x920A)).filter(|mm| *mm > 0.0);
    camera.iso = camera.iso.or_else(|| {
        // 65535 says "see the longer field".
        tiff.first(ifd, 0x8827)
            .filter(|iso| (1..65_535).contains(iso))
            .or_else(|| tiff.first(ifd, 0x8832))
    });
    camera.lens = camera.lens.take().or_else(|| string(tiff, ifd, 0xA434));
    if let Some(note) = ifd.get(0x927C) {
        found.content_identifier = found
            .content_identifier
            .take()
            .or_else(|| apple_identifier(tiff.bytes(note)));
    }
}

fn place(tiff: &Tiff<'_>, ifd: &Ifd, found: &mut Metadata) {
    let degrees = |value, reference, negative: char| {
        let entry = ifd.get(value)?;
        // Degrees must be there; minutes and seconds may be 0/0.
        let part = |index| tiff.rational(entry, index).map_or(0.0, |(n, d)| n / d);
        let (n, d) = tiff.rational(entry, 0)?;
        let size = n / d + part(1) / 60.0 + part(2) / 3600.0;
        let reference = string(tiff, ifd, reference)?;
        Some(if reference.trim().to_ascii_uppercase().starts_with(negative) {
            -size
        } else {
            size
        })
    };
    if found.gps.is_none()
        && let (Some(latitude), Some(longitude)) = (degrees(2, 1, 'S'), degrees(4, 3, 'W'))
    {
        found.gps = Gps::new(latitude, longitude);
    }
}

/// Live photos: Apple's maker note is a TIFF directory of its own; tag 0x11 pairs the picture with its film.
fn apple_identifier(note: &[u8]) -> Option<String> {
    let directory = note.strip_prefix(b"Apple iOS\0\0\x01MM").map(|_| note)?;
    // Offsets count from the start of the note.
    let tiff = Tiff {
        data: directory,
        order: crate::bytes::Order::Big,
    };
    string(&tiff, &tiff.ifd(14)?, 0x0011)
}

fn string(tiff: &Tiff<'_>, ifd: &Ifd, tag: u16) -> Option<String> {
    let entry = ifd.get(tag).filter(|entry| matches!(entry.kind, 1 | 2 | 7))?;
    let value = text::decode(tiff.bytes(entry));
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Windows Explorer writes UTF-16 into byte fields.
fn windows_string(tiff: &Tiff<'_>, ifd: &Ifd, tag: u16) -> Option<String> {
    let (pairs, _) = tiff.bytes(ifd.get(tag)?).as_chunks::<2>();
    let units: Vec<u16> = pairs
        .iter()
        .map(|pair| u16::from_le_bytes(*pair))
        .take_while(|unit| *unit != 0)
        .collect();
    let value = String::from_utf16_lossy(&units);
    (!value.trim().is_empty()).then(|| value.trim().to_owned())
}

/// What cameras write into the description of every picture says nothing about it.
fn boilerplate(text: &str) -> bool {
    let text = text.trim();
    [
        "OLYMPUS DIGITAL CAMERA",
        "SONY DSC",
        "DCIM",
        "Minolta DSC",
        "KONICA MINOLTA DIGITAL CAMERA",
        "MINOLTA DIGITAL CAMERA",
        "default",
        "Exif_JPEG_PICTURE",
        "DIGITAL CAMERA",
        "SAMSUNG",
        "Screenshot",
    ]
    .iter()
    .any(|known| text.eq_ignore_ascii_case(known))
}

/// Seconds as photographers write them: 1/250 below a third of a second, else 0.5 or 30.
fn exposure((numerator, denominator): (f64, f64)) -> Option<String> {
    let seconds = numerator / denominator;
    if !seconds.is_finite() || seconds <= 0.0 {
        return None;
    }
    if seconds < 0.3 {
        return Some(format!("1/{}", (1.0 / seconds).round()));
    }
    let tenths = (seconds * 10.0).round() / 10.0;
    Some(format!("{tenths}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposures_are_written_as_photographers_do() {
        for (fraction, text) in [
            ((1.0, 250.0), "1/250"),
            ((10.0, 2500.0), "1/250"),
            ((1.0, 2.0), "0.5"),
            ((30.0, 1.0), "30"),
            ((16667.0, 1_000_000.0), "1/60"),
            ((13.0, 10.0), "1.3"),
        ] {
            assert_eq!(exposure(fraction).as_deref(), Some(text));
        }
        assert_eq!(exposure((0.0, 1.0)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(mut data: Vec<u8>, big: bool) {
            let head: &[u8] = if big { b"MM\0\x2a\0\0\0\x08" } else { b"II\x2a\0\x08\0\0\0" };
            data.splice(0..0, head.iter().copied());
            let mut found = Metadata::default();
            read(&data, &mut found);
            found.clean();
        }

        #[test]
        fn any_note_is_survived(mut data: Vec<u8>) {
            data.splice(0..0, *b"Apple iOS\0\0\x01MM");
            let _unused = apple_identifier(&data);
        }
    }
}
