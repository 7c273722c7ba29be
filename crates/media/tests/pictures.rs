//! Pictures of every format, through real sandboxed children, compared with what a second decoder shows.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use media::{DecoderPool, FailureCode, Format, Hints, Kind, RenditionKind, Settings, WarningCode, sniff};
use support::{corpus, difference, files, fit, made, pool, preview, process, read, thumb};

/// Every made photo looks as Pillow and LittleCMS show it: upright, in the right colours, on white.
#[test]
fn every_format_looks_as_in_a_second_decoder() {
    let pool = pool();
    let mut wrong = Vec::new();
    let expected = files(&corpus().join("expected"));
    for (file, path) in expected.iter().filter(|(file, _)| file.ends_with(".png")) {
        let name = file.trim_end_matches(".png").to_owned() + if file.ends_with(".png.png") { ".png" } else { "" };
        let right = image::open(path).expect("what Pillow wrote").to_rgb8();
        let done = match process(&pool, &made(&name)) {
            Ok(done) => done,
            Err(failure) => {
                wrong.push(format!("{name}: {failure}"));
                continue;
            }
        };
        let shown = preview(&done);
        let sizes = (
            shown.width().abs_diff(right.width()),
            shown.height().abs_diff(right.height()),
        );
        if sizes.0 > 1 || sizes.1 > 1 {
            wrong.push(format!(
                "{name}: {:?} instead of {:?}",
                shown.dimensions(),
                right.dimensions()
            ));
            continue;
        }
        let off = difference(&fit(&right, &shown), &shown);
        let small = thumb(&done);
        // A thumb of a picture with transparency keeps it: only its colours are compared, and only without.
        let small_off = if name.contains("alpha") {
            0.0
        } else {
            difference(&fit(&right, &small), &small)
        };
        // Half a per mille of the range for the same pixels; JPEG, WebP and the resizers differ by about 1.
        let allowed = match name.as_str() {
            "one_bit.png" => 8.0,
            // Dithering; another black point; a gamma of 2.2 where the name means the curve of sRGB.
            "palette.png" | "cmyk_plain.jpg" | "cmyk_profile.jpg" | "p3_by_name.avif" => 4.0,
            _ => 2.5,
        };
        if off > allowed || small_off > allowed * 2.0 {
            wrong.push(format!("{name}: mean difference {off:.2}, thumb {small_off:.2}"));
        }
        if done.dimensions.is_none() || done.thumbhash.as_ref().is_none_or(|hash| hash.len() < 5) {
            wrong.push(format!("{name}: {:?}, {:?}", done.dimensions, done.thumbhash));
        }
    }
    assert!(expected.len() > 60, "{}", expected.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Thumb, preview and placeholder have the promised types and sizes.
#[test]
fn renditions_have_the_promised_sizes() {
    let pool = pool();
    let done = process(&pool, &made("scene.png")).expect("a photo");
    let size = |kind| {
        let found = done.renditions.iter().find(|made| made.kind == kind).expect("made");
        (found.mime, found.dimensions.width, found.dimensions.height)
    };
    assert_eq!(size(RenditionKind::Preview), ("image/jpeg", 1440, 1080));
    assert_eq!(size(RenditionKind::Thumb), ("image/webp", 341, 256));
    assert_eq!(
        done.dimensions.map(|size| (size.width, size.height)),
        Some((2000, 1500))
    );
    assert_eq!(
        (done.kind, done.mime.as_str(), done.renditions.len()),
        (Kind::Photo, "image/png", 2)
    );
    for rendition in &done.renditions {
        let text = String::from_utf8_lossy(&rendition.bytes);
        assert!(
            !text.contains("Exif") && !text.contains("ICC_PROFILE"),
            "renditions carry nothing but pixels"
        );
    }
}

/// A small picture is never made larger.
#[test]
fn small_pictures_stay_small() {
    let done = process(&pool(), &read(&corpus().join("real/pillow/hopper.jpg"))).expect("a photo");
    assert!(
        done.renditions
            .iter()
            .all(|made| (made.dimensions.width, made.dimensions.height) == (128, 128))
    );
}

/// What is broken says so; what can be shown in part is shown, with a warning; the good file behind is not affected.
#[test]
fn broken_pictures_end_with_a_reason() {
    let pool = pool();
    let code = |name: &str| process(&pool, &made(name)).map(|_| ()).map_err(|failure| failure.code);
    assert_eq!(code("empty.jpg"), Err(FailureCode::Damaged));
    assert_eq!(code("stub.jpg"), Err(FailureCode::Damaged));
    assert_eq!(code("text.jpg"), Err(FailureCode::Unsupported));
    assert_eq!(code("page.jpg"), Err(FailureCode::Unsupported));
    assert_eq!(code("playlist.mp4"), Err(FailureCode::Unsupported));
    assert_eq!(code("30000x30000.png"), Err(FailureCode::TooManyPixels));
    assert_eq!(code("nothing_inside.nef"), Err(FailureCode::NoPreview));
    for name in ["half.jpg", "half_progressive.jpg", "half.png"] {
        let done = process(&pool, &made(name)).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert_eq!(
            done.warnings.first().map(|warning| warning.code),
            Some(WarningCode::Damaged),
            "{name}"
        );
        assert_eq!(done.renditions.len(), 2, "{name}");
    }
    // Strange in ways that other programs overlook.
    for name in ["junk_jpeg_header.jpg", "photoshop-200dpi-broken.jpg"] {
        let data = read(&corpus().join("real/pillow").join(name));
        let done = process(&pool, &data).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert_eq!(done.renditions.len(), 2, "{name}");
    }
    let junk = process(&pool, &made("junk_behind.jpg")).expect("a photo with junk behind it");
    assert_eq!(junk.warnings, []);
}

/// The refusal comes before anything is decoded.
#[test]
fn too_many_pixels_are_refused_at_once() {
    let start = std::time::Instant::now();
    let failure = process(&pool(), &made("30000x30000.png")).expect_err("900 million pixels");
    assert!(failure.detail.contains("30000 x 30000"), "{failure}");
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

/// 196 million pixels of PNG are decoded row by row: 200 MB of address space are enough for the whole child.
#[test]
fn a_huge_png_is_decoded_in_little_memory() {
    let mut settings: Settings = support::settings();
    settings.memory_limit = 200 << 20;
    let pool = media::DecoderPool::new(settings).expect("a pool");
    let done = process(&pool, &made("14000x14000.png")).expect("decoded");
    assert_eq!(done.dimensions.map(|size| size.width), Some(14_000));
}

/// SVG is kept, marked as active, and never drawn.
#[test]
fn drawings_are_kept_and_never_decoded() {
    let done = process(&pool(), &made("drawing.svg")).expect("kept");
    assert!(done.active_content && done.renditions.is_empty() && done.thumbhash.is_none());
}

/// The type is found by content for every file of the corpus whose name can be trusted.
#[test]
fn types_are_found_by_content() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for folder in ["made", "real"] {
        for (name, path) in files(&corpus().join(folder)) {
            let extension = name.rsplit('.').next().unwrap_or_default().to_lowercase();
            let right: &[Format] = match extension.as_str() {
                "jpg" | "jpeg" => &[Format::Jpeg],
                "png" => &[Format::Png, Format::Apng],
                "apng" => &[Format::Apng],
                "gif" => &[Format::Gif],
                "webp" => &[Format::WebP],
                "heic" | "heif" | "hif" => &[Format::Heic],
                "avif" => &[Format::Avif],
                "tif" | "tiff" => &[Format::Tiff],
                "bmp" => &[Format::Bmp],
                "mp4" => &[Format::Mp4],
                "mov" => &[Format::Mov],
                "mkv" => &[Format::Matroska],
                "webm" => &[Format::WebM],
                "avi" => &[Format::Avi],
                "ts" => &[Format::MpegTs],
                "mpg" => &[Format::MpegPs],
                "wmv" => &[Format::Asf],
                "3gp" => &[Format::ThreeGp],
                "mp3" => &[Format::Mp3],
                "m4a" => &[Format::M4a],
                "aac" => &[Format::Aac],
                "flac" => &[Format::Flac],
                "ogg" => &[Format::Ogg],
                "wav" => &[Format::Wav],
                "svg" => &[Format::Svg],
                "nef" => &[Format::Nef],
                "arw" => &[Format::Arw],
                "pef" => &[Format::Pef],
                "srw" => &[Format::Srw],
                "cr2" => &[Format::Cr2],
                "cr3" => &[Format::Cr3],
                "orf" => &[Format::Orf],
                "rw2" => &[Format::Rw2],
                "raf" => &[Format::Raf],
                "dng" => &[Format::Dng],
                _ => continue,
            };
            let data = read(&path);
            let found = sniff(&data[..data.len().min(media::SNIFF_LENGTH)]).map(|found| found.format);
            seen += 1;
            if !found.is_some_and(|found| right.contains(&found)) {
                wrong.push(format!("{folder}/{name}: {found:?}"));
            }
        }
    }
    // Files that lie about themselves, or are broken on purpose.
    wrong.retain(|line| !KNOWN_LIARS.iter().any(|liar| line.contains(liar)));
    assert!(seen > 400, "{seen}");
    assert!(
        wrong.is_empty(),
        "{} of {seen} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

const KNOWN_LIARS: &[&str] = &[
    "empty.jpg",
    "text.jpg",
    "page.jpg",
    "playlist.mp4",
    "empty.heic",
    "l2rgb_read.bmp",
];

/// A child reads its files from the same memory, one after the other.
#[test]
fn nothing_of_a_file_is_left_for_the_next() {
    let whole = made("orientation_6.jpg");
    let half = &whole[..whole.len() / 2];
    let of_half = |pool: &DecoderPool| process(pool, half).expect("what is there is shown");
    let alone = of_half(&pool());
    assert!(!alone.warnings.is_empty(), "half a picture is noticed");

    let pool = pool();
    let before = process(&pool, &whole).expect("a picture");
    let behind = of_half(&pool);
    assert_eq!(pool.idle_children().len(), 1, "both by the same child");
    assert_eq!(behind, alone);
    assert_ne!(preview(&behind), preview(&before));
}

#[test]
fn a_file_that_is_larger_than_what_a_child_keeps_is_processed_all_the_same() {
    let small = made("orientation_6.jpg");
    let mut large = small.clone();
    large.resize(17 << 20, 0);
    let pool = pool();
    let want = process(&pool, &small).expect("a picture");
    let got = process(&pool, &large).expect("a picture");
    assert_eq!(preview(&got), preview(&want));
    assert_eq!(preview(&process(&pool, &small).expect("a picture")), preview(&want));
}

/// A source that breaks off costs its own item and no child.
#[test]
fn a_file_that_cannot_be_read_leaves_its_child_as_it_was() {
    struct Broken;
    impl media::Source for Broken {
        fn len(&self) -> u64 {
            1000
        }
        fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let pool = pool();
    process(&pool, &made("orientation_6.jpg")).expect("a picture");
    let children = pool.idle_children();
    let known = media::sniff(&made("orientation_6.jpg"));
    let failure = pool
        .process(&Broken, &Hints { known })
        .expect_err("nothing can be read");
    assert!(
        failure.retry() && failure.detail.contains("the disk is gone"),
        "{failure}"
    );
    assert_eq!(pool.idle_children(), children);
}
