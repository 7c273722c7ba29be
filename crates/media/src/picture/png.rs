//! PNG, row by row: a picture of any height takes the memory of its small version.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

use super::raster::{Layout, Raster, Reducer};
use super::{Bounds, Decoded, PREVIEW_LONG_SIDE, too_big};
use crate::failure::Failure;
use crate::types::Dimensions;

/// Decodes the picture, of an animation the one that old viewers show.
pub(crate) fn decode(data: &[u8], bounds: Bounds) -> Result<Decoded, Failure> {
    let memory = usize::try_from(bounds.memory / 2).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new_with_limits(Cursor::new(data), Limits { bytes: memory });
    // Palettes and 1, 2, 4 and 16 bits all become 8 bits a channel.
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.ignore_checksums(true);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(|error| refused(&error))?;
    let info = reader.info();
    let stored = Dimensions {
        width: info.width,
        height: info.height,
    };
    let icc = info.icc_profile.as_ref().map(|profile| profile.to_vec());
    let interlaced = info.interlaced;
    let (colour, depth) = reader.output_color_type();
    let channels = colour.samples();
    if depth != BitDepth::Eight {
        return Err(Failure::damaged(
            "The PNG has a pixel format that no decoder here knows.",
        ));
    }
    let width = usize::try_from(stored.width).map_err(|_| too_big("the PNG"))?;
    let factor = usize::try_from(stored.width.max(stored.height) / (2 * PREVIEW_LONG_SIDE))
        .unwrap_or(1)
        .max(1);
    let mut reducer = Reducer::new(width, channels, factor);
    let mut damage = None;
    if interlaced {
        // The rows come in seven passes: the whole picture has to be held.
        let size = reader
            .output_buffer_size()
            .filter(|size| *size <= memory)
            .ok_or_else(|| too_big("the PNG"))?;
        let mut whole = vec![0; size];
        if reader.next_frame(&mut whole).is_err() {
            damage = Some(cut_short());
        }
        whole.chunks_exact(width * channels).for_each(|row| reducer.row(row));
    } else {
        let mut rows = 0;
        loop {
            match reader.next_row() {
                Ok(Some(row)) => reducer.row(row.data()),
                Ok(None) => break,
                Err(error) if rows * 20 < stored.height => return Err(refused(&error)),
                Err(_) => {
                    damage = Some(cut_short());
                    break;
                }
            }
            rows += 1;
            if rows == stored.height {
                break;
            }
        }
        if damage.is_some() {
            // What never came is shown as mid grey, as JPEG decoders do.
            let missing = vec![128; width * channels];
            (rows..stored.height).for_each(|_| reducer.row(&missing));
        }
    }
    reducer.flush(width);
    let (layout, pixels) = match colour {
        ColorType::Grayscale => (Layout::Gray, reducer.out),
        ColorType::GrayscaleAlpha => (
            Layout::Rgba,
            reducer
                .out
                .chunks_exact(2)
                .flat_map(|p| [p[0], p[0], p[0], p[1]])
                .collect(),
        ),
        ColorType::Rgb => (Layout::Rgb, reducer.out),
        _ => (Layout::Rgba, reducer.out),
    };
    let columns = stored.width.div_ceil(u32::try_from(factor).unwrap_or(1));
    let lines = stored.height.div_ceil(u32::try_from(factor).unwrap_or(1));
    Ok(Decoded {
        raster: Raster {
            width: columns,
            height: lines,
            layout,
            pixels,
        },
        stored,
        icc,
        damage,
    })
}

fn cut_short() -> String {
    "The PNG is cut short or broken; what could be read is shown. The original is kept as it is.".into()
}

fn refused(error: &png::DecodingError) -> Failure {
    match error {
        png::DecodingError::LimitsExceeded => too_big("the PNG"),
        _ => Failure::damaged(format!("The PNG is broken ({error}). Upload another copy.")),
    }
}
