//! Pixels in memory and the ways to make fewer of them.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::failure::{Failure, FailureCode};
use crate::types::Dimensions;

/// What the channels of a pixel are, eight bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Gray,
    Rgb,
    /// Not premultiplied.
    Rgba,
    /// 0 is no ink, 255 is full.
    Cmyk,
}

impl Layout {
    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }
}

/// A picture in memory, rows from the top, without padding.
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: Layout,
    pub(crate) pixels: Vec<u8>,
}

impl Raster {
    pub(crate) fn dimensions(&self) -> Dimensions {
        Dimensions {
            width: self.width,
            height: self.height,
        }
    }

    /// Bytes of a row.
    pub(crate) fn pitch(&self) -> usize {
        self.width as usize * self.layout.channels()
    }

    /// Makes the long side `target` pixels; a smaller picture stays as it is.
    pub(crate) fn fit_long_side(self, target: u32, resizer: &mut Resizer) -> Result<Self, Failure> {
        let long = self.width.max(self.height);
        if long <= target {
            return Ok(self);
        }
        let (width, height) = scaled(self.width, self.height, f64::from(target) / f64::from(long));
        self.resized(width, height, resizer)
    }

    /// A copy whose short side is `target` pixels; a smaller picture is copied as it is.
    pub(crate) fn fit_short_side(&self, target: u32, resizer: &mut Resizer) -> Result<Self, Failure> {
        let short = self.width.min(self.height);
        let factor = f64::from(target.min(short)) / f64::from(short);
        let (width, height) = scaled(self.width, self.height, factor);
        self.resized(width, height, resizer)
    }

    fn resized(&self, width: u32, height: u32, resizer: &mut Resizer) -> Result<Self, Failure> {
        if (width, height) == (self.width, self.height) {
            return Ok(Self {
                width,
                height,
                layout: self.layout,
                pixels: self.pixels.clone(),
            });
        }
        let kind = match self.layout {
            Layout::Gray => PixelType::U8,
            Layout::Rgb => PixelType::U8x3,
            Layout::Rgba | Layout::Cmyk => PixelType::U8x4,
        };
        let internal = |error: &dyn std::fmt::Display| {
            Failure::new(
                FailureCode::DecoderCrashed,
                format!("The picture could not be made smaller: {error}."),
            )
        };
        let source = ImageRef::new(self.width, self.height, &self.pixels, kind).map_err(|error| internal(&error))?;
        let mut target = Image::new(width, height, kind);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .use_alpha(self.layout == Layout::Rgba);
        resizer
            .resize(&source, &mut target, &options)
            .map_err(|error| internal(&error))?;
        Ok(Self {
            width,
            height,
            layout: self.layout,
            pixels: target.into_vec(),
        })
    }

    /// Without transparency: on white, like paper.
    pub(crate) fn flattened(self) -> Self {
        if self.layout != Layout::Rgba {
            return self;
        }
        let over_white = |channel: u8, alpha: u8| {
            let alpha = u32::from(alpha);
            // Exact rounding of a sum that is at most 255 x 255.
            let sum = u32::from(channel) * alpha + 255 * (255 - alpha) + 127;
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        let pixels = self
            .pixels
            .chunks_exact(4)
            .flat_map(|p| [over_white(p[0], p[3]), over_white(p[1], p[3]), over_white(p[2], p[3])]);
        Self {
            pixels: pixels.collect(),
            layout: Layout::Rgb,
            ..self
        }
    }

    /// The 25 bytes that a blurred placeholder is painted from.
    pub(crate) fn thumbhash(&self, resizer: &mut Resizer) -> Result<Vec<u8>, Failure> {
        // The algorithm takes up to 100 x 100 and keeps at most 7 x 7 waves of it: half of that in each direction tells it the same
        // (a test compares them) in a quarter of the time.
        self.thumbhash_of(50, resizer)
    }

    /// `most`: pixels of the long side.
    fn thumbhash_of(&self, most: u32, resizer: &mut Resizer) -> Result<Vec<u8>, Failure> {
        let long = self.width.max(self.height);
        let (width, height) = scaled(self.width, self.height, f64::from(long.min(most)) / f64::from(long));
        let tiny = self.resized(width, height, resizer)?;
        let rgba: Vec<u8> = match tiny.layout {
            Layout::Gray => tiny.pixels.iter().flat_map(|g| [*g, *g, *g, 255]).collect(),
            Layout::Rgb => tiny
                .pixels
                .chunks_exact(3)
                .flat_map(|p| [p[0], p[1], p[2], 255])
                .collect(),
            Layout::Rgba | Layout::Cmyk => tiny.pixels,
        };
        Ok(thumbhash::rgba_to_thumb_hash(width as usize, height as usize, &rgba))
    }
}

/// Both sides times `factor`, rounded, never less than a pixel.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a shrunken u32 stays in range"
)]
fn scaled(width: u32, height: u32, factor: f64) -> (u32, u32) {
    let side = |side: u32| (f64::from(side) * factor).round().max(1.0) as u32;
    (side(width), side(height))
}

