//! Small media files made on the spot: valid, and different for every seed.

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, codecs};

/// When the camera says that the picture was taken: local time, and how far that is from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// `YYYY:MM:DD HH:MM:SS`, as EXIF writes it.
    pub local: &'static str,
    /// `+HH:MM` or `-HH:MM`.
    pub offset: &'static str,
}

/// The capture time of every sample that is not given one: 12 May 2024, 10:11:12 in UTC+2.
pub const TAKEN: Taken = Taken {
    local: "2024:05:12 10:11:12",
    offset: "+02:00",
};

/// A JPEG of `width` x `height` pixels with an EXIF capture time ([`TAKEN`]). Different seeds differ in every pixel's colour.
pub fn jpeg(seed: u64, width: u32, height: u32) -> Vec<u8> {
    jpeg_taken(seed, width, height, TAKEN)
}

/// The same, taken at a given time.
pub fn jpeg_taken(seed: u64, width: u32, height: u32, taken: Taken) -> Vec<u8> {
    let picture = picture(seed, width, height);
    let mut plain = Vec::new();
    codecs::jpeg::JpegEncoder::new_with_quality(&mut plain, 85)
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .expect("a picture becomes a JPEG");
    let exif = exif(taken);
    // APP1 goes right behind the start marker. Its length counts itself.
    let length = u16::try_from(exif.len() + 2).expect("a short EXIF block");
    let mut file = plain[..2].to_vec();
    file.extend([0xFF, 0xE1]);
    file.extend(length.to_be_bytes());
    file.extend(exif);
    file.extend(&plain[2..]);
    file
}

/// The same as [`jpeg`], made exactly `size` bytes long by a tail of noise that no decoder reads. For tests of transfer and storage.
///
/// # Panics
/// When the picture alone is longer than `size`.
pub fn jpeg_of_size(seed: u64, size: usize) -> Vec<u8> {
    let mut file = jpeg(seed, 64, 48);
    assert!(file.len() <= size, "the smallest sample has {} bytes", file.len());
    let mut noise = Noise(seed ^ 0x5EED);
    while file.len() + 8 <= size {
        file.extend(noise.next().to_le_bytes());
    }
    let rest = size - file.len();
    file.extend(&noise.next().to_le_bytes()[..rest]);
    file
}

/// A PNG of `width` x `height` pixels, 8 bits, no alpha, no capture time.
pub fn png(seed: u64, width: u32, height: u32) -> Vec<u8> {
    let picture = picture(seed, width, height);
    let mut file = Vec::new();
    codecs::png::PngEncoder::new(&mut file)
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .expect("a picture becomes a PNG");
    file
}

/// An animated GIF of two frames.
pub fn gif(seed: u64, width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = codecs::gif::GifEncoder::new(Cursor::new(&mut file));
    for frame in [seed, seed.wrapping_add(1)] {
        let picture = image::DynamicImage::ImageRgb8(picture(frame, width, height)).into_rgba8();
        encoder
            .encode_frame(image::Frame::new(picture))
            .expect("a picture becomes a GIF frame");
    }
    drop(encoder);
    file
}

/// A gradient between two colours of the seed: soft, so that lossy formats keep it.
fn picture(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut noise = Noise(seed);
    let [r1, g1, b1, r2, g2, b2, ..] = noise.next().to_le_bytes();
    let mix = |from: u8, to: u8, at: u32, of: u32| {
        let (from, to, of) = (u32::from(from), u32::from(to), of.max(1));
        u8::try_from((from * (of - at.min(of)) + to * at.min(of)) / of).unwrap_or(u8::MAX)
    };
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            mix(r1, r2, x, width),
            mix(g1, g2, y, height),
            mix(b1, b2, x + y, width + height),
        ])
    })
}

/// SplitMix64 (Steele, Lea, Flood 2014): a seed's own stream of numbers.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }
}

/// `Exif\0\0` and a big-endian TIFF: IFD0 with a pointer to the EXIF directory, that one with the two dates.
fn exif(taken: Taken) -> Vec<u8> {
    const ASCII: u16 = 2;
    const LONG: u16 = 4;
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut bytes = tag.to_be_bytes().to_vec();
        bytes.extend(kind.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(value.to_be_bytes());
        bytes
    };
    // Offsets count from the TIFF header: 8 header, 2 + 12 + 4 IFD0, 2 + 2 * 12 + 4 EXIF directory, then the texts.
    const EXIF_IFD: u32 = 8 + 18;
    const TEXTS: u32 = EXIF_IFD + 30;
    const DATE_LENGTH: u32 = 20;
    let mut bytes = b"Exif\0\0MM\0\x2A\0\0\0\x08".to_vec();
    bytes.extend(1_u16.to_be_bytes());
    bytes.extend(entry(0x8769, LONG, 1, EXIF_IFD));
    bytes.extend(0_u32.to_be_bytes());
    bytes.extend(2_u16.to_be_bytes());
    bytes.extend(entry(0x9003, ASCII, DATE_LENGTH, TEXTS)); // DateTimeOriginal
    bytes.extend(entry(0x9011, ASCII, 7, TEXTS + DATE_LENGTH)); // OffsetTimeOriginal
    bytes.extend(0_u32.to_be_bytes());
    assert_eq!(
        (taken.local.len(), taken.offset.len()),
        (19, 6),
        "EXIF's own form of date and offset"
    );
    bytes.extend(taken.local.as_bytes());
    bytes.push(0);
    bytes.extend(taken.offset.as_bytes());
    bytes.push(0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_valid_and_differ() {
        let first = jpeg(1, 64, 48);
        assert_ne!(first, jpeg(2, 64, 48));
        assert_eq!(first, jpeg(1, 64, 48));
        for file in [first, png(1, 64, 48), gif(1, 64, 48), jpeg_of_size(1, 100_000)] {
            let read = image::load_from_memory(&file).expect("it opens");
            assert_eq!((read.width(), read.height()), (64, 48));
        }
    }

    #[test]
    fn a_size_is_exact() {
        assert_eq!(jpeg_of_size(3, 65_537).len(), 65_537);
    }
}
