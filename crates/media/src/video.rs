//! Videos and audio: ffprobe tells what is in them, ffmpeg makes one picture, a decoder child the renditions of it.

mod poster;
mod probe;
mod ranges;

use std::fs::File;
use std::time::Duration;

use crate::bmff::Colours;
use crate::failure::{Failure, FailureCode};
use crate::memory;
use crate::picture::{Bounds, check_pixels};
use crate::pool::{Tool, Turn};
use crate::sniff::Format;
use crate::source::Source;
use crate::types::{Kind, Processed, Warning, WarningCode};
use crate::wire::Job;
use probe::Facts;

/// What every call of ffmpeg and ffprobe begins with: the input is what it was given, nothing that a file names.
const INPUT_GUARD: [&str; 6] = [
    "-v",
    "error",
    "-protocol_whitelist",
    "file,pipe",
    "-format_whitelist",
    // Demuxers of the formats that are taken. No playlists (hls, concat, dash): they open other files.
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mp3,aac,flac,wav,w64,aiff",
];

/// What a tool calls its standard input; unlike a pipe it can be read at any place.
const INPUT: &str = "/proc/self/fd/0";

pub(crate) fn process(turn: &Turn<'_>, source: &dyn Source, format: Format) -> Result<Processed, Failure> {
    // Said before the file is read: without the tool nothing helps.
    turn.find(Tool::Ffprobe)?;
    let failed = |error: std::io::Error| Failure::io("Reading the file failed", error);
    let plan = ranges::plan(source, format).map_err(failed)?;
    let input = memory::anonymous("media").map_err(failed)?;
    input.set_len(source.len()).map_err(failed)?;
    for range in &plan.ranges {
        memory::copy(source, &input, range.start, range.end).map_err(failed)?;
    }
    let facts = probe::run(turn, &input, plan.sparse)?;
    let mut made = describe(format, &facts)?;
    if plan.cut_short {
        made.warnings.push(Warning {
            code: WarningCode::Damaged,
            detail: "The end of the video is missing; what is there is kept and shown.".into(),
        });
    }
    check(turn, &made)?;
    if plan.sparse
        && let Some(place) = facts.key_frame(poster::time(facts.duration))
    {
        let end = place.end.min(source.len());
        memory::copy(source, &input, place.start.min(end), end).map_err(failed)?;
    }
    picture(turn, &input, &facts, &mut made)?;
    Ok(made)
}

/// Everything but the picture.
fn describe(format: Format, facts: &Facts) -> Result<Processed, Failure> {
    if facts.video.is_none() && facts.audio_codec.is_none() {
        return Err(Failure::damaged(
            "There is neither picture nor sound in the file. Upload another copy.",
        ));
    }
    let kind = if facts.video.is_some() {
        Kind::Video
    } else {
        Kind::Audio
    };
    let mut metadata = facts.metadata.clone();
    metadata.clean();
    Ok(Processed {
        kind,
        mime: mime(format, kind).to_owned(),
        dimensions: facts.video.as_ref().map(|video| video.shown),
        duration_ms: facts.duration.and_then(|length| u64::try_from(length.as_millis()).ok()),
        metadata,
        thumbhash: None,
        renditions: Vec::new(),
        warnings: Vec::new(),
        active_content: false,
    })
}

/// The same container is another type if it holds sound only, or pictures where sound was expected.
fn mime(format: Format, kind: Kind) -> &'static str {
    match (kind, format) {
        (Kind::Audio, Format::Mp4 | Format::Mov | Format::M4v) => "audio/mp4",
        (Kind::Audio, Format::ThreeGp) => "audio/3gpp",
        (Kind::Audio, Format::WebM) => "audio/webm",
        (Kind::Audio, Format::Matroska) => "audio/x-matroska",
        (Kind::Audio, Format::Asf) => "audio/x-ms-wma",
        (Kind::Audio, Format::OggVideo) => "audio/ogg",
        (Kind::Video, Format::Ogg) => "video/ogg",
        (Kind::Video, Format::M4a) => "video/mp4",
        _ => format.mime(),
    }
}

fn check(turn: &Turn<'_>, made: &Processed) -> Result<(), Failure> {
    let settings = turn.settings();
    if let Some(dimensions) = made.dimensions {
        check_pixels(
            dimensions,
            Bounds {
                max_pixels: settings.max_pixels,
                memory: settings.memory_limit,
            },
        )?;
    }
    let length = Duration::from_millis(made.duration_ms.unwrap_or(0));
    if length > settings.max_duration {
        return Err(Failure::new(
            FailureCode::TooLong,
            format!(
                "It lasts {} minutes; at most {} are taken. Upload a shorter version.",
                length.as_secs() / 60,
                settings.max_duration.as_secs() / 60
            ),
        ));
    }
    Ok(())
}

/// The poster frame, or the cover of audio.
fn picture(turn: &Turn<'_>, input: &File, facts: &Facts, made: &mut Processed) -> Result<(), Failure> {
    let frame = match poster::make(turn, input, facts) {
        Ok(Some(frame)) => frame,
        Ok(None) => return Ok(()),
        // Trouble of the machine, or an attack: say so. A file that plays but gives no still is a file all the same.
        Err(failure) if failure.retry() || failure.code == FailureCode::ForbiddenAction => return Err(failure),
        Err(failure) if failure.code == FailureCode::DecoderMissing => return Err(failure),
        Err(failure) => {
            made.warnings.push(no_picture(&failure));
            return Ok(());
        }
    };
    memory::seal(&frame).map_err(|error| Failure::io("Memory", error))?;
    match turn.decode(Job::Finish { colours: Colours::Srgb }, &frame) {
        Ok(outcome) => {
            made.thumbhash = outcome.report.thumbhash;
            made.renditions = outcome.renditions;
            Ok(())
        }
        Err(failure) if failure.retry() => Err(failure),
        Err(failure) => {
            made.warnings.push(no_picture(&failure));
            Ok(())
        }
    }
}

fn no_picture(failure: &Failure) -> Warning {
    Warning {
        code: WarningCode::NoPreview,
        detail: format!("It is kept, but no picture of it could be made. {}", failure.detail),
    }
}
