//! IPTC-IIM records: what press programs wrote before XMP. Source: IIM 4.2, chapters 5 and 6.

use super::text;
use crate::bytes::{be16, slice};
use crate::civil::{self, TakenSource};
use crate::types::Metadata;

/// Reads the records into what is found so far; what is there already stays.
pub(super) fn read(data: &[u8], found: &mut Metadata) {
    let mut utf8 = false;
    let (mut title, mut description, mut date, mut time) = (None, None, None, None);
    let keywords_known = !found.keywords.is_empty();
    for (record, dataset, value) in datasets(data) {
        let string = || {
            if utf8 {
                String::from_utf8_lossy(value).into_owned()
            } else {
                text::decode(value)
            }
        };
        match (record, dataset) {
            (1, 90) => utf8 = value == b"\x1b%G",
            (2, 5) => title = title.or_else(|| Some(string())),
            (2, 120) => description = description.or_else(|| Some(string())),
            (2, 25) if !keywords_known => found.keywords.push(string()),
            (2, 55) => date = date.or_else(|| Some(string())),
            (2, 60) => time = time.or_else(|| Some(string())),
            _ => {}
        }
    }
    found.title = found.title.take().or(title);
    found.description = found.description.take().or(description);
    found.taken = found.taken.or_else(|| {
        let (civil, zone) = civil::parse(&spelled(&date?, time.as_deref())?)?;
        Some(civil.taken(zone, TakenSource::Exif))
    });
}

/// `CCYYMMDD` and `HHMMSS+HHMM`, in the usual spelling.
fn spelled(date: &str, time: Option<&str>) -> Option<String> {
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
    let clock = time.and_then(|time| {
        Some(format!(
            "T{}:{}:{}{}",
            time.get(..2)?,
            time.get(2..4)?,
            time.get(4..6)?,
            time.get(6..).unwrap_or_default()
        ))
    });
    Some(format!("{year}-{month}-{day}{}", clock.unwrap_or_default()))
}

fn datasets(data: &[u8]) -> impl Iterator<Item = (u8, u8, &[u8])> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let head = slice(data, at, 3)?;
        if head[0] != 0x1C {
            return None;
        }
        // A length with the high bit set says how many bytes of length follow: never used for texts.
        let len = usize::from(be16(data, at + 3).filter(|len| len & 0x8000 == 0)?);
        let value = slice(data, at + 5, len)?;
        at += 5 + len;
        Some((head[1], head[2], value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(dataset: u8, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(value.len()).expect("short");
        [&[0x1C, 2, dataset][..], &len.to_be_bytes(), value].concat()
    }

    #[test]
    fn captions_keywords_and_dates_are_read() {
        let data = [
            record(5, b"Title"),
            record(25, b"one"),
            record(25, b"tw\xF6"),
            record(120, "Größe".as_bytes()),
            record(55, b"20240512"),
            record(60, b"101112+0200"),
        ]
        .concat();
        let mut found = Metadata::default();
        read(&data, &mut found);
        assert_eq!(
            (found.title.as_deref(), found.description.as_deref()),
            (Some("Title"), Some("Größe"))
        );
        assert_eq!(found.keywords, ["one", "twö"]);
        let taken = found.taken.expect("a date");
        assert_eq!(
            (taken.local_micros, taken.offset_minutes),
            (1_715_508_672_000_000, Some(120))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(mut data: Vec<u8>) {
            data.splice(0..0, [0x1C, 2, 55]);
            read(&data, &mut Metadata::default());
        }
    }
}
