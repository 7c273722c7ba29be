//! Thumbs as WebP: a third fewer bytes than JPEG at this size, and transparency.

use webp::{Encoder, PixelLayout, WebPConfig};

use super::raster::{Layout, Raster};
use crate::failure::{Failure, FailureCode};

/// 0 to 100. At 256 px, 80 cannot be told from the picture.
const QUALITY: f32 = 80.0;

/// Effort, 0 to 6. Measured on photos of 341 x 256: 2 takes half the time of 4 for 4 % more bytes.
const METHOD: i32 = 2;

pub(crate) fn webp(raster: &Raster) -> Result<Vec<u8>, Failure> {
    let internal = |what: &str| {
        Failure::new(
            FailureCode::DecoderCrashed,
            format!("The thumb could not be made: {what}."),
        )
    };
    let rgb: Vec<u8>;
    let (pixels, layout) = match raster.layout {
        Layout::Rgb => (&raster.pixels, PixelLayout::Rgb),
        Layout::Rgba | Layout::Cmyk => (&raster.pixels, PixelLayout::Rgba),
        Layout::Gray => {
            rgb = raster.pixels.iter().flat_map(|g| [*g; 3]).collect();
            (&rgb, PixelLayout::Rgb)
        }
    };
    let mut config = WebPConfig::new().map_err(|()| internal("no configuration"))?;
    config.quality = QUALITY;
    config.method = METHOD;
    let encoder = Encoder::new(pixels, layout, raster.width, raster.height);
    let bytes = encoder
        .encode_advanced(&config)
        .map_err(|error| internal(&format!("{error:?}")))?;
    Ok(bytes.to_vec())
}
