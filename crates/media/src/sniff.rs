//! What a file is, by its first bytes and by nothing else.

mod av;
mod tiff;

use serde::{Deserialize, Serialize};

use crate::bytes::{be32, find, slice};
use crate::types::Kind;

/// How many bytes from the start of a file [`sniff`] wants for its best answer. Fewer are all right.
pub const SNIFF_LENGTH: usize = 64 * 1024;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Type {
    /// Photo, video or audio. A container that could hold either (MP4, Matroska, Ogg) counts as video until it is
    /// processed.
    pub kind: Kind,
    /// Exactly which format.
    pub format: Format,
}

impl Type {
    /// The media type, for example `image/jpeg`.
    #[must_use]
    pub fn mime(self) -> &'static str {
        self.format.mime()
    }

    /// Whether the file can carry script (SVG): it must only ever be served as a download.
    #[must_use]
    pub fn active_content(self) -> bool {
        self.format == Format::Svg
    }
}

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $kind:ident, $mime:literal, $extension:literal;)*) => {
        /// The formats that Media Vault takes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Format { $($(#[$doc])* $name,)* }

        impl Format {
            /// Every format.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The media type, for example `image/jpeg`.
            #[must_use]
            pub fn mime(self) -> &'static str {
                match self { $(Self::$name => $mime,)* }
            }

            /// The usual file name extension, without the dot.
            #[must_use]
            pub fn extension(self) -> &'static str {
                match self { $(Self::$name => $extension,)* }
            }

            /// Photo, video or audio.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }
        }
    };
}

formats! {
    /// JPEG.
    Jpeg = Photo, "image/jpeg", "jpg";
    /// PNG with one picture.
    Png = Photo, "image/png", "png";
    /// Animated PNG.
    Apng = Photo, "image/apng", "png";
    /// WebP, still or animated.
    WebP = Photo, "image/webp", "webp";
    /// GIF, still or animated.
    Gif = Photo, "image/gif", "gif";
    /// AVIF.
    Avif = Photo, "image/avif", "avif";
    /// HEIC and its kin.
    Heic = Photo, "image/heic", "heic";
    /// TIFF.
    Tiff = Photo, "image/tiff", "tif";
    /// Windows bitmap.
    Bmp = Photo, "image/bmp", "bmp";
    /// SVG: kept, never decoded, never served as active content.
    Svg = Photo, "image/svg+xml", "svg";
    /// Adobe digital negative.
    Dng = Photo, "image/x-adobe-dng", "dng";
    /// Canon raw, TIFF based.
    Cr2 = Photo, "image/x-canon-cr2", "cr2";
    /// Canon raw, ISO media based.
    Cr3 = Photo, "image/x-canon-cr3", "cr3";
    /// Nikon raw.
    Nef = Photo, "image/x-nikon-nef", "nef";
    /// Sony raw.
    Arw = Photo, "image/x-sony-arw", "arw";
    /// Olympus raw.
    Orf = Photo, "image/x-olympus-orf", "orf";
    /// Panasonic raw.
    Rw2 = Photo, "image/x-panasonic-rw2", "rw2";
    /// Pentax raw.
    Pef = Photo, "image/x-pentax-pef", "pef";
    /// Fujifilm raw.
    Raf = Photo, "image/x-fuji-raf", "raf";
    /// Samsung raw.
    Srw = Photo, "image/x-samsung-srw", "srw";
    /// Another maker's raw (Hasselblad, Phase One, Kodak, Epson, Leica, Minolta).
    OtherRaw = Photo, "image/x-raw", "raw";
    /// MP4.
    Mp4 = Video, "video/mp4", "mp4";
    /// QuickTime.
    Mov = Video, "video/quicktime", "mov";
    /// Apple's MP4.
    M4v = Video, "video/x-m4v", "m4v";
    /// 3GPP, of early phones.
    ThreeGp = Video, "video/3gpp", "3gp";
    /// Matroska.
    Matroska = Video, "video/x-matroska", "mkv";
    /// WebM.
    WebM = Video, "video/webm", "webm";
    /// AVI.
    Avi = Video, "video/x-msvideo", "avi";
    /// MPEG transport stream, of camcorders and television.
    MpegTs = Video, "video/mp2t", "ts";
    /// MPEG programme stream, of DVDs and older cameras.
    MpegPs = Video, "video/mpeg", "mpg";
    /// Windows media.
    Asf = Video, "video/x-ms-asf", "wmv";
    /// Flash video.
    Flv = Video, "video/x-flv", "flv";
    /// Ogg with a video stream.
    OggVideo = Video, "video/ogg", "ogv";
    /// MP3.
    Mp3 = Audio, "audio/mpeg", "mp3";
    /// MP4 with sound only.
    M4a = Audio, "audio/mp4", "m4a";
    /// AAC without a container.
    Aac = Audio, "audio/aac", "aac";
    /// FLAC.
    Flac = Audio, "audio/flac", "flac";
    /// Ogg Vorbis or Opus.
    Ogg = Audio, "audio/ogg", "ogg";
    /// WAV.
    Wav = Audio, "audio/wav", "wav";
    /// AIFF.
    Aiff = Audio, "audio/aiff", "aiff";
}

