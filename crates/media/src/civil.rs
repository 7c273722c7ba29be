//! Dates as cameras write them: a wall clock, sometimes with a zone.

use serde::{Deserialize, Serialize};
use time::{Date, Month, PrimitiveDateTime, Time};

/// When something was taken: the wall clock at the place, and the zone if it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Taken {
    /// What the wall clock showed, in microseconds since 1970-01-01T00:00:00 of that same wall clock.
    pub local_micros: i64,
    /// Minutes east of UTC; `None` if nobody wrote it down. Video containers count in UTC: `Some(0)`.
    pub offset_minutes: Option<i32>,
    /// Who says so.
    pub source: TakenSource,
}

/// Who says when it was taken, in the order in which they are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenSource {
    /// EXIF (or XMP) inside the file.
    Exif,
    /// The container: MP4 `mvhd`, QuickTime `creationdate`, Matroska `DateUTC`.
    Container,
    /// A file beside it: XMP, Google Takeout JSON.
    Sidecar,
    /// Its name.
    FileName,
    /// The file system's modification time.
    FileTime,
}

impl Taken {
    /// The instant in microseconds since 1970-01-01T00:00:00Z, if the zone is known.
    #[must_use]
    pub fn utc_micros(&self) -> Option<i64> {
        self.offset_minutes
            .map(|minutes| self.local_micros - i64::from(minutes) * 60_000_000)
    }
}

/// A civil date and time that exists and does not mean "not set".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) micros: i64,
}

impl Civil {
    /// `None` for what no calendar has, and for the dates that devices write when they know none: year 0, the epochs
    /// 1904-01-01 (QuickTime), 1970-01-01 (Unix), 1980-01-01 at midnight (FAT).
    pub(crate) fn new(date: (i32, u32, u32), clock: (u32, u32, u32), micros: u32) -> Option<Self> {
        let (year, month, day) = date;
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let calendar = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
        let (hour, minute, second) = clock;
        // A leap second is written as :60; the clock that we count with has none.
        let second = if second == 60 { 59 } else { second };
        let clock = Time::from_hms_micro(
            u8::try_from(hour).ok()?,
            u8::try_from(minute).ok()?,
            u8::try_from(second).ok()?,
            micros.min(999_999),
        )
        .ok()?;
        let unset = matches!((year, calendar.ordinal()), (1904 | 1970, 1))
            || (1980, 1) == (year, calendar.ordinal()) && clock == Time::MIDNIGHT;
        if !(1800..=9999).contains(&year) || unset {
            return None;
        }
        let instant = PrimitiveDateTime::new(calendar, clock).assume_utc();
        i64::try_from(instant.unix_timestamp_nanos() / 1000)
            .ok()
            .map(|micros| Self { micros })
    }

    pub(crate) fn taken(self, offset_minutes: Option<i32>, source: TakenSource) -> Taken {
        Taken {
            local_micros: self.micros,
            offset_minutes,
            source,
        }
    }
}

/// Reads dates as EXIF, XMP, ISO 8601 and containers write them: `2024:05:12 10:11:12.5+02:00`,
/// `2024-05-12T10:11:12Z`, `2024-05-12`. Returns the civil time and the zone in minutes if it is there.
pub(crate) fn parse(text: &str) -> Option<(Civil, Option<i32>)> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if !text.is_ascii() {
        return None;
    }
    let mut scan = Scan { rest: text.as_bytes() };
    let year = i32::try_from(scan.digits(4)?).ok()?;
    scan.one_of(b":-/.")?;
    let month = scan.digits(2)?;
    scan.one_of(b":-/.")?;
    let day = scan.digits(2)?;
    if scan.one_of(b" T").is_none() || scan.rest.is_empty() {
        return Civil::new((year, month, day), (0, 0, 0), 0).map(|civil| (civil, None));
    }
    let hour = scan.digits(2)?;
    scan.one_of(b":.")?;
    let minute = scan.digits(2)?;
    let second = if scan.one_of(b":.").is_some() {
        scan.digits(2)?
    } else {
        0
    };
    let micros = if scan.one_of(b".,").is_some() {
        scan.fraction()
    } else {
        0
    };
    let offset = parse_offset(std::str::from_utf8(scan.rest).ok()?);
    Civil::new((year, month, day), (hour, minute, second), micros).map(|civil| (civil, offset))
}

