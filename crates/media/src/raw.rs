//! Raw photos: the picture that the camera itself made of them, which every raw file carries.
//!
//! Developing the sensor's data is a matter of taste and takes seconds; the embedded JPEG is what the photographer saw.

use crate::bytes::{be32, slice};
use crate::failure::{Failure, FailureCode};
use crate::header::{header_dimensions, jpeg_segments};
use crate::ifd::{Ifd, Tiff};
use crate::metadata;
use crate::picture::PREVIEW_LONG_SIDE;
use crate::sniff::Format;
use crate::types::{Dimensions, Warning, WarningCode};

/// Directories that are looked at: files have at most some ten.
const MAX_DIRECTORIES: usize = 64;

/// Pictures that are looked at when searching by signature.
const MAX_CANDIDATES: usize = 4096;

/// Below this long side a preview is no more than a stamp.
const SMALL: u32 = 640;

/// The picture inside a raw photo.
#[derive(Debug)]
pub(crate) struct Preview<'a> {
    pub(crate) jpeg: &'a [u8],
    dimensions: Dimensions,
}

impl Preview<'_> {
    /// What the picture itself says about how it was held.
    pub(crate) fn orientation(&self) -> Option<u8> {
        metadata::inspect(Format::Jpeg, self.jpeg).metadata.orientation
    }

    /// Says so if the preview is small.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let small = self.dimensions.width.max(self.dimensions.height) < SMALL;
        small.then(|| Warning {
            code: WarningCode::NoPreview,
            detail: format!(
                "The raw photo carries only a small preview ({} x {}); that is what is shown.",
                self.dimensions.width, self.dimensions.height
            ),
        })
    }
}

/// The best embedded picture: the smallest that is large enough for a preview, else the largest.
///
/// # Errors
/// `NoPreview` if there is none.
pub(crate) fn preview(format: Format, data: &[u8]) -> Result<Preview<'_>, Failure> {
    let mut candidates: Vec<Preview<'_>> = listed(format, data).into_iter().filter_map(candidate).collect();
    if !candidates
        .iter()
        .any(|found| found.dimensions.width.max(found.dimensions.height) >= PREVIEW_LONG_SIDE)
    {
        // Some makers list their large preview in notes of their own: look for it by signature.
        candidates.extend(
            memchr::memmem::find_iter(data, b"\xFF\xD8\xFF")
                .take(MAX_CANDIDATES)
                .filter_map(|at| candidate(&data[at..])),
        );
    }
    let size = |found: &Preview<'_>| found.dimensions.width.max(found.dimensions.height);
    let (enough, small): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|found| size(found) >= PREVIEW_LONG_SIDE);
    let best = enough
        .into_iter()
        .min_by_key(size)
        .or_else(|| small.into_iter().max_by_key(size));
    best.ok_or_else(|| {
        Failure::new(
            FailureCode::NoPreview,
            "The raw photo carries no picture that can be shown. The original is kept; upload a JPEG of it to see it.",
        )
    })
}

/// A JPEG that shows something: not the lossless kind that raw data is stored in.
fn candidate(jpeg: &[u8]) -> Option<Preview<'_>> {
    if !jpeg.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return None;
    }
    let frame = jpeg_segments(jpeg)
        .map(|(marker, _)| marker)
        .find(|m| matches!(m, 0xC0..=0xCF) && !matches!(m, 0xC4 | 0xC8 | 0xCC))?;
    if !matches!(frame, 0xC0..=0xC2) {
        return None;
    }
    Some(Preview {
        jpeg,
        dimensions: header_dimensions(Format::Jpeg, jpeg)?,
    })
}

/// Pictures that the directories point to.
fn listed(format: Format, data: &[u8]) -> Vec<&[u8]> {
    if format == Format::Raf {
        return raf_jpeg(data).into_iter().collect();
    }
    let mut found = Vec::new();
    each_directory(data, |tiff, ifd| {
        let at = tiff.offset(ifd, 0x0201).zip(tiff.offset(ifd, 0x0202));
        found.extend(at.and_then(|(at, len)| slice(data, at, len)));
        // One strip that is a JPEG by itself.
        if matches!(tiff.first(ifd, 0x0103), Some(6 | 7)) && ifd.get(0x0111).is_some_and(|strips| strips.count == 1) {
            let at = tiff.offset(ifd, 0x0111).zip(tiff.offset(ifd, 0x0117));
            found.extend(at.and_then(|(at, len)| slice(data, at, len)));
        }
        // Panasonic: the picture is the value of a field.
        found.extend(ifd.get(0x002E).map(|entry| tiff.bytes(entry)));
    });
    found
}

