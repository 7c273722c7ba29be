//! WebP, GIF, TIFF, BMP and the plain pixel maps that the external decoders hand over.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::raster::{Layout, Raster};
use super::{Bounds, Decoded, check_pixels, too_big};
use crate::bytes::{le32, slice};
use crate::failure::{Failure, FailureCode};
use crate::sniff::Format;
use crate::types::Dimensions;

/// A still WebP by libwebp, which is twice as fast as the Rust decoder; of an animation the first picture.
pub(crate) fn webp(data: &[u8], bounds: Bounds) -> Result<Decoded, Failure> {
    let still = webp::BitstreamFeatures::new(data).is_some_and(|features| !features.has_animation());
    let Some(picture) = still.then(|| webp::Decoder::new(data).decode()).flatten() else {
        return other(Format::WebP, data, bounds);
    };
    let layout = if picture.is_alpha() { Layout::Rgba } else { Layout::Rgb };
    let stored = Dimensions {
        width: picture.width(),
        height: picture.height(),
    };
    let raster = Raster {
        width: stored.width,
        height: stored.height,
        layout,
        pixels: picture.to_vec(),
    };
    Ok(Decoded {
        raster,
        stored,
        icc: webp_chunk(data, b"ICCP").map(<[u8]>::to_vec),
        damage: None,
    })
}

/// The content of the first RIFF chunk of that name.
pub(crate) fn webp_chunk<'a>(data: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    let mut at = 12_usize;
    loop {
        let name = slice(data, at, 4)?;
        let len = usize::try_from(le32(data, at + 4)?).ok()?;
        if name == wanted {
            return slice(data, at + 8, len);
        }
        at = at.checked_add(8)?.checked_add(len)?.checked_add(len & 1)?;
    }
}

/// Everything else by the `image` crate.
pub(crate) fn other(format: Format, data: &[u8], bounds: Bounds) -> Result<Decoded, Failure> {
    let known = match format {
        Format::Gif => image::ImageFormat::Gif,
        Format::Tiff => image::ImageFormat::Tiff,
        Format::Bmp => image::ImageFormat::Bmp,
        Format::WebP => image::ImageFormat::WebP,
        Format::Jpeg => image::ImageFormat::Jpeg,
        _ => {
            return Err(Failure::new(
                FailureCode::Unsupported,
                format!("{format:?} is not decoded here."),
            ));
        }
    };
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(bounds.memory / 2);
    let mut reader = ImageReader::with_format(Cursor::new(data), known);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(format, &error))?;
    let (width, height) = decoder.dimensions();
    let stored = Dimensions { width, height };
    check_pixels(stored, bounds)?;
    let icc = decoder.icc_profile().ok().flatten();
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(format, &error))?;
    Ok(Decoded {
        raster: raster(picture),
        stored,
        icc,
        damage: None,
    })
}

fn raster(picture: DynamicImage) -> Raster {
    let (width, height) = (picture.width(), picture.height());
    let alpha = picture.color().has_alpha();
    let (layout, pixels) = match picture {
        DynamicImage::ImageLuma8(gray) => (Layout::Gray, gray.into_raw()),
        DynamicImage::ImageLuma16(_) => (Layout::Gray, picture.into_luma8().into_raw()),
        _ if alpha => (Layout::Rgba, picture.into_rgba8().into_raw()),
        _ => (Layout::Rgb, picture.into_rgb8().into_raw()),
    };
    Raster {
        width,
        height,
        layout,
        pixels,
    }
}

fn refused(format: Format, error: &ImageError) -> Failure {
    let name = format.extension().to_uppercase();
    match error {
        ImageError::Limits(_) => too_big(&format!("the {name}")),
        ImageError::Unsupported(_) => Failure::new(
            FailureCode::Unsupported,
            format!("This kind of {name} is not supported ({error})."),
        ),
        _ => Failure::damaged(format!("The {name} is broken ({error}). Upload another copy.")),
    }
}
