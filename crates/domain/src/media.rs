//! What a media item is.

use crate::{
    text::{Invalid, Lines, plain, texts},
    time::At,
    user::words,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A still or animated picture.
    Photo,
    /// Moving pictures with or without sound.
    Video,
    /// Sound alone.
    Audio,
}
words!(MediaKind { Photo = "photo", Video = "video", Audio = "audio" });

/// How far the work on an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaState {
    /// Stored; its metadata and renditions are being made.
    Processing,
    /// Everything is there.
    Ready,
    /// Stored and downloadable, but it cannot be shown; the failure says why.
    Failed,
}
words!(MediaState { Processing = "processing", Ready = "ready", Failed = "failed" });

/// Where an item lies. It lies in exactly one place, so that a count is one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shelf {
    /// Among the owner's photos.
    Timeline,
    /// Kept, but out of sight.
    Archive,
    /// To be removed for good when its time is over.
    Trash,
}
words!(Shelf { Timeline = "timeline", Archive = "archive", Trash = "trash" });

/// A list of items that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// What is on the timeline shelf.
    Timeline,
    /// What is on the archive shelf.
    Archive,
    /// What is on the trash shelf.
    Trash,
    /// What its viewer marked, on the timeline and archive shelves.
    Favorites,
}
words!(View { Timeline = "timeline", Archive = "archive", Trash = "trash", Favorites = "favorites" });

/// Which rendition of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RenditionKind {
    /// WebP, 256 px on the short side.
    Thumb,
    /// JPEG, 1440 px on the long side.
    Preview,
}
words!(RenditionKind { Thumb = "thumb", Preview = "preview" });

/// Where a capture time comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TakenSource {
    /// A person set it; nothing automatic changes it any more.
    Person,
    /// EXIF of the file.
    Exif,
    /// The container of a video or sound.
    Container,
    /// An XMP or Takeout file beside it.
    Sidecar,
    /// Digits in the file's name.
    FileName,
    /// The file's modification time.
    FileTime,
    /// Nothing was known: the time of upload.
    Upload,
}
words!(TakenSource {
    Person = "person",
    Exif = "exif",
    Container = "container",
    Sidecar = "sidecar",
    FileName = "filename",
    FileTime = "filetime",
    Upload = "upload",
});

/// Who wrote a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionSource {
    /// Nobody yet.
    None,
    /// It came with the file.
    File,
    /// A model; replaced freely.
    Ai,
    /// A person; never overwritten by anything else.
    Person,
}
words!(DescriptionSource { None = "none", File = "file", Ai = "ai", Person = "person" });

/// When something was captured: the wall clock there and, where known, its distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Taken {
    /// The local wall clock, in microseconds as if it were UTC. Timelines are ordered and cut into months by it.
    pub local: At,
    /// Minutes east of UTC; `None` when the file does not say.
    pub offset_minutes: Option<i16>,
    /// Where it was read.
    pub source: TakenSource,
}

impl Taken {
    /// The earliest and latest wall clock that is believed (years 1 to 9999, as RFC 3339 writes them).
    pub const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

    /// Puts an impossible wall clock at the end of the range and drops an impossible offset (RFC 3339 has +-23:59).
    #[must_use]
    pub fn clamped(self) -> Taken {
        Taken {
            local: At(self.local.0.clamp(*Self::RANGE.start(), *Self::RANGE.end())),
            offset_minutes: self.offset_minutes.filter(|m| m.abs() < 24 * 60),
            source: self.source,
        }
    }
    /// The month bucket that it belongs to.
    pub fn month(&self) -> Month {
        Month::of(self.local)
    }
    /// The instant in UTC, an unknown offset read as zero.
    pub fn instant(&self) -> At {
        self.local
            .plus(-i64::from(self.offset_minutes.unwrap_or(0)) * At::MINUTE)
    }
}

