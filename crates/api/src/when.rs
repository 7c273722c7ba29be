//! Instants and capture times as the interface writes them: RFC 3339.

use domain::{At, Invalid, Taken, TakenSource};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const FORM: Invalid = Invalid::Form("must be a time such as 2024-05-31T18:20:00+02:00");

/// An instant in UTC, such as `2024-05-31T16:20:00.125Z`; microseconds are shown when they are not zero.
pub fn instant(at: At) -> String {
    let mut text = wall(at);
    text.push('Z');
    text
}

/// A capture time with its offset. `-00:00` says that the offset is not known (RFC 3339, 4.3): the wall clock is what counts.
pub fn taken(local: At, offset_minutes: Option<i64>) -> String {
    let mut text = wall(local);
    let Some(offset) = offset_minutes else {
        text.push_str("-00:00");
        return text;
    };
    text.push(if offset < 0 { '-' } else { '+' });
    let minutes = offset.unsigned_abs();
    digits(&mut text, minutes / 60, 2);
    text.push(':');
    digits(&mut text, minutes % 60, 2);
    text
}

/// Digit by digit: a page of a month has hundreds, and the formatting of the standard library took a fifth of its time.
fn wall(at: At) -> String {
    let (year, month, day) = at.civil();
    let in_day = at.0.rem_euclid(At::DAY).unsigned_abs();
    let (seconds, micros) = (in_day / 1_000_000, in_day % 1_000_000);
    let mut text = String::with_capacity("2024-05-31T18:20:00.123456+02:00".len());
    let parts = [
        // There are no years before 0 in RFC 3339, nor items that old.
        (u64::try_from(year).unwrap_or(0), 4, '-'),
        (month.into(), 2, '-'),
        (day.into(), 2, 'T'),
        (seconds / 3600, 2, ':'),
        (seconds / 60 % 60, 2, ':'),
    ];
    for (number, width, behind) in parts {
        digits(&mut text, number, width);
        text.push(behind);
    }
    digits(&mut text, seconds % 60, 2);
    match (micros / 1000, micros % 1000) {
        (0, 0) => {}
        (millis, 0) => {
            text.push('.');
            digits(&mut text, millis, 3);
        }
        _ => {
            text.push('.');
            digits(&mut text, micros, 6);
        }
    }
    text
}

/// A number with zeros before it, at least so many digits.
fn digits(text: &mut String, number: u64, width: u32) {
    let mut place = 10_u64.pow(width - 1);
    while number / place > 9 {
        place *= 10;
    }
    while place > 0 {
        // One digit is a letter of ASCII.
        text.push(char::from(b'0' + (number / place % 10) as u8));
        place /= 10;
    }
}

/// Reads an instant.
pub fn parse_instant(text: &str) -> Result<At, Invalid> {
    parse(text).map(|(local, offset)| local.plus(-offset * At::MINUTE))
}

/// Reads a capture time that a person states.
pub fn parse_taken(text: &str) -> Result<Taken, Invalid> {
    let (local, offset) = parse(text)?;
    if !Taken::RANGE.contains(&local.0) {
        return Err(FORM);
    }
    let offset_minutes = if text.ends_with("-00:00") {
        None
    } else {
        Some(i16::try_from(offset).map_err(|_| FORM)?)
    };
    Ok(Taken {
        local,
        offset_minutes,
        source: TakenSource::Person,
    })
}

/// The wall clock and the offset in minutes.
fn parse(text: &str) -> Result<(At, i64), Invalid> {
    let read = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| FORM)?;
    let offset = i64::from(read.offset().whole_seconds()) / 60;
    let micros = i64::try_from(read.unix_timestamp_nanos().div_euclid(1_000)).map_err(|_| FORM)?;
    Ok((At(micros).plus(offset * At::MINUTE), offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        let at = parse_instant("2024-05-31T18:20:00.125+02:00").unwrap();
        assert_eq!(instant(at), "2024-05-31T16:20:00.125Z");
        assert_eq!(instant(At(1)), "1970-01-01T00:00:00.000001Z");
        let read = parse_taken("2024-05-31T18:20:00-03:30").unwrap();
        assert_eq!(
            taken(read.local, read.offset_minutes.map(i64::from)),
            "2024-05-31T18:20:00-03:30"
        );
        assert_eq!(parse_taken("2024-05-31T18:20:00-00:00").unwrap().offset_minutes, None);
        assert_eq!(parse_taken("2024-05-31T18:20:00Z").unwrap().offset_minutes, Some(0));
        for bad in [
            "",
            "2024-05-31",
            "2024-05-31T18:20:00",
            "2024-13-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "+2024-05-31T18:20:00Z",
        ] {
            assert!(parse_taken(bad).is_err(), "{bad}");
        }
    }
    proptest! {
        #[test]
        fn what_is_written_is_read(local in Taken::RANGE, offset in prop::option::of(-1_439_i16..1_440)) {
            let text = taken(At(local), offset.map(i64::from));
            let read = parse_taken(&text).unwrap();
            // The library knows instants, which end with the year 9999 too.
            prop_assert_eq!((read.local, read.offset_minutes), (At(local), offset), "{}", text);
        }
        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            parse_taken(&text).ok();
        }
    }
}
