//! The eight ways in which a camera can have been held (EXIF 2.32, tag 0x0112).

use super::raster::Raster;

/// Whether this orientation exchanges width and height.
pub(crate) fn turns(orientation: u8) -> bool {
    (5..=8).contains(&orientation)
}

/// Turns and mirrors the picture so that it stands as it was seen. Unknown values count as 1.
pub(crate) fn upright(raster: Raster, orientation: u8) -> Raster {
    match raster.layout.channels() {
        1 => turned::<1>(raster, orientation),
        3 => turned::<3>(raster, orientation),
        _ => turned::<4>(raster, orientation),
    }
}

fn turned<const N: usize>(mut raster: Raster, orientation: u8) -> Raster {
    let (width, height) = (raster.width as usize, raster.height as usize);
    let (source, _) = raster.pixels.as_chunks::<N>();
    let pixels: Vec<[u8; N]> = match orientation {
        2 => source
            .chunks_exact(width)
            .flat_map(|row| row.iter().rev())
            .copied()
            .collect(),
        3 => source.iter().rev().copied().collect(),
        4 => source.chunks_exact(width).rev().flatten().copied().collect(),
        // In 5 to 8 column x of the stored picture becomes a row.
        5 => (0..width)
            .flat_map(|x| (0..height).map(move |y| source[y * width + x]))
            .collect(),
        6 => (0..width)
            .flat_map(|x| (0..height).rev().map(move |y| source[y * width + x]))
            .collect(),
        7 => (0..width)
            .rev()
            .flat_map(|x| (0..height).rev().map(move |y| source[y * width + x]))
            .collect(),
        8 => (0..width)
            .rev()
            .flat_map(|x| (0..height).map(move |y| source[y * width + x]))
            .collect(),
        _ => return raster,
    };
    if turns(orientation) {
        std::mem::swap(&mut raster.width, &mut raster.height);
    }
    raster.pixels = pixels.into_flattened();
    raster
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::raster::Layout;

    /// What a 3 x 2 picture "abc/def" looks like once it stands upright, by the table of the EXIF standard.
    #[test]
    fn all_eight_orientations_stand_upright() {
        let expected: [(u8, &[u8]); 10] = [
            (0, b"abcdef"),
            (1, b"abcdef"),
            (2, b"cbafed"),
            (3, b"fedcba"),
            (4, b"defabc"),
            (5, b"adbecf"),
            (6, b"daebfc"),
            (7, b"fcebda"),
            (8, b"cfbead"),
            (9, b"abcdef"),
        ];
        for (orientation, pixels) in expected {
            let stored = Raster {
                width: 3,
                height: 2,
                layout: Layout::Gray,
                pixels: b"abcdef".to_vec(),
            };
            let shown = upright(stored, orientation);
            assert_eq!(shown.pixels, pixels, "orientation {orientation}");
            assert_eq!(
                shown.width,
                if turns(orientation) { 2 } else { 3 },
                "orientation {orientation}"
            );
        }
    }
}
