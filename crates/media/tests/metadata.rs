//! What files say about themselves, compared with exiftool.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::collections::BTreeMap;

use media::{Metadata, TakenSource};
use serde_json::Value;
use support::{corpus, made, pool, process, read};

#[test]
fn every_format_carries_its_tags() {
    let pool = pool();
    for name in [
        "tagged.jpg",
        "tagged.png",
        "tagged.webp",
        "tagged.tif",
        "tagged.avif",
        "tagged.heic",
    ] {
        let found = process(&pool, &made(name))
            .unwrap_or_else(|failure| panic!("{name}: {failure}"))
            .metadata;
        let taken = found.taken.unwrap_or_else(|| panic!("{name} has a date"));
        assert_eq!(
            (taken.local_micros, taken.offset_minutes),
            (1_715_508_672_250_000, Some(120)),
            "{name}"
        );
        assert_eq!(taken.source, TakenSource::Exif, "{name}");
        let gps = found.gps.unwrap_or_else(|| panic!("{name} has a place"));
        assert!(
            (gps.latitude - 52.52).abs() < 1e-5 && (gps.longitude + 13.405).abs() < 1e-5,
            "{name}: {gps:?}"
        );
        let camera = &found.camera;
        assert_eq!(camera.model.as_deref(), Some("Canon EOS R5"), "{name}");
        assert_eq!(camera.lens.as_deref(), Some("RF24-105mm F4 L IS USM"), "{name}");
        assert_eq!(
            (camera.iso, camera.aperture, camera.focal_length),
            (Some(400), Some(4.0), Some(50.0)),
            "{name}"
        );
        assert_eq!(camera.exposure_time.as_deref(), Some("1/250"), "{name}");
        if name != "tagged.heic" {
            assert_eq!(found.title.as_deref(), Some("Über den Dächern"), "{name}");
            assert_eq!(found.description.as_deref(), Some("Zwei\nZeilen"), "{name}");
            assert_eq!(
                (found.rating, found.keywords.as_slice()),
                (Some(4), &["alpha".to_owned()][..]),
                "{name}"
            );
        }
    }
}

#[test]
fn hostile_tags_are_made_harmless() {
    let found = process(&pool(), &made("hostile.jpg")).expect("a photo").metadata;
    assert_eq!(found.taken, None, "1970 means that nobody knows");
    assert_eq!(found.gps, None, "0, 0 means that nobody knows");
    assert_eq!(
        found.camera.model.as_deref(),
        Some("A gpj.exe"),
        "no mark turns the name around"
    );
    assert_eq!(
        found.description.map(|text| text.len()),
        Some(8192),
        "texts are bounded"
    );
    assert_eq!(found.title.as_deref(), Some("a b c"));
    assert_eq!(found.camera.aperture, None);
}

#[test]
fn press_captions_and_motion_photos_are_read() {
    let pool = pool();
    let press = process(&pool, &made("iptc_only.jpg")).expect("a photo").metadata;
    assert_eq!(
        (press.title.as_deref(), press.description.as_deref()),
        (Some("A name"), Some("A caption"))
    );
    assert_eq!(press.keywords, ["press"]);
    assert_eq!(press.taken.map(|taken| taken.offset_minutes), Some(Some(120)));
    assert!(
        process(&pool, &made("motion.jpg"))
            .expect("a photo")
            .metadata
            .motion_photo
    );
    assert!(!press.motion_photo);
}

#[test]
fn raw_photos_tell_camera_date_and_full_size() {
    let pool = pool();
    let done = process(&pool, &made("canon.cr3")).expect("a raw photo");
    assert_eq!(
        done.dimensions.map(|size| (size.width, size.height)),
        Some((4000, 6000)),
        "turned"
    );
    assert_eq!(
        (done.metadata.camera.make.as_deref(), done.metadata.camera.iso),
        (Some("Canon"), Some(800))
    );
    assert!(done.metadata.taken.is_some());
    let done = process(&pool, &made("nikon.nef")).expect("a raw photo");
    assert_eq!(
        (done.mime.as_str(), done.metadata.orientation),
        ("image/x-nikon-nef", Some(6))
    );
}

