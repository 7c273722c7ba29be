//! From an encoded picture to its renditions: one decode, one downscale, colours and orientation put right at the small
//! size, then everything else from that.
//!
//! Runs in a decoder child.

mod codecs;
mod colour;
mod encode;
mod jpeg;
mod orient;
mod png;
mod raster;

pub(crate) use codecs::webp_chunk;

use crate::bmff;
use crate::failure::{Failure, FailureCode};
use crate::header::header_dimensions;
use crate::sniff::Format;
use crate::types::{Dimensions, Rendition, RenditionKind, Warning, WarningCode};
use colour::Colours;
use raster::Raster;

/// Long side of a preview in pixels: fills a laptop's screen, a third of the bytes of 1920.
pub(crate) const PREVIEW_LONG_SIDE: u32 = 1440;

/// Short side of a thumb in pixels: a row of the timeline at twice the density.
pub(crate) const THUMB_SHORT_SIDE: u32 = 256;

/// What bounds one decode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) max_pixels: u64,
    /// Bytes that a decoder may allocate.
    pub(crate) memory: u64,
}

/// A decoded picture, not yet upright, perhaps already smaller than stored.
pub(crate) struct Decoded {
    pub(crate) raster: Raster,
    /// Size as stored.
    pub(crate) stored: Dimensions,
    pub(crate) icc: Option<Vec<u8>>,
    /// In plain words, if part of the file was missing.
    pub(crate) damage: Option<String>,
}

/// What a picture gives.
pub(crate) struct Picture {
    /// Size as shown.
    pub(crate) dimensions: Dimensions,
    pub(crate) renditions: Vec<Rendition>,
    pub(crate) thumbhash: Vec<u8>,
    pub(crate) warnings: Vec<Warning>,
}

/// What is kept between pictures: buffers, codec handles, colour transforms.
#[derive(Default)]
pub(crate) struct Studio {
    jpeg: jpeg::Codec,
    colours: Colours,
    resizer: fast_image_resize::Resizer,
}

impl Studio {
    /// Decodes `data` and makes everything that stands for it. `orientation` is the EXIF value, 1 to 8.
    pub(crate) fn develop(
        &mut self,
        format: Format,
        data: &[u8],
        orientation: u8,
        bounds: Bounds,
    ) -> Result<Picture, Failure> {
        if let Some(header) = header_dimensions(format, data) {
            check_pixels(header, bounds)?;
        }
        let decoded = match format {
            Format::Jpeg => self.jpeg.decode(data, bounds)?,
            Format::Png | Format::Apng => png::decode(data, bounds)?,
            Format::WebP => codecs::webp(data, bounds)?,
            _ => codecs::other(format, data, bounds)?,
        };
        self.finish(decoded, orientation)
    }

    /// Makes everything of an upright PNG that another decoder wrote; `colours` holds if it has no profile.
    pub(crate) fn finish_png(
        &mut self,
        data: &[u8],
        colours: bmff::Colours,
        bounds: Bounds,
    ) -> Result<Picture, Failure> {
        let mut decoded = png::decode(data, bounds)?;
        if colours == bmff::Colours::DisplayP3 && decoded.icc.is_none() {
            decoded.icc = colour::display_p3();
        }
        self.finish(decoded, 1)
    }

    fn finish(&mut self, decoded: Decoded, orientation: u8) -> Result<Picture, Failure> {
        let Decoded {
            raster,
            stored,
            icc,
            damage,
        } = decoded;
        let mut warnings = Vec::new();
        if let Some(detail) = damage {
            warnings.push(Warning {
                code: WarningCode::Damaged,
                detail,
            });
        }
        let small = raster.fit_long_side(PREVIEW_LONG_SIDE, &mut self.resizer)?;
        let small = match self.colours.convert(small, icc.as_deref()) {
            (small, None) => small,
            (small, Some(trouble)) => {
                warnings.push(Warning {
                    code: WarningCode::ColourProfile,
                    detail: trouble,
                });
                small
            }
        };
        let upright = orient::upright(small, orientation);
        let thumb = upright.fit_short_side(THUMB_SHORT_SIDE, &mut self.resizer)?;
        let thumbhash = thumb.thumbhash(&mut self.resizer)?;
        let thumb_bytes = encode::webp(&thumb)?;
        let preview = upright.flattened();
        let preview_bytes = self.jpeg.encode(&preview)?;
        Ok(Picture {
            dimensions: if orient::turns(orientation) {
                stored.turned()
            } else {
                stored
            },
            renditions: vec![
                Rendition {
                    kind: RenditionKind::Thumb,
                    mime: "image/webp",
                    dimensions: thumb.dimensions(),
                    bytes: thumb_bytes,
                },
                Rendition {
                    kind: RenditionKind::Preview,
                    mime: "image/jpeg",
                    dimensions: preview.dimensions(),
                    bytes: preview_bytes,
                },
            ],
            thumbhash,
            warnings,
        })
    }
}

/// Refuses what would take too long before anything is decoded: a valid PNG of 875 kB can hold 900 million pixels.
pub(crate) fn check_pixels(dimensions: Dimensions, bounds: Bounds) -> Result<(), Failure> {
    if dimensions.pixels() <= bounds.max_pixels {
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::TooManyPixels,
        format!(
            "The picture has {} x {} pixels ({} million); at most {} million are processed. Upload a smaller version.",
            dimensions.width,
            dimensions.height,
            dimensions.pixels() / 1_000_000,
            bounds.max_pixels / 1_000_000,
        ),
    ))
}

pub(crate) fn too_big(what: &str) -> Failure {
    Failure::new(
        FailureCode::TooBigInMemory,
        format!("Decoding {what} needs more memory than a decoder may use. Upload a smaller version."),
    )
}
