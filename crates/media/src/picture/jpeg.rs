//! JPEG, the bulk of every collection: decoded by libjpeg-turbo at a fraction of its size (the inverse DCT does the
//! first half of the downscale for nothing), encoded by it too.

mod colour;
mod headers;
mod huffman;
mod idct;
mod scaled;

use turbojpeg::{Colorspace, Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use super::raster::{Layout, Raster};
use super::{Bounds, Decoded, PREVIEW_LONG_SIDE, codecs, too_big};
use crate::bytes::slice;
use crate::failure::{Failure, FailureCode};
use crate::header::{header_dimensions, jpeg_segments};
use crate::sniff::Format;
use crate::types::Dimensions;

/// 0 to 100: sharp's and libvips's default, at which a preview has 150 to 300 kB.
pub(crate) const PREVIEW_QUALITY: i32 = 80;

/// A valid progressive file has some ten scans; thousands are an attack on the decoder's time.
const MAX_SCANS: u32 = 500;

const DAMAGED: &str = "The JPEG is cut short or broken; what could be read is shown. The original is kept as it is.";

/// Handles of libjpeg-turbo that are used again and again.
#[derive(Default)]
pub(crate) struct Codec {
    decompressor: Option<Decompressor>,
    compressor: Option<Compressor>,
}

impl Codec {
    /// Decodes at the smallest size that still serves a preview.
    pub(crate) fn decode(&mut self, data: &[u8], bounds: Bounds) -> Result<Decoded, Failure> {
        if let Some(decoded) = from_camera(data) {
            return Ok(decoded);
        }
        let decoded = self.try_decode(data);
        if decoded.as_ref().map_or(true, |decoded| decoded.damage.is_some()) {
            // After an error the handle may hold half a picture: start afresh.
            self.decompressor = None;
        }
        match decoded {
            // libjpeg-turbo is strict about headers. Most other programs show such files, and so do we.
            Err(failure) if failure.code == FailureCode::Damaged => tolerant(data, bounds).ok_or(failure),
            other => other,
        }
    }

    fn try_decode(&mut self, data: &[u8]) -> Result<Decoded, Failure> {
        let decompressor = match &mut self.decompressor {
            Some(handle) => handle,
            slot => slot.insert(Decompressor::new().map_err(|error| library(&error))?),
        };
        decompressor
            .set_scan_limit(MAX_SCANS)
            .map_err(|error| library(&error))?;
        let header = decompressor.read_header(data).map_err(|error| unreadable(&error))?;
        let stored = Dimensions {
            width: side(header.width)?,
            height: side(header.height)?,
        };
        let factor = if header.is_lossless {
            ScalingFactor::ONE
        } else {
            scaling(header.width.max(header.height))
        };
        decompressor
            .set_scaling_factor(factor)
            .map_err(|error| library(&error))?;
        let scaled = header.scaled(factor);
        let (format, layout) = match header.colorspace {
            Colorspace::Gray => (PixelFormat::GRAY, Layout::Gray),
            Colorspace::CMYK | Colorspace::YCCK => (PixelFormat::CMYK, Layout::Cmyk),
            _ => (PixelFormat::RGB, Layout::Rgb),
        };
        let pitch = scaled.width * layout.channels();
        let mut pixels = vec![0; pitch * scaled.height];
        let image = Image {
            pixels: &mut pixels[..],
            width: scaled.width,
            pitch,
            height: scaled.height,
            format,
        };
        let damage = match decompressor.decompress(data, image) {
            Ok(()) => None,
            Err(error) => salvage(&error, &pixels, pitch)?,
        };
        if layout == Layout::Cmyk && adobe(data) {
            // Adobe stores how much light is left, not how much ink there is.
            pixels.iter_mut().for_each(|value| *value = 255 - *value);
        }
        let raster = Raster {
            width: side(scaled.width)?,
            height: side(scaled.height)?,
            layout,
            pixels,
        };
        Ok(Decoded {
            raster,
            stored,
            icc: icc(data),
            damage,
        })
    }

    /// Encodes a preview.
    pub(crate) fn encode(&mut self, raster: &Raster) -> Result<Vec<u8>, Failure> {
        let compressor = match &mut self.compressor {
            Some(handle) => handle,
            slot => slot.insert(Compressor::new().map_err(|error| library(&error))?),
        };
        let (format, subsampling) = match raster.layout {
            Layout::Gray => (PixelFormat::GRAY, Subsamp::Gray),
            Layout::Rgb => (PixelFormat::RGB, Subsamp::Sub2x2),
            Layout::Rgba | Layout::Cmyk => (PixelFormat::RGBA, Subsamp::Sub2x2),
        };
        compressor
            .set_quality(PREVIEW_QUALITY)
            .map_err(|error| library(&error))?;
        compressor.set_subsamp(subsampling).map_err(|error| library(&error))?;
        let image = Image {
            pixels: &raster.pixels[..],
            width: raster.width as usize,
            pitch: raster.pitch(),
            height: raster.height as usize,
            format,
        };
        compressor.compress_to_vec(image).map_err(|error| library(&error))
    }
}

/// What cameras write, by the decoder that is made for it; `None` for the rest.
fn from_camera(data: &[u8]) -> Option<Decoded> {
    let stored = header_dimensions(Format::Jpeg, data)?;
    let long = stored.width.max(stored.height) as usize;
    let eighths = (1..=4).find(|eighths| (long * eighths).div_ceil(8) >= PREVIEW_LONG_SIDE as usize)?;
    let scaled = scaled::decode(data, eighths)?;
    Some(Decoded {
        raster: Raster {
            width: u32::try_from(scaled.width).ok()?,
            height: u32::try_from(scaled.height).ok()?,
            layout: if scaled.channels == 1 {
                Layout::Gray
            } else {
                Layout::Rgb
            },
            pixels: scaled.pixels,
        },
        stored,
        icc: icc(data),
        damage: None,
    })
}

/// libjpeg-turbo goes on behind damage and reports it at the end: see whether enough of the picture came out.
fn salvage(error: &turbojpeg::Error, pixels: &[u8], pitch: usize) -> Result<Option<String>, Failure> {
    let message = error.to_string();
    if message.contains("nsufficient memory") || message.contains("emory allocation") {
        return Err(too_big("the JPEG"));
    }
    if message.contains("extraneous bytes before marker") {
        // Many phones append things. Nothing of the picture is missing.
        return Ok(None);
    }
    if hopeless(pixels, pitch) {
        return Err(Failure::damaged(
            "The JPEG is cut short or broken, and hardly anything of it can be shown. Upload another copy.",
        ));
    }
    Ok(Some(DAMAGED.into()))
}

/// Whether fewer than a twentieth of the rows came out: those that never came are all alike, grey or zeros.
fn hopeless(pixels: &[u8], pitch: usize) -> bool {
    let rows: Vec<&[u8]> = pixels.chunks_exact(pitch).collect();
    let lost = rows
        .last()
        .map_or(0, |last| rows.iter().rev().take_while(|row| *row == last).count());
    (rows.len() - lost) * 20 < rows.len()
}

/// Another decoder, which overlooks more.
fn tolerant(data: &[u8], bounds: Bounds) -> Option<Decoded> {
    let mut decoded = codecs::other(Format::Jpeg, data, bounds).ok()?;
    if hopeless(&decoded.raster.pixels, decoded.raster.pitch()) {
        return None;
    }
    decoded.damage = Some(DAMAGED.into());
    Some(decoded)
}

fn side(value: usize) -> Result<u32, Failure> {
    u32::try_from(value).map_err(|_| Failure::damaged("The JPEG's header is broken. Upload another copy."))
}

/// The smallest scale that is not smaller than the preview, as libvips chooses it too.
///
/// Only halves, quarters and eighths: their inverse DCT has SIMD code. Measured on 24 megapixels, decode and resize:
/// 1/4 55 ms, 3/8 65 ms, 1/2 65 ms, 5/8 94 ms, 1/1 97 ms.
fn scaling(long: usize) -> ScalingFactor {
    [
        ScalingFactor::ONE_EIGHTH,
        ScalingFactor::ONE_QUARTER,
        ScalingFactor::ONE_HALF,
    ]
    .into_iter()
    .find(|factor| u32::try_from(factor.scale(long)).is_ok_and(|scaled| scaled >= PREVIEW_LONG_SIDE))
    .unwrap_or(ScalingFactor::ONE)
}

fn library(error: &turbojpeg::Error) -> Failure {
    Failure::new(
        FailureCode::DecoderCrashed,
        format!("The JPEG library refused to work: {error}."),
    )
}

fn unreadable(error: &turbojpeg::Error) -> Failure {
    match error {
        turbojpeg::Error::BadSubsamp(_) | turbojpeg::Error::BadColorspace(_) => {
            Failure::damaged("The JPEG uses a colour layout that no decoder here knows. Upload another copy.")
        }
        _ => Failure::damaged("The JPEG's header is broken, nothing of it can be shown. Upload another copy."),
    }
}

/// Whether Adobe's APP14 segment is there.
fn adobe(data: &[u8]) -> bool {
    jpeg_segments(data).any(|(marker, content)| marker == 0xEE && content.starts_with(b"Adobe"))
}

/// The colour profile, which may be spread over several APP2 segments (ICC.1:2022, annex B.4).
fn icc(data: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<(u8, &[u8])> = jpeg_segments(data)
        .filter(|(marker, content)| *marker == 0xE2 && content.starts_with(b"ICC_PROFILE\0"))
        .filter_map(|(_, content)| Some((*content.get(12)?, slice(content, 14, content.len() - 14)?)))
        .collect();
    parts.sort_by_key(|(number, _)| *number);
    let profile: Vec<u8> = parts.into_iter().flat_map(|(_, part)| part).copied().collect();
    (!profile.is_empty()).then_some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoded_size_is_never_smaller_than_the_preview() {
        for (long, scale) in [
            (1000, ScalingFactor::ONE),
            (2879, ScalingFactor::ONE_HALF),
            (4000, ScalingFactor::ONE_HALF),
            (6000, ScalingFactor::ONE_QUARTER),
            (20_000, ScalingFactor::ONE_EIGHTH),
        ] {
            assert_eq!(scaling(long), scale, "{long}");
        }
    }
}
