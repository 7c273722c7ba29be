//! Files that lie beside a photo and know more than it does.

use serde::Deserialize;

use super::xmp;
use crate::civil::{Civil, Taken, TakenSource};
use crate::types::{Gps, Metadata};

/// Takeout notes have some kilobytes.
const MAX_NOTE: usize = 1 << 20;

/// Reads an XMP sidecar (`IMG_1.jpg.xmp`, `IMG_1.xmp`). `None` if there is nothing in it that is understood.
#[must_use]
pub fn parse_xmp(packet: &[u8]) -> Option<Metadata> {
    let mut found = Metadata::default();
    xmp::read(packet, &mut found);
    if let Some(taken) = &mut found.taken {
        taken.source = TakenSource::Sidecar;
    }
    found.clean();
    (found != Metadata::default()).then_some(found)
}

/// What Google Takeout writes beside each photo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakeoutNote {
    /// The file name that the note belongs to, as it was uploaded; Takeout shortens the names of files and notes.
    pub file_name: Option<String>,
    /// Date, place, description, favourite. Takeout's dates are instants: the zone of the place is not known.
    pub metadata: Metadata,
    /// It was in the archive.
    pub archived: bool,
    /// It was in the trash.
    pub trashed: bool,
}

/// Reads the JSON that Google Takeout writes beside a photo. `None` if it is something else (an album's note).
#[must_use]
pub fn parse_takeout_json(note: &[u8]) -> Option<TakeoutNote> {
    if note.len() > MAX_NOTE {
        return None;
    }
    let note: Note = serde_json::from_slice(note).ok()?;
    let seconds = note.photo_taken_time?.timestamp.trim().parse::<i64>().ok()?;
    let place = |data: Option<Geo>| data.and_then(|geo| Gps::new(geo.latitude, geo.longitude));
    let mut metadata = Metadata {
        taken: instant(seconds),
        gps: place(note.geo_data).or_else(|| place(note.geo_data_exif)),
        description: Some(note.description),
        favorite: note.favorited,
        ..Metadata::default()
    };
    metadata.clean();
    let file_name = super::text::line(&note.title);
    Some(TakeoutNote {
        file_name,
        metadata,
        archived: note.archived,
        trashed: note.trashed,
    })
}

fn instant(seconds: i64) -> Option<Taken> {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    let date = (at.year(), u32::from(u8::from(at.month())), u32::from(at.day()));
    let clock = (u32::from(at.hour()), u32::from(at.minute()), u32::from(at.second()));
    Civil::new(date, clock, 0).map(|civil| civil.taken(Some(0), TakenSource::Sidecar))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    photo_taken_time: Option<Stamp>,
    geo_data: Option<Geo>,
    geo_data_exif: Option<Geo>,
    #[serde(default)]
    favorited: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    trashed: bool,
}

#[derive(Deserialize)]
struct Stamp {
    timestamp: String,
}

#[derive(Deserialize)]
struct Geo {
    latitude: f64,
    longitude: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_takeout_note_is_read() {
        let note = br#"{"title": "IMG_1.jpg", "description": "At the\nsea", "imageViews": "3",
            "photoTakenTime": {"timestamp": "1715508672", "formatted": "May 12, 2024, 10:11:12 AM UTC"},
            "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
            "geoDataExif": {"latitude": 52.5, "longitude": 13.4, "altitude": 1.0},
            "people": [{"name": "Somebody"}], "favorited": true, "archived": true}"#;
        let note = parse_takeout_json(note).expect("a note");
        assert_eq!(note.file_name.as_deref(), Some("IMG_1.jpg"));
        assert_eq!(
            note.metadata.taken.and_then(|taken| taken.utc_micros()),
            Some(1_715_508_672_000_000)
        );
        assert_eq!(note.metadata.gps, Gps::new(52.5, 13.4));
        assert_eq!(note.metadata.description.as_deref(), Some("At the\nsea"));
        assert!(note.metadata.favorite && note.archived && !note.trashed);
    }

    #[test]
    fn other_json_is_none() {
        for other in [
            &br#"{"title": "Holiday 2024", "access": "protected"}"#[..],
            b"[]",
            b"",
            b"{\"photoTakenTime\": {\"timestamp\": \"x\"}}",
        ] {
            assert_eq!(parse_takeout_json(other), None);
        }
    }

    #[test]
    fn an_xmp_sidecar_says_that_it_is_one() {
        let packet = br#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
            <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="2024-05-12T10:11:12"/></rdf:RDF></x:xmpmeta>"#;
        let taken = parse_xmp(packet).and_then(|found| found.taken).expect("a date");
        assert_eq!(taken.source, TakenSource::Sidecar);
        assert_eq!(parse_xmp(b"<html/>"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(data: Vec<u8>) {
            let _unused = parse_xmp(&data);
            let _unused = parse_takeout_json(&data);
        }
    }
}
