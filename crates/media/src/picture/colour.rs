//! Every colour to sRGB, at the small size.
//!
//! A picture in Display P3 or Adobe RGB that is shown as if it were sRGB is visibly wrong (27 dB), and a rendition
//! that carries its profile along costs bytes and is ignored by some viewers.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout as Channels, RenderingIntent, TransformExecutor, TransformOptions};

use super::raster::{Layout, Raster};

type Transform = Arc<dyn TransformExecutor<u8> + Send + Sync>;

/// Cameras write the same profile into every picture: the last few transforms are kept.
const KEPT: usize = 4;

/// Transforms to sRGB, by profile.
#[derive(Default)]
pub(crate) struct Colours {
    kept: Vec<(Layout, Vec<u8>, Conversion)>,
}

#[derive(Clone)]
enum Conversion {
    /// The profile is sRGB, or as good as.
    None,
    /// To the given layout.
    By(Transform, Layout),
    /// The profile cannot be used; why, in plain words.
    Unusable(String),
}

impl Colours {
    /// Converts to sRGB, grey or RGBA; the second value says, in plain words, why a profile could not be used.
    pub(crate) fn convert(&mut self, raster: Raster, icc: Option<&[u8]>) -> (Raster, Option<String>) {
        let Some(icc) = icc else {
            return (without_profile(raster), None);
        };
        match self.conversion(raster.layout, icc) {
            Conversion::None => (without_profile(raster), None),
            Conversion::Unusable(why) => (without_profile(raster), Some(why)),
            Conversion::By(transform, layout) => {
                let count = raster.pixels.len() / raster.layout.channels();
                let mut pixels = vec![0; count * layout.channels()];
                match transform.transform(&raster.pixels, &mut pixels) {
                    Ok(()) => (
                        Raster {
                            pixels,
                            layout,
                            ..raster
                        },
                        None,
                    ),
                    Err(error) => (
                        without_profile(raster),
                        Some(format!("The colour profile could not be applied: {error:?}.")),
                    ),
                }
            }
        }
    }

    fn conversion(&mut self, layout: Layout, icc: &[u8]) -> Conversion {
        if let Some((_, _, known)) = self.kept.iter().find(|(l, profile, _)| *l == layout && profile == icc) {
            return known.clone();
        }
        let made = make(layout, icc);
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push((layout, icc.to_vec(), made.clone()));
        made
    }
}

/// The profile of pictures that only name their primaries.
pub(super) fn display_p3() -> Option<Vec<u8>> {
    ColorProfile::new_display_p3().encode().ok()
}

fn make(layout: Layout, icc: &[u8]) -> Conversion {
    let unusable = |why: &str| Conversion::Unusable(format!("The colour profile is {why}; colours are shown as sRGB."));
    let Ok(profile) = ColorProfile::new_from_slice(icc) else {
        return unusable("broken");
    };
    let (from, to, out) = match (layout, profile.color_space) {
        (Layout::Gray, DataColorSpace::Gray) => (Channels::Gray, Channels::Rgb, Layout::Rgb),
        (Layout::Rgb, DataColorSpace::Rgb) => (Channels::Rgb, Channels::Rgb, Layout::Rgb),
        (Layout::Rgba, DataColorSpace::Rgb) => (Channels::Rgba, Channels::Rgba, Layout::Rgba),
        // In this library four channels are four channels: CMYK goes by the name of RGBA.
        (Layout::Cmyk, DataColorSpace::Cmyk) => (Channels::Rgba, Channels::Rgb, Layout::Rgb),
        // A grey picture with the profile of an RGB one has nothing to convert.
        (Layout::Gray, DataColorSpace::Rgb) | (Layout::Rgb | Layout::Rgba, DataColorSpace::Gray) => {
            return Conversion::None;
        }
        _ => return unusable("made for other channels than the picture has"),
    };
    let options = TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    };
    match profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, options) {
        Ok(transform) if leaves_colours(&*transform, layout, out) => Conversion::None,
        Ok(transform) => Conversion::By(transform, out),
        Err(_) => unusable("of a kind that is not supported"),
    }
}

/// Whether no colour of a coarse grid moves by more than a just noticeable step: then the conversion is left out.
fn leaves_colours(transform: &(dyn TransformExecutor<u8> + Send + Sync), from: Layout, to: Layout) -> bool {
    const STEPS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    if from != to || !matches!(from, Layout::Rgb | Layout::Rgba) {
        return false;
    }
    let alpha: &[u8] = if from == Layout::Rgba { &[255] } else { &[] };
    let mut grid = Vec::new();
    for r in STEPS {
        for g in STEPS {
            for b in STEPS {
                grid.extend_from_slice(&[r, g, b]);
                grid.extend_from_slice(alpha);
            }
        }
    }
    let mut moved = vec![0; grid.len()];
    transform.transform(&grid, &mut moved).is_ok() && grid.iter().zip(&moved).all(|(a, b)| a.abs_diff(*b) <= 2)
}

/// What the numbers mean when nobody says: sRGB, and for CMYK plain subtraction.
fn without_profile(raster: Raster) -> Raster {
    if raster.layout != Layout::Cmyk {
        return raster;
    }
    let left = |ink: u8, key: u8| u8::try_from(u32::from(255 - ink) * u32::from(255 - key) / 255).unwrap_or(u8::MAX);
    let pixels = raster
        .pixels
        .chunks_exact(4)
        .flat_map(|p| [left(p[0], p[3]), left(p[1], p[3]), left(p[2], p[3])])
        .collect();
    Raster {
        pixels,
        layout: Layout::Rgb,
        ..raster
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(profile: &ColorProfile, layout: Layout, pixels: &[u8]) -> (Vec<u8>, Option<String>) {
        let width = u32::try_from(pixels.len() / layout.channels()).expect("small");
        let raster = Raster {
            width,
            height: 1,
            layout,
            pixels: pixels.to_vec(),
        };
        let icc = profile.encode().expect("a profile of the library can be written");
        let (raster, trouble) = Colours::default().convert(raster, Some(&icc));
        (raster.pixels, trouble)
    }

    #[test]
    fn srgb_is_left_alone() {
        let (pixels, trouble) = converted(&ColorProfile::new_srgb(), Layout::Rgb, &[1, 2, 3, 200, 100, 50]);
        assert_eq!((pixels, trouble), (vec![1, 2, 3, 200, 100, 50], None));
    }

    #[test]
    fn display_p3_becomes_more_saturated_numbers() {
        // Display P3 (200, 100, 50) is (213, 97, 33) in sRGB, by the matrices of CSS Color 4.
        let (pixels, trouble) = converted(&ColorProfile::new_display_p3(), Layout::Rgb, &[200, 100, 50]);
        assert_eq!(trouble, None);
        for (made, right) in pixels.iter().zip([214_u8, 96, 32]) {
            assert!(made.abs_diff(right) <= 4, "{pixels:?}");
        }
    }

    #[test]
    fn transparency_survives_conversion() {
        let (pixels, _) = converted(&ColorProfile::new_display_p3(), Layout::Rgba, &[200, 100, 50, 77]);
        assert_eq!(pixels[3], 77);
    }

    #[test]
    fn a_broken_profile_is_said_and_ignored() {
        let raster = Raster {
            width: 1,
            height: 1,
            layout: Layout::Rgb,
            pixels: vec![1, 2, 3],
        };
        let (raster, trouble) = Colours::default().convert(raster, Some(b"no profile"));
        assert_eq!(raster.pixels, [1, 2, 3]);
        assert!(trouble.expect("said").contains("broken"));
    }
}