/// The picture of a Fujifilm raw; its place stands at byte 84.
pub(crate) fn raf_jpeg(data: &[u8]) -> Option<&[u8]> {
    slice(
        data,
        usize::try_from(be32(data, 84)?).ok()?,
        usize::try_from(be32(data, 88)?).ok()?,
    )
}

/// Size of the finished photo as shown, if the directories tell.
pub(crate) fn dimensions(format: Format, data: &[u8], orientation: u8) -> Option<Dimensions> {
    let mut best: Option<Dimensions> = None;
    let mut exact = None;
    let mut look = |tiff: &Tiff<'_>, ifd: &Ifd| {
        if let (Some(width), Some(height)) = (tiff.first(ifd, 0x0100), tiff.first(ifd, 0x0101)) {
            let size = Dimensions { width, height };
            if best.is_none_or(|best| best.pixels() < size.pixels()) {
                best = Some(size);
            }
        }
        exact = exact
            .or_else(|| default_crop(tiff, ifd))
            .or_else(|| panasonic_crop(format, tiff, ifd));
    };
    match format {
        Format::Raf => best = raf_jpeg(data).and_then(|jpeg| header_dimensions(Format::Jpeg, jpeg)),
        Format::Cr3 => {
            for block in metadata::blocks(format, data).exif.iter().take(1) {
                each_directory(block, &mut look);
            }
        }
        _ => each_directory(data, &mut look),
    }
    let size = exact.or(best).filter(|size| size.width > 0 && size.height > 0)?;
    Some(if (5..=8).contains(&orientation) {
        size.turned()
    } else {
        size
    })
}

/// DNG `DefaultCropSize`: what is left without the border.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "filtered to the range of u32"
)]
fn default_crop(tiff: &Tiff<'_>, ifd: &Ifd) -> Option<Dimensions> {
    let entry = ifd.get(0xC620)?;
    let side = |index| {
        let fraction = tiff
            .rational(entry, index)
            .map(|(n, d)| n / d)
            .filter(|v| (1.0..1e9).contains(v))
            .map(|v| v as u32);
        tiff.number(entry, index).or(fraction)
    };
    Some(Dimensions {
        width: side(0)?,
        height: side(1)?,
    })
}

/// Panasonic: the edges of the picture on the sensor.
fn panasonic_crop(format: Format, tiff: &Tiff<'_>, ifd: &Ifd) -> Option<Dimensions> {
    let edge = |tag| {
        if format == Format::Rw2 {
            tiff.first(ifd, tag)
        } else {
            None
        }
    };
    let (top, left, bottom, right) = (edge(4)?, edge(5)?, edge(6)?, edge(7)?);
    Some(Dimensions {
        width: right.checked_sub(left)?,
        height: bottom.checked_sub(top)?,
    })
}

/// Calls `look` with every directory: the chain, and the sub-directories of each.
fn each_directory<'a>(data: &'a [u8], mut look: impl FnMut(&Tiff<'a>, &Ifd)) {
    let Some((tiff, first)) = Tiff::open(data) else { return };
    let mut waiting = vec![first];
    let mut seen = Vec::new();
    while let Some(at) = waiting.pop() {
        if seen.contains(&at) || seen.len() == MAX_DIRECTORIES {
            continue;
        }
        seen.push(at);
        let Some(ifd) = tiff.ifd(at) else { continue };
        waiting.push(ifd.next);
        waiting.extend(
            tiff.numbers(&ifd, 0x014A, 16)
                .into_iter()
                .filter_map(|at| usize::try_from(at).ok()),
        );
        look(&tiff, &ifd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_without_a_picture_says_so() {
        let failure = preview(Format::Nef, b"II\x2a\0\x08\0\0\0\0\0").expect_err("nothing there");
        assert_eq!(failure.code, FailureCode::NoPreview);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(mut data: Vec<u8>, which in 0..Format::ALL.len()) {
            let format = Format::ALL[which];
            let _unused = (preview(format, &data).is_ok(), dimensions(format, &data, 1));
            data.splice(0..0, *b"II\x2a\0\x08\0\0\0");
            let _unused = (preview(format, &data).is_ok(), dimensions(format, &data, 6));
        }
    }
}
