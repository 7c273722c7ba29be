//! The decoder child: takes one item after the other, inside the sandbox.

mod act;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use serde::de::DeserializeOwned;

use crate::failure::{Failure, FailureCode};
use crate::header::header_dimensions;
use crate::metadata;
use crate::picture::{Bounds, Picture, Studio};
use crate::raw;
use crate::sandbox::{self, Limits};
use crate::sniff::Format;
use crate::wire::{self, Answer, Item, Job, RenditionHead, Report, Setup};

/// First argument of a child that decodes by itself; its [`Setup`] follows.
pub(crate) const SERVE: &str = "--serve";

/// First argument of a child that becomes a tool; its [`Limits`], the tool and its arguments follow.
pub(crate) const EXEC: &str = "--exec";

/// Runs a decoder child until its parent lets go of it.
///
/// The binary that [`crate::Settings::command`] names must call this first thing in `main` when its first argument is
/// the hidden command, before it starts any thread: the sandbox covers the thread that enters it. It reads the command
/// line and standard input only.
#[must_use]
pub fn decoder_main() -> ExitCode {
    let mut arguments = std::env::args_os().skip_while(|argument| argument != SERVE && argument != EXEC);
    let mode = arguments.next();
    // Whoever waits for an answer goes first; pictures are made in what is left of the processors. Where even that is refused, they share.
    let _shared = rustix::process::nice(10);
    let done = sandbox::sys::outlast_polite_signals()
        .map_err(|error| error.to_string())
        .and_then(|()| match mode.as_deref().and_then(|mode| mode.to_str()) {
            Some(SERVE) => parse(arguments.next()).and_then(|setup| serve(&setup)),
            Some(EXEC) => parse(arguments.next()).and_then(|limits| become_tool(limits, arguments)),
            _ => Err("this command is started by Media Vault itself".to_owned()),
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Standard error is memory that the parent reads once the child has ended.
            let _lost = writeln!(std::io::stderr(), "decoder: {why}");
            ExitCode::FAILURE
        }
    }
}

fn parse<T: DeserializeOwned>(argument: Option<OsString>) -> Result<T, String> {
    let text = argument
        .and_then(|argument| argument.into_string().ok())
        .ok_or("an argument is missing")?;
    serde_json::from_str(&text).map_err(|error| format!("an argument is not understood: {error}"))
}

/// Puts up the walls and then becomes the tool.
fn become_tool(limits: Limits, mut arguments: impl Iterator<Item = OsString>) -> Result<(), String> {
    let program = arguments.next().map(PathBuf::from).ok_or("no tool is named")?;
    sandbox::enter_tool(limits, &program).map_err(|error| format!("the sandbox could not be entered: {error}"))?;
    let error = Command::new(&program).args(arguments).exec();
    Err(format!("{} could not be started: {error}", program.display()))
}

fn serve(setup: &Setup) -> Result<(), String> {
    let standard_input = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| error.to_string())?;
    let socket = UnixStream::from(standard_input);
    sandbox::enter_decoder(setup.limits).map_err(|error| format!("the sandbox could not be entered: {error}"))?;
    let mut studio = Studio::default();
    loop {
        let message = wire::receive(&socket, None).map_err(|error| format!("request: {error}"))?;
        let Some((item, handles)) = message else { return Ok(()) };
        sandbox::allow_cpu(setup.limits.cpu_seconds).map_err(|error| error.to_string())?;
        // A panic is a bug in a decoder. It costs this item; the child says so and is replaced.
        let answer = catch_unwind(AssertUnwindSafe(|| one(setup, &mut studio, &item, handles)));
        let crashed = answer.is_err();
        let answer = answer.unwrap_or_else(|_| {
            Err(Failure::new(
                FailureCode::DecoderCrashed,
                "The decoder came to grief over this file. The original is kept; please report the file.",
            ))
        });
        wire::send(&socket, &answer, &[]).map_err(|error| format!("answer: {error}"))?;
        if crashed {
            return Err("panic".to_owned());
        }
    }
}

fn one(setup: &Setup, studio: &mut Studio, item: &Item, handles: Vec<OwnedFd>) -> Answer {
    let [input, output] = <[OwnedFd; 2]>::try_from(handles)
        .map_err(|_| Failure::io("The decoder", "input and output are missing"))?
        .map(File::from);
    if let Job::Act(act) = item.job {
        if setup.test_acts {
            return act::perform(act, &output);
        }
        return Err(Failure::new(
            FailureCode::Unsupported,
            "There are no test acts in this child.",
        ));
    }
    let data = sandbox::sys::view(&input, item.len).map_err(|error| Failure::io("The decoder's input", error))?;
    let bounds = Bounds {
        max_pixels: setup.max_pixels,
        memory: setup.limits.memory,
    };
    match item.job {
        Job::Inspect { format } => {
            let mut report = metadata::inspect(format, &data);
            report.dimensions = report.dimensions.or_else(|| header_dimensions(format, &data));
            Ok(report)
        }
        Job::Develop { format } if format.is_raw() => {
            let mut report = metadata::inspect(format, &data);
            let preview = raw::preview(format, &data)?;
            report.warnings.extend(preview.warning());
            let orientation = report
                .metadata
                .orientation
                .or_else(|| preview.orientation())
                .unwrap_or(1);
            develop(studio, Format::Jpeg, preview.jpeg, orientation, bounds, report, &output)
        }
        Job::Develop { format } => {
            let report = metadata::inspect(format, &data);
            let orientation = report.metadata.orientation.unwrap_or(1);
            develop(studio, format, &data, orientation, bounds, report, &output)
        }
        Job::Finish { colours } => {
            let picture = studio.finish_png(&data, colours, bounds)?;
            answer(picture, Report::default(), &output)
        }
        Job::Act(_) => Err(Failure::new(
            FailureCode::Unsupported,
            "There are no test acts in this child.",
        )),
    }
}

fn develop(
    studio: &mut Studio,
    format: Format,
    data: &[u8],
    orientation: u8,
    bounds: Bounds,
    report: Report,
    output: &File,
) -> Answer {
    answer(studio.develop(format, data, orientation, bounds)?, report, output)
}

fn answer(picture: Picture, mut report: Report, mut output: &File) -> Answer {
    for rendition in &picture.renditions {
        output
            .write_all(&rendition.bytes)
            .map_err(|error| Failure::io("The decoder's output", error))?;
        report.renditions.push(RenditionHead {
            kind: rendition.kind,
            dimensions: rendition.dimensions,
            len: rendition.bytes.len(),
        });
    }
    // A raw photo's own size stands in its directory; the preview may be smaller.
    report.dimensions = report.dimensions.or(Some(picture.dimensions));
    report.thumbhash = Some(picture.thumbhash);
    report.warnings.extend(picture.warnings);
    Ok(report)
}