/// Reads a zone: `+02:00`, `-0530`, `Z`, `+02`. Minutes east of UTC.
pub(crate) fn parse_offset(text: &str) -> Option<i32> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let mut scan = Scan { rest };
    let hours = scan.digits(2)?;
    scan.one_of(b":");
    let minutes = if scan.rest.is_empty() { 0 } else { scan.digits(2)? };
    // The widest zone in use is UTC+14.
    (hours <= 14 && minutes < 60).then(|| sign * i32::try_from(hours * 60 + minutes).unwrap_or(0))
}

/// The fraction of a second that EXIF keeps in a field of its own (`SubSecTimeOriginal`), in microseconds.
pub(crate) fn sub_second_micros(text: &str) -> u32 {
    Scan {
        rest: text.trim().as_bytes(),
    }
    .fraction()
}

struct Scan<'a> {
    rest: &'a [u8],
}

impl Scan<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (head, tail) = self.rest.split_at_checked(count)?;
        let mut value = 0;
        for byte in head {
            // Some cameras pad with spaces: " 9".
            let digit = if *byte == b' ' { 0 } else { byte.wrapping_sub(b'0') };
            if digit > 9 {
                return None;
            }
            value = value * 10 + u32::from(digit);
        }
        self.rest = tail;
        Some(value)
    }

    fn one_of(&mut self, set: &[u8]) -> Option<()> {
        let (first, tail) = self.rest.split_first()?;
        set.contains(first).then(|| self.rest = tail)
    }

    fn fraction(&mut self) -> u32 {
        let mut micros = 0;
        let mut weight = 100_000;
        while let Some((digit @ b'0'..=b'9', tail)) = self.rest.split_first() {
            micros += u32::from(digit - b'0') * weight;
            weight /= 10;
            self.rest = tail;
        }
        micros
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Option<i64> {
        parse(text).map(|(civil, _)| civil.micros)
    }

    #[test]
    fn dates_are_read_in_every_usual_spelling() {
        let noon = 1_715_508_672_000_000; // 2024-05-12T10:11:12 counted as UTC
        assert_eq!(micros("2024:05:12 10:11:12"), Some(noon));
        assert_eq!(micros("2024-05-12T10:11:12Z"), Some(noon));
        assert_eq!(
            parse("2024:05:12 10:11:12.250-05:30").map(|(c, o)| (c.micros, o)),
            Some((noon + 250_000, Some(-330)))
        );
        assert_eq!(micros("2024-05-12\0"), Some(1_715_472_000_000_000));
        assert_eq!(micros("2024-05-12T10:11"), Some(noon - 12_000_000));
    }

    #[test]
    fn dates_that_mean_not_set_are_none() {
        for text in [
            "0000:00:00 00:00:00",
            "1904:01:01 00:00:00",
            "1970-01-01T00:00:00Z",
            "    :  :     :  :  ",
            "",
            "2024:13:01",
            "2024:02:30 00:00:00",
            "ü024:01:01",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    #[test]
    fn zones_are_read() {
        assert_eq!(parse_offset("+02:00"), Some(120));
        assert_eq!(parse_offset("-0930"), Some(-570));
        assert_eq!(parse_offset("Z"), Some(0));
        assert_eq!(parse_offset("+99:00"), None);
        assert_eq!(parse_offset("local"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,40}") {
            let _unused = parse(&text);
            let _unused = parse_offset(&text);
            let _unused = sub_second_micros(&text);
        }
    }
}
