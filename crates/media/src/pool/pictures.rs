//! Pictures: by a decoder child alone, or by libvips and then a decoder child.

use std::fs::File;
use std::io;

use super::Turn;
use super::desk;
use super::merge::processed;
use super::tool::Tool;
use super::worker::Input;
use crate::failure::{Failure, FailureCode};
use crate::memory;
use crate::picture::{Bounds, PREVIEW_LONG_SIDE, check_pixels};
use crate::sniff::Format;
use crate::source::Source;
use crate::types::{Processed, Rendition, RenditionKind};
use crate::wire::{Job, Report, TestAct};

/// What a decoder child gave for one item.
pub(crate) struct Outcome {
    pub(crate) report: Report,
    pub(crate) renditions: Vec<Rendition>,
}

impl Turn<'_> {
    /// Hands one item to a decoder child.
    pub(crate) fn decode(&self, job: Job, input: &File) -> Result<Outcome, Failure> {
        self.hand(job, &Input::Memory(input))
    }

    fn hand(&self, job: Job, input: &Input<'_>) -> Result<Outcome, Failure> {
        let ask = || {
            let output = memory::anonymous("renditions").map_err(|error| Failure::io("Memory", error))?;
            let (worker, answer) = self.take_worker()?.ask(job, input, &output)?;
            Ok::<_, Failure>((worker, answer, output))
        };
        // A child that died before it got to work (killed between two items) says nothing about this file.
        let (worker, answer, output) = match ask() {
            Err(failure) if failure.code == FailureCode::Io => ask()?,
            other => other?,
        };
        if !matches!(&answer, Err(failure) if failure.code == FailureCode::DecoderCrashed) {
            // After a panic the child is about to end.
            self.give_back(worker);
        }
        let report = answer?;
        let renditions = collect(&report, &output)?;
        Ok(Outcome { report, renditions })
    }
}

/// Takes the renditions out of the output memory. The child may have been taken over: what it says is checked.
fn collect(report: &Report, output: &File) -> Result<Vec<Rendition>, Failure> {
    let bytes = memory::read_all(output, u64::MAX).map_err(|error| Failure::io("The decoder's output", error))?;
    let mut rest = &bytes[..];
    let mut renditions = Vec::new();
    for head in &report.renditions {
        let (content, after) = rest.split_at_checked(head.len).ok_or_else(lied)?;
        rest = after;
        let mime = match head.kind {
            RenditionKind::Thumb if content.starts_with(b"RIFF") => "image/webp",
            RenditionKind::Preview if content.starts_with(&[0xFF, 0xD8, 0xFF]) => "image/jpeg",
            _ => return Err(lied()),
        };
        renditions.push(Rendition {
            kind: head.kind,
            mime,
            dimensions: head.dimensions,
            bytes: content.to_vec(),
        });
    }
    Ok(renditions)
}

fn lied() -> Failure {
    let failure = Failure::new(
        FailureCode::ForbiddenAction,
        "The decoder answered with something that is no picture: the file may be an attack. The original is kept.",
    );
    tracing::warn!(code = failure.code.as_str(), detail = failure.detail, "decoder_lied");
    failure
}

pub(super) fn process(turn: &Turn<'_>, source: &dyn Source, format: Format) -> Result<Processed, Failure> {
    let settings = turn.settings();
    if source.len() > settings.max_picture_bytes {
        return Err(Failure::new(
            FailureCode::TooBigInMemory,
            format!(
                "The picture has {} MB; at most {} MB are processed. Upload a smaller version.",
                source.len() >> 20,
                settings.max_picture_bytes >> 20
            ),
        ));
    }
    let job = Job::Develop { format };
    let vips_may_need_it = matches!(format, Format::Heic | Format::Avif | Format::Tiff);
    if !vips_may_need_it && source.len() <= desk::LARGEST {
        return Ok(processed(format, turn.hand(job, &Input::Source(source))?));
    }
    let input = memory::load(source).map_err(|error| Failure::io("Reading the file failed", error))?;
    let outcome = match format {
        Format::Heic | Format::Avif => by_vips(turn, format, &input)?,
        Format::Tiff => match turn.decode(job, &input) {
            // libtiff knows what the Rust decoder does not: fax, CIE L*a*b*, odd bit depths.
            Err(failure) if !failure.retry() && failure.code != FailureCode::TooManyPixels => {
                by_vips(turn, format, &input).map_err(|_| tiff_failure(failure))?
            }
            other => other?,
        },
        _ => turn.decode(job, &input)?,
    };
    Ok(processed(format, outcome))
}

/// Neither decoder can read it: a panic of the first is then a kind that it does not know.
fn tiff_failure(first: Failure) -> Failure {
    match first.code {
        FailureCode::DecoderCrashed => Failure::new(
            FailureCode::Unsupported,
            "This kind of TIFF is not supported. The original is kept; upload it as JPEG or PNG to see it.",
        ),
        _ => first,
    }
}

/// Metadata by a child, pixels by libvips, renditions by a child again.
fn by_vips(turn: &Turn<'_>, format: Format, input: &File) -> Result<Outcome, Failure> {
    let mut report = turn.decode(Job::Inspect { format }, input)?.report;
    let settings = turn.settings();
    if let Some(dimensions) = report.dimensions {
        check_pixels(
            dimensions,
            Bounds {
                max_pixels: settings.max_pixels,
                memory: settings.memory_limit,
            },
        )?;
    } else {
        return Err(Failure::damaged(
            "The picture's header is broken, nothing of it can be shown. Upload another copy.",
        ));
    }
    // libvips turns HEIF by its container and TIFF by its tag: nothing is turned again. The colour profile stays in the
    // PNG for the child to apply: libvips's own conversion is wrong where there is no profile. `>` never enlarges.
    let arguments = [
        "/proc/self/fd/0",
        "--size",
        &format!("{PREVIEW_LONG_SIDE}x{PREVIEW_LONG_SIDE}>"),
        "--output",
        ".png[compression=0]",
    ]
    .map(Into::into);
    let decoded = turn.run(Tool::Vips, &arguments, input)?;
    memory::seal(&decoded.file).map_err(|error| Failure::io("Memory", error))?;
    let finished = turn.decode(
        Job::Finish {
            colours: report.colours,
        },
        &decoded.file,
    )?;
    report.thumbhash = finished.report.thumbhash;
    report.warnings.extend(finished.report.warnings);
    if format == Format::Tiff && report.metadata.orientation.is_some_and(|value| value > 4) {
        report.dimensions = report.dimensions.map(crate::types::Dimensions::turned);
    }
    Ok(Outcome {
        report,
        renditions: finished.renditions,
    })
}

pub(super) fn act(turn: &Turn<'_>, act: TestAct) -> Result<(), Failure> {
    let sealed = || -> io::Result<File> {
        let input = memory::anonymous("act")?;
        memory::seal(&input)?;
        Ok(input)
    };
    let input = sealed().map_err(|error| Failure::io("Memory", error))?;
    turn.decode(Job::Act(act), &input).map(|_| ())
}
