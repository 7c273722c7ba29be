//! Videos and sound, through ffprobe, ffmpeg and a decoder child, all of them locked in.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::io;

use media::{DecoderPool, Failure, FailureCode, Hints, Kind, Processed, Source, TakenSource, WarningCode};
use support::{difference, fit, made, pool, preview, process, settings};

fn run(pool: &DecoderPool, name: &str) -> Processed {
    process(pool, &made(name)).unwrap_or_else(|failure| panic!("{name}: {failure}"))
}

fn size(done: &Processed) -> Option<(u32, u32)> {
    done.dimensions.map(|size| (size.width, size.height))
}

#[test]
fn every_container_gives_facts_and_a_poster() {
    let pool = pool();
    for (name, mime, codec, duration) in [
        ("plain.mp4", "video/mp4", "h264", 3000),
        ("index_first.mp4", "video/mp4", "h264", 3000),
        ("fragmented.mp4", "video/mp4", "h264", 3000),
        ("hevc.mp4", "video/mp4", "hevc", 3000),
        ("hdr.mp4", "video/mp4", "hevc", 3000),
        ("quicktime.mov", "video/quicktime", "h264", 3000),
        ("matroska.mkv", "video/x-matroska", "h264", 3000),
        ("webm.webm", "video/webm", "vp9", 3000),
        ("avi.avi", "video/x-msvideo", "mjpeg", 3000),
        ("transport.ts", "video/mp2t", "h264", 3000),
        ("programme.mpg", "video/mpeg", "mpeg2video", 3000),
        ("windows.wmv", "video/x-ms-asf", "wmv2", 3000),
        ("phone.3gp", "video/3gpp", "h263", 2000),
    ] {
        let done = run(&pool, name);
        let facts = done.metadata.video.clone().unwrap_or_default();
        assert_eq!(
            (done.kind, done.mime.as_str(), facts.codec.as_deref()),
            (Kind::Video, mime, Some(codec)),
            "{name}"
        );
        assert!(
            done.duration_ms.is_some_and(|length| length.abs_diff(duration) < 150),
            "{name}: {:?}",
            done.duration_ms
        );
        assert_eq!(
            size(&done),
            Some(if name == "phone.3gp" { (176, 144) } else { (640, 360) }),
            "{name}"
        );
        assert_eq!(
            (done.renditions.len(), done.thumbhash.is_some()),
            (2, true),
            "{name}: {:?}",
            done.warnings
        );
        let poster = preview(&done);
        assert_eq!(Some(poster.dimensions()), size(&done), "{name}");
        // testsrc2 has all colours: a grey or black poster was decoded from nothing.
        let spread = poster.as_raw().iter().filter(|value| **value > 200).count();
        assert!(spread > poster.as_raw().len() / 20, "{name}: {spread}");
    }
}

#[test]
fn rotated_videos_stand_upright() {
    let pool = pool();
    let plain = preview(&run(&pool, "plain.mp4"));
    for (name, rotation, turned) in [
        ("rotated_90.mp4", 90, image::imageops::rotate90(&plain)),
        ("rotated_180.mp4", 180, image::imageops::rotate180(&plain)),
        ("rotated_270.mp4", 270, image::imageops::rotate270(&plain)),
    ] {
        let done = run(&pool, name);
        assert_eq!(
            done.metadata.video.as_ref().map(|facts| facts.rotation),
            Some(rotation),
            "{name}"
        );
        assert_eq!(size(&done), Some(turned.dimensions()), "{name}");
        let off = difference(&preview(&done), &turned);
        assert!(off < 4.0, "{name}: {off}");
    }
}

#[test]
fn pixels_that_are_not_square_are_shown_in_shape() {
    let done = run(&pool(), "camcorder.mp4");
    assert_eq!(size(&done), Some((1024, 576)));
    assert_eq!(preview(&done).dimensions(), (1024, 576));
}