impl fmt::Display for Taken {
    /// RFC 3339; `-00:00` where the offset is not known (RFC 3339, 4.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.local.civil();
        let second = self.local.0.rem_euclid(At::DAY) / At::SECOND;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )?;
        match self.offset_minutes {
            None => f.write_str("-00:00"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// A month of the calendar, counted from year 0: `year * 12 + (month - 1)`, which sorts as time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i64);

impl Month {
    /// The month of a local wall clock.
    pub fn of(local: At) -> Month {
        let (year, month, _) = local.civil();
        Month(year * 12 + i64::from(month) - 1)
    }
}
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}
impl FromStr for Month {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Month, Invalid> {
        const FORM: Invalid = Invalid::Form("must be a month such as 2024-05");
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let (year, month) = s.split_once('-').ok_or(FORM)?;
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(FORM);
        }
        let (year, month): (i64, i64) = (year.parse().map_err(|_| FORM)?, month.parse().map_err(|_| FORM)?);
        if !(1..=12).contains(&month) {
            return Err(FORM);
        }
        Ok(Month(year * 12 + month - 1))
    }
}

/// A place on Earth in degrees (WGS 84), checked for range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    latitude: f64,
    longitude: f64,
}
impl Position {
    /// Refuses what is not finite or out of -90..90 and -180..180.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, Invalid> {
        if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) {
            return Ok(Self { latitude, longitude });
        }
        Err(Invalid::Form(
            "must be within -90 to 90 (latitude) and -180 to 180 (longitude)",
        ))
    }
    /// Degrees north.
    pub fn latitude(self) -> f64 {
        self.latitude
    }
    /// Degrees east.
    pub fn longitude(self) -> f64 {
        self.longitude
    }
}

/// The camera and how it was set, as the file says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Camera {
    /// Maker, such as "FUJIFILM".
    pub make: Option<String>,
    /// Model, such as "X-T5".
    pub model: Option<String>,
    /// Lens, such as "XF35mmF2 R WR".
    pub lens: Option<String>,
    /// ISO speed.
    pub iso: Option<i64>,
    /// F-number.
    pub aperture: Option<f64>,
    /// Exposure time in seconds.
    pub exposure_time: Option<f64>,
    /// Focal length in millimetres.
    pub focal_length: Option<f64>,
}

/// Why an item cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word for programs, such as `damaged`.
    pub code: String,
    /// Plain words for people: what happened and what to do.
    pub detail: String,
}

texts! {
    /// An item's title: one line.
    Title: Removed, 200;
    /// An item's description.
    Description: Kept, 10_000;
}

/// The name that a file had, without any path: never used as a path, only shown and offered on download.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// Keeps what is behind the last `/` or `\`, at most 255 characters; "unnamed" when nothing is left.
    pub fn clip(text: &str) -> Self {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = crate::text::clipped(&plain(last, Lines::Removed), 255);
        Self(if name.is_empty() || name == "." || name == ".." {
            "unnamed".into()
        } else {
            name
        })
    }
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_never_survives_in_a_file_name() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\a.jpg", "a.jpg"),
            ("..", "unnamed"),
            ("a/", "unnamed"),
            ("x\0y.jpg", "xy.jpg"),
        ] {
            assert_eq!(FileName::clip(given).as_str(), kept);
        }
    }
    #[test]
    fn months_read_back() {
        assert_eq!("2024-05".parse::<Month>().map(|m| m.to_string()), Ok("2024-05".into()));
        for bad in ["2024-13", "2024-00", "24-05", "2024-5", "2024-05-01", "+024-05", ""] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
    #[test]
    fn places_off_the_globe_are_refused() {
        assert!(
            Position::new(f64::NAN, 0.0).is_err()
                && Position::new(90.1, 0.0).is_err()
                && Position::new(0.0, -181.0).is_err()
        );
    }
    proptest! {
        #[test]
        fn a_wall_clock_and_its_month_agree(micros in Taken::RANGE) {
            let month = Month::of(At(micros));
            prop_assert_eq!(month.to_string().parse::<Month>(), Ok(month));
        }
    }
}
