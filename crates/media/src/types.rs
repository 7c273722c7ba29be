//! The plain data that comes out of this crate.

use serde::{Deserialize, Serialize};

use crate::civil::Taken;

/// What a person would call the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A still picture, animated ones (GIF, APNG, WebP) included.
    Photo,
    /// Moving pictures, with or without sound.
    Video,
    /// Sound only; may carry a cover picture.
    Audio,
}

/// Width and height in pixels, as shown: after orientation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dimensions {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Dimensions {
    /// Both sides exchanged: what a quarter turn makes of them.
    #[must_use]
    pub fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
        }
    }

    /// Width x height.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Everything that one pass over a file found and made.
#[derive(Clone, Debug, PartialEq)]
pub struct Processed {
    /// Photo, video or audio.
    pub kind: Kind,
    /// The type by content, for example `image/heic`.
    pub mime: String,
    /// As shown; `None` for audio and for vector graphics without a fixed size.
    pub dimensions: Option<Dimensions>,
    /// Length of a video or of audio in milliseconds, where the file tells it.
    pub duration_ms: Option<u64>,
    /// What the file says about itself, cleaned and bounded.
    pub metadata: Metadata,
    /// The [thumbhash](https://evanw.github.io/thumbhash/) placeholder, about 25 bytes.
    pub thumbhash: Option<Vec<u8>>,
    /// Thumb and preview; empty where there is nothing to see (audio without a cover, SVG).
    pub renditions: Vec<Rendition>,
    /// What a person should know although the file was accepted.
    pub warnings: Vec<Warning>,
    /// The file can carry script (SVG): it must only ever be served as a download.
    pub active_content: bool,
}

/// One small picture that stands for the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which of the sizes.
    pub kind: RenditionKind,
    /// `image/webp` for thumbs, `image/jpeg` for previews.
    pub mime: &'static str,
    /// Its own size, upright.
    pub dimensions: Dimensions,
    /// The encoded picture: sRGB, without any metadata or colour profile.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Rendition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rendition")
            .field("kind", &self.kind)
            .field("mime", &self.mime)
            .field("dimensions", &self.dimensions)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// The sizes that are made of every picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenditionKind {
    /// WebP, 256 px on the short side: what a grid shows.
    Thumb,
    /// JPEG, 1440 px on the long side: what fills a screen.
    Preview,
}

/// Something that a person should know about a file that was accepted all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// For programs.
    pub code: WarningCode,
    /// For people: plain words.
    pub detail: String,
}

/// The kinds of [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Part of the file is missing or broken; what could be read is shown.
    Damaged,
    /// The file is kept, but there is nothing to show of it.
    NoPreview,
    /// The colour profile could not be used; colours are shown as if they were sRGB.
    ColourProfile,
}

/// What a file says about itself. Texts are free of control characters and bounded; numbers are finite and in range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// When it was taken: EXIF `DateTimeOriginal`, then `DateTimeDigitized`, then XMP, then the container. Dates that
    /// mean "not set" (1904-01-01, 1970-01-01, year 0) are left out.
    pub taken: Option<Taken>,
    /// Where it was taken.
    pub gps: Option<Gps>,
    /// With what it was taken.
    pub camera: Camera,
    /// XMP `dc:title`, IPTC object name, or a container's title.
    pub title: Option<String>,
    /// XMP `dc:description`, IPTC caption, EXIF `ImageDescription`.
    pub description: Option<String>,
    /// XMP `dc:subject` and IPTC keywords, without repeats.
    pub keywords: Vec<String>,
    /// XMP `xmp:Rating`: 1 to 5 stars, or -1 for rejected.
    pub rating: Option<i8>,
    /// Marked as a favourite by the program that wrote a sidecar (Google Takeout).
    pub favorite: bool,
    /// EXIF orientation, 1 to 8, as stored. The renditions and dimensions already follow it.
    pub orientation: Option<u8>,
    /// Apple's identifier that a live photo's picture and film have in common.
    pub content_identifier: Option<String>,
    /// The picture has a short film behind it (Google and Samsung motion photos).
    pub motion_photo: bool,
    /// Facts of a video or of audio.
    pub video: Option<VideoFacts>,
}

/// A place on Earth: finite, in range, and not the 0, 0 that devices without a fix write.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gps {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
}

impl Gps {
    /// The place, or `None` if it cannot be one: out of range, not finite, or exactly 0, 0.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let in_range =
            latitude.is_finite() && longitude.is_finite() && latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        // A device without a fix writes zeros. Nobody takes photos at sea at exactly 0, 0.
        let unset = latitude.abs() < 1e-7 && longitude.abs() < 1e-7;
        (in_range && !unset).then_some(Self { latitude, longitude })
    }
}

/// The camera and how it was set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Camera {
    /// Maker, for example `Canon`.
    pub make: Option<String>,
    /// Model, for example `Canon EOS R5`.
    pub model: Option<String>,
    /// Lens.
    pub lens: Option<String>,
    /// Sensitivity.
    pub iso: Option<u32>,
    /// The f-number: 2.8 for f/2.8.
    pub aperture: Option<f64>,
    /// Seconds, as people write them: `1/250`, `0.8`, `30`.
    pub exposure_time: Option<String>,
    /// Millimetres, as engraved on the lens.
    pub focal_length: Option<f64>,
}

/// What the streams of a video or of audio are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideoFacts {
    /// ffmpeg's name of the video codec: `h264`, `hevc`, `av1`.
    pub codec: Option<String>,
    /// ffmpeg's name of the audio codec: `aac`, `opus`.
    pub audio_codec: Option<String>,
    /// Pictures per second.
    pub fps: Option<f64>,
    /// Degrees clockwise by which a player turns the picture: 0, 90, 180, 270.
    pub rotation: u16,
    /// Bits per second over the whole file.
    pub bit_rate: Option<u64>,
    /// The picture is high dynamic range (PQ or HLG).
    pub hdr: bool,
}