#[test]
fn apples_date_place_and_pair_are_read() {
    let metadata = run(&pool(), "quicktime.mov").metadata;
    let taken = metadata.taken.expect("a date");
    assert_eq!(
        (taken.local_micros, taken.offset_minutes),
        (1_715_508_672_000_000, Some(120))
    );
    assert_eq!(taken.source, TakenSource::Container);
    let gps = metadata.gps.expect("a place");
    assert!(
        (gps.latitude - 52.52).abs() < 1e-4 && (gps.longitude - 13.405).abs() < 1e-4,
        "{gps:?}"
    );
    assert_eq!(
        (metadata.camera.make.as_deref(), metadata.camera.model.as_deref()),
        (Some("Apple"), Some("iPhone 15"))
    );
    assert_eq!(
        metadata.content_identifier.as_deref(),
        Some("11111111-2222-3333-4444-555555555555")
    );
}

#[test]
fn the_containers_own_date_is_utc() {
    let metadata = run(&pool(), "plain.mp4").metadata;
    assert_eq!(
        metadata.taken.and_then(|taken| taken.utc_micros()),
        Some(1_715_501_472_000_000)
    );
    assert_eq!(metadata.title.as_deref(), Some("A film"));
}

#[test]
fn high_dynamic_range_is_told_and_not_grey() {
    let pool = pool();
    let done = run(&pool, "hdr.mp4");
    assert!(done.metadata.video.as_ref().is_some_and(|facts| facts.hdr));
    assert_eq!(preview(&done).dimensions(), (640, 360));
}

#[test]
fn a_video_of_one_frame_has_a_poster() {
    let done = run(&pool(), "one_frame.mp4");
    let poster = preview(&done);
    let middle = poster.get_pixel(160, 120).0;
    assert!(middle[0] > 200 && middle[1] < 60 && middle[2] < 60, "red: {middle:?}");
}

#[test]
fn sound_has_its_cover_or_no_picture() {
    let pool = pool();
    for (name, mime, cover) in [
        ("cover.mp3", "audio/mpeg", true),
        ("cover.flac", "audio/flac", true),
        ("plain.mp3", "audio/mpeg", false),
        ("voice.m4a", "audio/mp4", false),
        ("raw.aac", "audio/aac", false),
        ("opus.ogg", "audio/ogg", false),
        ("plain.wav", "audio/wav", false),
        ("sound_only.mp4", "audio/mp4", false),
    ] {
        let done = run(&pool, name);
        assert_eq!(
            (done.kind, done.mime.as_str(), done.dimensions),
            (Kind::Audio, mime, None),
            "{name}"
        );
        assert_eq!(
            done.renditions.len(),
            if cover { 2 } else { 0 },
            "{name}: {:?}",
            done.warnings
        );
        assert!(
            done.duration_ms.is_some_and(|length| (1900..3300).contains(&length)),
            "{name}: {:?}",
            done.duration_ms
        );
        if cover {
            let middle = preview(&done).get_pixel(250, 250).0;
            assert!(middle[2] > 150 && middle[0] < 80, "{name} is blue: {middle:?}");
        }
    }
    assert_eq!(run(&pool, "cover.mp3").metadata.title.as_deref(), Some("A song"));
}

#[test]
fn broken_videos_end_with_a_reason() {
    let pool = pool();
    let failure = process(&pool, &made("no_index.mp4")).expect_err("no index, no video");
    assert_eq!(failure.code, FailureCode::Damaged, "{failure}");
    let short = run(&pool, "cut_short.mp4");
    assert!(
        short
            .warnings
            .iter()
            .any(|warning| warning.code == WarningCode::Damaged),
        "{:?}",
        short.warnings
    );
    assert_eq!(short.renditions.len(), 2);
}

#[test]
fn limits_are_said_in_plain_words() {
    let mut strict = settings();
    strict.max_duration = std::time::Duration::from_secs(1);
    let failure = failed(strict, "plain.mp4");
    assert_eq!(failure.code, FailureCode::TooLong, "{failure}");
    let mut strict = settings();
    strict.max_pixels = 1000;
    assert_eq!(failed(strict, "plain.mp4").code, FailureCode::TooManyPixels);
}

