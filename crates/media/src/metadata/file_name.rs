//! When something was taken, by its file name: what messengers and screenshots leave of the date.

use crate::civil::{Civil, Taken, TakenSource};

/// Reads the date out of a file name such as `IMG_20240512_101112.jpg`, `PXL_20240512_101112345.jpg`,
/// `IMG-20240512-WA0001.jpg`, `Screenshot_2024-05-12-10-11-12.png`, `2024-05-12 10.11.12.jpg` or
/// `WhatsApp Image 2024-05-12 at 10.11.12.jpeg`. A name without a time of day gives midnight.
///
/// Pixel phones write UTC into `PXL_` names, so that these have a zone; the others have none.
#[must_use]
pub fn taken_from_file_name(name: &str) -> Option<Taken> {
    let name = name.rsplit(['/', '\\']).next()?;
    if let Some(taken) = epoch(name) {
        return Some(taken);
    }
    let bytes = name.as_bytes();
    for start in 0..bytes.len() {
        // Only where a number begins.
        let begins = bytes[start].is_ascii_digit() && (start == 0 || !bytes[start - 1].is_ascii_digit());
        if begins && let Some(civil) = date(&bytes[start..]) {
            let zone = name.starts_with("PXL_").then_some(0);
            return Some(civil.taken(zone, TakenSource::FileName));
        }
    }
    None
}

/// A date at the start of `text`, with the time of day if it follows.
fn date(text: &[u8]) -> Option<Civil> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let separated = skip_one(&mut rest, b"-._ ");
    let month = number(&mut rest, 2)?;
    if separated != skip_one(&mut rest, b"-._ ") {
        return None;
    }
    let day = number(&mut rest, 2)?;
    if !(1900..2100).contains(&year) {
        return None;
    }
    let (clock, micros) = time_of_day(rest).unwrap_or_default();
    // A longer number is no date, unless the time of day follows at once.
    if clock == (0, 0, 0) && rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Civil::new((i32::try_from(year).ok()?, month, day), clock, micros)
}

fn time_of_day(text: &[u8]) -> Option<((u32, u32, u32), u32)> {
    let mut rest = text;
    let lower = rest.to_ascii_lowercase();
    if lower.starts_with(b" at ") {
        rest = &rest[4..];
    } else {
        skip_one(&mut rest, b"-._ T");
        skip_one(&mut rest, b"-_ ");
    }
    let hour = number(&mut rest, 2)?;
    let separated = skip_one(&mut rest, b"-._:h");
    let minute = number(&mut rest, 2)?;
    if separated != skip_one(&mut rest, b"-._:m") {
        return None;
    }
    let second = number(&mut rest, 2)?;
    let mut millis = rest;
    skip_one(&mut millis, b"._-");
    let micros = match number(&mut millis, 3) {
        Some(millis_read) if !millis.first().is_some_and(u8::is_ascii_digit) => millis_read * 1000,
        _ => 0,
    };
    let hour = twelve_hours(hour, rest);
    (hour < 24 && minute < 60 && second < 60).then_some(((hour, minute, second), micros))
}

/// "10.11.12 PM", as macOS names screenshots.
fn twelve_hours(hour: u32, rest: &[u8]) -> u32 {
    let text: String = String::from_utf8_lossy(rest).to_lowercase();
    let text = text.trim_start_matches([' ', '\u{202f}', '\u{a0}']);
    if text.starts_with("pm") && hour < 12 {
        hour + 12
    } else if text.starts_with("am") && hour == 12 {
        0
    } else {
        hour
    }
}

/// Names that are the milliseconds since 1970: `FB_IMG_1715508672000.jpg`, `mmexport1715508672000.jpg`.
fn epoch(name: &str) -> Option<Taken> {
    let digits = ["FB_IMG_", "mmexport", "wx_camera_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let digits = digits.split('.').next()?;
    if digits.len() != 13 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros = digits.parse::<i64>().ok()? * 1000;
    Some(Taken {
        local_micros: micros,
        offset_minutes: Some(0),
        source: TakenSource::FileName,
    })
}

fn number(rest: &mut &[u8], count: usize) -> Option<u32> {
    let (head, tail) = rest.split_at_checked(count)?;
    let mut value = 0;
    for byte in head {
        value = value * 10 + u32::from(byte.is_ascii_digit().then(|| byte - b'0')?);
    }
    *rest = tail;
    Some(value)
}

/// Skips one byte of `set`; says which.
fn skip_one(rest: &mut &[u8], set: &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    if !set.contains(first) {
        return None;
    }
    *rest = tail;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: i64 = 1_715_508_672_000_000; // 2024-05-12T10:11:12
    const DAY: i64 = 1_715_472_000_000_000;

    #[test]
    fn names_of_phones_messengers_and_screenshots_tell_the_date() {
        for name in [
            "IMG_20240512_101112.jpg",
            "VID_20240512_101112.mp4",
            "20240512_101112.jpg",
            "IMG20240512101112.jpg",
            "Screenshot_2024-05-12-10-11-12.png",
            "Screenshot_20240512-101112_Maps.jpg",
            "Screenshot 2024-05-12 at 10.11.12.png",
            "Screenshot 2024-05-12 at 10.11.12\u{202f}AM.png",
            "2024-05-12 10.11.12.jpg",
            "2024-05-12_10-11-12.jpg",
            "signal-2024-05-12-101112.jpg",
            "WhatsApp Image 2024-05-12 at 10.11.12.jpeg",
            "holiday/IMG_20240512_101112_HDR.jpg",
            "MVIMG_20240512_101112.jpg",
            "2024-05-12T10:11:12.jpg",
        ] {
            let taken = taken_from_file_name(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((taken.local_micros, taken.offset_minutes), (MOMENT, None), "{name}");
        }
    }

    #[test]
    fn pixel_names_are_utc_and_have_milliseconds() {
        let taken = taken_from_file_name("PXL_20240512_101112345.MP.jpg").expect("a date");
        assert_eq!((taken.local_micros, taken.offset_minutes), (MOMENT + 345_000, Some(0)));
        let taken = taken_from_file_name("FB_IMG_1715508672000.jpg").expect("a date");
        assert_eq!((taken.local_micros, taken.offset_minutes), (MOMENT, Some(0)));
    }

    #[test]
    fn names_without_a_time_give_midnight() {
        for name in [
            "IMG-20240512-WA0001.jpg",
            "VID-20240512-WA0001.mp4",
            "2024-05-12.jpg",
            "scan 2024.05.12.tif",
        ] {
            assert_eq!(
                taken_from_file_name(name).map(|taken| taken.local_micros),
                Some(DAY),
                "{name}"
            );
        }
    }

    #[test]
    fn other_numbers_are_no_dates() {
        for name in [
            "DSC_0001.jpg",
            "IMG_1234.HEIC",
            "20241399_101112.jpg",
            "1234567890123456.jpg",
            "2024051.jpg",
            "P1010101.JPG",
            "19700101_000000.jpg",
            "",
        ] {
            assert_eq!(taken_from_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn evenings_of_twelve_hour_clocks_are_evenings() {
        let taken = taken_from_file_name("Screenshot 2024-05-12 at 10.11.12 PM.png").expect("a date");
        assert_eq!(taken.local_micros, MOMENT + 12 * 3_600_000_000);
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_survived(name in "\\PC{0,60}", digits in "[0-9 ._-]{0,40}") {
            let _unused = taken_from_file_name(&name);
            let _unused = taken_from_file_name(&digits);
        }
    }
}