impl Format {
    /// Whether this is the unprocessed data of a camera's sensor.
    #[must_use]
    pub fn is_raw(self) -> bool {
        use Format::{Arw, Cr2, Cr3, Dng, Nef, Orf, OtherRaw, Pef, Raf, Rw2, Srw};
        matches!(
            self,
            Dng | Cr2 | Cr3 | Nef | Arw | Orf | Rw2 | Pef | Raf | Srw | OtherRaw
        )
    }
}

/// Tells what a file is from its first bytes (up to [`SNIFF_LENGTH`]). `None`: not a photo, video or audio.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<Type> {
    let format = picture(head)
        .or_else(|| av::sound_or_video(head))
        .or_else(|| svg(head))?;
    Some(Type {
        kind: format.kind(),
        format,
    })
}

fn picture(head: &[u8]) -> Option<Format> {
    if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Some(Format::Jpeg);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(if animated_png(head) { Format::Apng } else { Format::Png });
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Some(Format::Gif);
    }
    if head.starts_with(b"RIFF") && slice(head, 8, 4) == Some(b"WEBP") {
        return Some(Format::WebP);
    }
    if head.starts_with(b"BM") && slice(head, 6, 4) == Some(&[0; 4]) && (12..=124).contains(head.get(14)?) {
        return Some(Format::Bmp);
    }
    if head.starts_with(b"FUJIFILMCCD-RAW") {
        return Some(Format::Raf);
    }
    if head.starts_with(b"\0MRM") || head.starts_with(b"FOVb") {
        return Some(Format::OtherRaw);
    }
    tiff::family(head)
}

/// An `acTL` chunk stands before the first `IDAT`.
fn animated_png(head: &[u8]) -> bool {
    let mut at = 8;
    while let (Some(len), Some(name)) = (be32(head, at), slice(head, at + 4, 4)) {
        match name {
            b"acTL" => return true,
            b"IDAT" => return false,
            _ => {}
        }
        let Some(next) = usize::try_from(len)
            .ok()
            .and_then(|len| at.checked_add(len)?.checked_add(12))
        else {
            break;
        };
        at = next;
    }
    false
}

/// The root element is `<svg`, behind nothing but declarations and comments.
fn svg(head: &[u8]) -> Option<Format> {
    let mut rest = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = if rest.starts_with(b"<?") {
            b"?>"
        } else if rest.starts_with(b"<!--") {
            b"-->"
        } else if rest.starts_with(b"<!DOCTYPE") {
            // An internal subset ends with "]>", and holds ">" of its own.
            let close = find(rest, b">")?;
            if rest[..close].contains(&b'[') { b"]>" } else { b">" }
        } else {
            break;
        };
        rest = rest.get(find(rest, end)? + end.len()..)?;
    }
    let after = rest.strip_prefix(b"<svg:svg").or_else(|| rest.strip_prefix(b"<svg"))?;
    after
        .first()
        .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'>' || *byte == b'/')
        .then_some(Format::Svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(head: &[u8]) -> Option<Format> {
        sniff(head).map(|found| found.format)
    }

    #[test]
    fn text_web_pages_and_programs_are_none() {
        for head in [
            &b""[..],
            b"hello, this is a text named photo.jpg",
            b"<!DOCTYPE html><html><svg></svg></html>",
            b"%PDF-1.7",
            b"PK\x03\x04",
            b"\x7fELF\x02\x01\x01",
            b"MZ\x90\0",
            b"BM hello",
            b"#EXTM3U\nfile:///etc/passwd",
        ] {
            assert_eq!(format(head), None, "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn svg_is_found_behind_its_prologue_and_is_active() {
        let svg = b"\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- a > b -->\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n<svg xmlns=\"x\">";
        let found = sniff(svg).expect("an SVG");
        assert_eq!((found.format, found.active_content()), (Format::Svg, true));
        assert_eq!(format(b"<svgx>"), None);
    }

    #[test]
    fn names_round_trip_and_every_format_has_a_type() {
        for format in Format::ALL {
            let class = match format.kind() {
                Kind::Photo => "image/",
                Kind::Video => "video/",
                Kind::Audio => "audio/",
            };
            assert!(format.mime().starts_with(class), "{format:?}");
            assert!(!format.extension().is_empty());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(data: Vec<u8>) {
            let _unused = sniff(&data);
        }
    }
}