#[test]
fn a_missing_tool_is_named_with_what_to_install() {
    let mut bare = settings();
    bare.tools.ffprobe = "/nowhere/ffprobe".into();
    bare.tools.vipsthumbnail = "/nowhere/vipsthumbnail".into();
    for (name, word) in [
        ("plain.mp4", "apt-get install ffmpeg"),
        ("heic.heic", "apt-get install libvips-tools"),
    ] {
        let failure = failed(bare.clone(), name);
        assert_eq!(failure.code, FailureCode::DecoderMissing, "{failure}");
        assert!(failure.detail.contains(word), "{failure}");
    }
}

fn failed(settings: media::Settings, name: &str) -> Failure {
    let pool = DecoderPool::new(settings).expect("a pool");
    process(&pool, &made(name)).expect_err("a limit")
}

/// A film of 10 GB whose index lies at its end, behind ten thousand megabytes that must not be read.
struct Huge {
    start: Vec<u8>,
    end: Vec<u8>,
    hole: u64,
    read: std::sync::atomic::AtomicU64,
}

impl Source for Huge {
    fn len(&self) -> u64 {
        self.start.len() as u64 + self.hole + self.end.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let end_at = self.start.len() as u64 + self.hole;
        let count = if offset < self.start.len() as u64 {
            self.start.as_slice().read_at(offset, buf)?
        } else if offset < end_at {
            let count = buf.len().min(usize::try_from(end_at - offset).unwrap_or(usize::MAX));
            buf[..count].fill(0);
            count
        } else {
            self.end.as_slice().read_at(offset - end_at, buf)?
        };
        self.read.fetch_add(count as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn ten_gigabytes_cost_twenty_megabytes() {
    // plain.mp4 is ftyp, free, mdat, moov: put a huge box of nothing before the index.
    let plain = made("plain.mp4");
    let moov = plain
        .windows(4)
        .rposition(|window| window == b"moov")
        .expect("an index")
        - 4;
    let hole = 10_000_000_000_u64;
    let mut start = plain[..moov].to_vec();
    start.extend_from_slice(&1_u32.to_be_bytes());
    start.extend_from_slice(b"free");
    start.extend_from_slice(&(hole + 16).to_be_bytes());
    let huge = Huge {
        start,
        end: plain[moov..].to_vec(),
        hole,
        read: std::sync::atomic::AtomicU64::new(0),
    };
    let pool = pool();
    let done = pool.process(&huge, &Hints::default()).expect("a film");
    assert_eq!(done.duration_ms, Some(3000));
    let small = run(&pool, "plain.mp4");
    assert!(difference(&preview(&done), &fit(&preview(&small), &preview(&done))) < 1.0);
    let read = huge.read.into_inner();
    assert!(read < 25 << 20, "{} MB were read", read >> 20);
}

/// The key frame that is shown lies far behind what is read of the start: it is looked up and read as well.
#[test]
fn a_key_frame_far_from_the_start_is_found() {
    // Everything moves 100 MB away: the offsets in the index have to follow.
    let mut plain = made("plain.mp4");
    let hole = 100_000_000_u32;
    let moov = plain
        .windows(4)
        .rposition(|window| window == b"moov")
        .expect("an index")
        - 4;
    let tables: Vec<usize> = (moov..plain.len() - 4)
        .filter(|at| &plain[*at..*at + 4] == b"stco")
        .map(|at| at + 4)
        .collect();
    assert_eq!(tables.len(), 2, "one a track");
    let number = |data: &[u8], at: usize| u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"));
    for table in tables {
        for entry in 0..number(&plain, table + 4) as usize {
            let at = table + 8 + entry * 4;
            let moved = number(&plain, at) + hole;
            plain[at..at + 4].copy_from_slice(&moved.to_be_bytes());
        }
    }
    let mdat = plain.windows(4).position(|window| window == b"mdat").expect("data") - 4;
    let mut start = plain[..mdat].to_vec();
    start.extend_from_slice(&hole.to_be_bytes());
    start.extend_from_slice(b"free");
    let huge = Huge {
        start,
        end: plain[mdat..].to_vec(),
        hole: u64::from(hole) - 8,
        read: 0.into(),
    };
    let pool = pool();
    let done = pool.process(&huge, &Hints::default()).expect("a film");
    let small = run(&pool, "plain.mp4");
    let off = difference(&preview(&done), &preview(&small));
    assert!(off < 1.0, "{off}");
}