/// Every file of the corpus that both we and exiftool read: date, camera, settings and place agree.
#[test]
fn exiftool_agrees() {
    let pool = pool();
    let oracle: Vec<BTreeMap<String, Value>> =
        serde_json::from_slice(&read(&corpus().join("expected/exiftool.json"))).expect("exiftool's answer");
    let mut wrong = Vec::new();
    let mut compared = 0;
    for right in &oracle {
        let name = right["SourceFile"].as_str().expect("a name");
        let image = right
            .get("MIMEType")
            .and_then(Value::as_str)
            .is_some_and(|mime| mime.starts_with("image/"));
        // Half a minute of decoding for its few tags; it is processed in the test of odd files.
        if !image || name.contains("/hostile.jpg") || name.contains("200MP") {
            continue;
        }
        let Ok(done) = process(&pool, &read(&corpus().join(name))) else {
            continue;
        };
        for (field, ours, theirs) in fields(&done.metadata, right) {
            compared += usize::from(theirs.is_some());
            let agree = match (&ours, &theirs) {
                // Only what exiftool knows is asked for; it leaves out what we take from other places.
                (_, None) => true,
                (Some(a), Some(b)) => a == b,
                (None, Some(_)) => false,
            };
            if !agree && !EXCUSED.iter().any(|(file, tag)| name.ends_with(file) && *tag == field) {
                wrong.push(format!("{name} {field}: {ours:?}, exiftool {theirs:?}"));
            }
        }
    }
    assert!(compared > 150, "{compared}");
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Where we differ on purpose.
const EXCUSED: &[(&str, &str)] = &[
    // The maker is a control character.
    ("pport_g4.tif", "make"),
    // A stereo pair: exiftool names the camera of the other eye.
    ("spatial_photo.heic", "lens"),
];

fn fields(ours: &Metadata, right: &BTreeMap<String, Value>) -> Vec<(&'static str, Option<String>, Option<String>)> {
    let text = |name: &str| {
        right
            .get(name)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .map(|text| text.trim().to_owned())
    };
    let number = |name: &str| {
        right
            .get(name)
            .and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()))
    };
    let rounded = |value: Option<f64>| value.filter(|value| *value > 0.0).map(|value| format!("{value:.3}"));
    let place = match (number("GPSLatitude"), number("GPSLongitude")) {
        (Some(lat), Some(lon)) if lat.abs() <= 90.0 && lon.abs() <= 180.0 && (lat, lon) != (0.0, 0.0) => {
            Some(format!("{lat:.5} {lon:.5}"))
        }
        _ => None,
    };
    let nonempty = |value: Option<String>| value.filter(|value| !value.is_empty());
    vec![
        ("make", ours.camera.make.clone(), nonempty(text("Make"))),
        ("model", ours.camera.model.clone(), nonempty(text("Model"))),
        (
            "iso",
            ours.camera.iso.map(|iso| iso.to_string()),
            nonempty(text("ISO")).filter(|iso| iso != "0"),
        ),
        ("aperture", rounded(ours.camera.aperture), rounded(number("FNumber"))),
        (
            "focal length",
            rounded(ours.camera.focal_length),
            rounded(number("FocalLength")),
        ),
        ("lens", ours.camera.lens.clone(), nonempty(text("LensModel"))),
        (
            "place",
            ours.gps.map(|gps| format!("{:.5} {:.5}", gps.latitude, gps.longitude)),
            place,
        ),
        (
            "date",
            ours.taken.map(|taken| date(taken.local_micros)),
            nonempty(text("DateTimeOriginal").filter(|date| real(date))),
        ),
        ("title", ours.title.clone(), nonempty(text("Title"))),
    ]
}

fn date(micros: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(micros.div_euclid(1_000_000)).expect("a date");
    format!(
        "{:04}:{:02}:{:02} {:02}:{:02}:{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn real(date: &str) -> bool {
    date.len() >= 19 && !date.starts_with("0000") && !date.starts_with("1970:01:01") && !date.contains("  ")
}