/// Averages blocks of `factor` x `factor` pixels as the rows of a picture come by, so that a picture of any height is
/// decoded in the memory of its small version.
pub(crate) struct Reducer {
    factor: usize,
    channels: usize,
    sums: Vec<u32>,
    rows: u32,
    pub(crate) out: Vec<u8>,
}

impl Reducer {
    /// For rows of `width` pixels; `factor` 1 copies.
    pub(crate) fn new(width: usize, channels: usize, factor: usize) -> Self {
        let columns = width.div_ceil(factor);
        Self {
            factor,
            channels,
            sums: vec![0; columns * channels],
            rows: 0,
            out: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, row: &[u8]) {
        if self.factor == 1 {
            self.out.extend_from_slice(row);
            return;
        }
        for (sums, block) in self
            .sums
            .chunks_exact_mut(self.channels)
            .zip(row.chunks(self.factor * self.channels))
        {
            for pixel in block.chunks_exact(self.channels) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
            }
        }
        self.rows += 1;
        if self.rows as usize == self.factor {
            self.flush(row.len() / self.channels);
        }
    }

    /// Writes the block row under way; `width` is that of the full rows.
    pub(crate) fn flush(&mut self, width: usize) {
        if self.rows == 0 {
            return;
        }
        for (column, sums) in self.sums.chunks_exact_mut(self.channels).enumerate() {
            // The last block of a row may be narrower.
            let columns = self.factor.min(width.saturating_sub(column * self.factor)).max(1);
            let count = self.rows * u32::try_from(columns).unwrap_or(1);
            for sum in sums {
                self.out
                    .push(u8::try_from((*sum + count / 2) / count).unwrap_or(u8::MAX));
                *sum = 0;
            }
        }
        self.rows = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_becomes_white_paper() {
        let raster = Raster {
            width: 2,
            height: 1,
            layout: Layout::Rgba,
            pixels: vec![10, 20, 30, 0, 10, 20, 30, 255],
        };
        assert_eq!(raster.flattened().pixels, [255, 255, 255, 10, 20, 30]);
    }

    #[test]
    fn a_reducer_averages_blocks_and_ragged_edges() {
        let mut reducer = Reducer::new(3, 1, 2);
        for row in [[0, 10, 100], [20, 30, 200], [7, 7, 9]] {
            reducer.row(&row);
        }
        reducer.flush(3);
        assert_eq!(reducer.out, [15, 150, 7, 9]);
    }

    #[test]
    fn small_pictures_are_never_made_larger() {
        let mut resizer = Resizer::new();
        let raster = Raster {
            width: 10,
            height: 5,
            layout: Layout::Gray,
            pixels: vec![9; 50],
        };
        let thumb = raster.fit_short_side(256, &mut resizer).expect("copies");
        assert_eq!((thumb.width, thumb.height), (10, 5));
        let preview = raster.fit_long_side(1440, &mut resizer).expect("keeps");
        assert_eq!((preview.width, preview.height), (10, 5));
    }

    #[test]
    fn an_extreme_panorama_keeps_a_pixel_of_height() {
        let mut resizer = Resizer::new();
        let raster = Raster {
            width: 60_000,
            height: 1,
            layout: Layout::Rgb,
            pixels: vec![9; 180_000],
        };
        let preview = raster.fit_long_side(1440, &mut resizer).expect("shrinks");
        assert_eq!((preview.width, preview.height), (1440, 1));
        assert!(preview.thumbhash(&mut resizer).is_ok());
    }

    #[test]
    fn a_placeholder_is_the_same_of_half_the_pixels() {
        let (width, height) = (384, 256);
        // Sky over land with a sun and some grain, as photos have them.
        let pixel = |x: u32, y: u32| {
            let grain = ((x * 7919 + y * 104_729) % 23) as u8;
            let sun = (x.abs_diff(260).pow(2) + y.abs_diff(70).pow(2) < 1600).then_some([250, 240, 180]);
            let base = sun.unwrap_or(if y < 150 {
                [90, 140, (230 - y / 2) as u8]
            } else {
                [60, (90 + x / 8) as u8, 40]
            });
            base.map(|colour: u8| colour.saturating_add(grain))
        };
        let pixels = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| pixel(x, y)))
            .collect();
        let raster = Raster {
            width,
            height,
            layout: Layout::Rgb,
            pixels,
        };
        let mut resizer = Resizer::new();
        let mut painted = |most| {
            let hash = raster.thumbhash_of(most, &mut resizer).expect("a hash");
            thumbhash::thumb_hash_to_rgba(&hash).expect("a placeholder")
        };
        let ((w, h, full), (w2, h2, half)) = (painted(100), painted(50));
        assert_eq!((w, h), (w2, h2));
        let apart: u32 = full.iter().zip(&half).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        let mean = f64::from(apart) / full.len() as f64;
        assert!(mean < 2.0, "{mean} of 255 apart on average");
    }
}
