//! Width and height from a file's header, before anything is decoded.

use crate::bmff;
use crate::bytes::{be16, be32, le16, le32, slice};
use crate::ifd::Tiff;
use crate::sniff::Format;
use crate::types::Dimensions;

/// Width and height as the header says, without decoding anything.
///
/// As stored: EXIF orientation is not applied. HEIC and AVIF: as shown, for their own rotation belongs to the picture.
/// `None` for formats that have no such header here (raw, video, audio, SVG) and for broken ones.
#[must_use]
pub fn header_dimensions(format: Format, data: &[u8]) -> Option<Dimensions> {
    let (width, height) = match format {
        Format::Jpeg => jpeg(data)?,
        Format::Png | Format::Apng => (be32(data, 16)?, be32(data, 20)?),
        Format::Gif => (u32::from(le16(data, 6)?), u32::from(le16(data, 8)?)),
        Format::WebP => webp(data)?,
        Format::Bmp => bmp(data)?,
        Format::Tiff => tiff(data)?,
        Format::Heic | Format::Avif => return bmff::heif(data)?.dimensions,
        _ => return None,
    };
    (width > 0 && height > 0).then_some(Dimensions { width, height })
}

/// The segments of a JPEG before its picture data: marker and content of each.
pub(crate) fn jpeg_segments(data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut at = 2;
    let mut over = false;
    std::iter::from_fn(move || {
        while !over {
            // Real files have junk between segments: go on to the next marker.
            while *data.get(at)? != 0xFF {
                at += 1;
            }
            while *data.get(at)? == 0xFF {
                at += 1;
            }
            let marker = *data.get(at)?;
            at += 1;
            if matches!(marker, 0 | 1 | 0xD0..=0xD8) {
                continue;
            }
            if marker == 0xD9 {
                return None;
            }
            let len = usize::from(be16(data, at)?);
            let content = slice(data, at + 2, len.checked_sub(2)?)?;
            at += len;
            over = marker == 0xDA;
            return Some((marker, content));
        }
        None
    })
}

fn jpeg(data: &[u8]) -> Option<(u32, u32)> {
    jpeg_segments(data)
        .find(|(marker, _)| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC))
        .and_then(|(_, frame)| Some((u32::from(be16(frame, 3)?), u32::from(be16(frame, 1)?))))
}

/// Source: RFC 9649.
fn webp(data: &[u8]) -> Option<(u32, u32)> {
    match slice(data, 12, 4)? {
        b"VP8 " => Some((u32::from(le16(data, 26)? & 0x3FFF), u32::from(le16(data, 28)? & 0x3FFF))),
        b"VP8L" => {
            let bits = le32(data, 21)?;
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        b"VP8X" => Some(((le32(data, 24)? & 0xFF_FFFF) + 1, (le32(data, 26)? >> 8) + 1)),
        _ => None,
    }
}

fn bmp(data: &[u8]) -> Option<(u32, u32)> {
    if le32(data, 14)? == 12 {
        return Some((u32::from(le16(data, 18)?), u32::from(le16(data, 20)?)));
    }
    // A negative height means that the rows go from top to bottom.
    Some((le32(data, 18)?, le32(data, 22)?.cast_signed().unsigned_abs()))
}

fn tiff(data: &[u8]) -> Option<(u32, u32)> {
    let (tiff, first) = Tiff::open(data)?;
    let ifd = tiff.ifd(first)?;
    Some((tiff.first(&ifd, 0x0100)?, tiff.first(&ifd, 0x0101)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(data: Vec<u8>, which in 0..Format::ALL.len()) {
            let _unused = header_dimensions(Format::ALL[which], &data);
        }

        #[test]
        fn jpeg_segments_end(mut data: Vec<u8>) {
            data.splice(0..0, [0xFF, 0xD8]);
            assert!(jpeg_segments(&data).count() <= data.len());
        }
    }

    #[test]
    fn sizes_are_read_from_headers() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30";
        assert_eq!(
            header_dimensions(Format::Png, png),
            Some(Dimensions {
                width: 30_000,
                height: 30_000
            })
        );
        assert_eq!(
            header_dimensions(Format::Gif, b"GIF89a\x02\0\x03\0"),
            Some(Dimensions { width: 2, height: 3 })
        );
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xC4\0\x03a\xFF\xC2\0\x09\x08\0\x10\0\x20\x01";
        assert_eq!(header_dimensions(Format::Jpeg, jpeg), None, "the frame is cut short");
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xC4\0\x03a\xFF\xC2\0\x09\x08\0\x10\0\x20\x01\0";
        assert_eq!(
            header_dimensions(Format::Jpeg, jpeg),
            Some(Dimensions { width: 32, height: 16 })
        );
    }
}
