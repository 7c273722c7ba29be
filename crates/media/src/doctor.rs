//! Tries every decoder once, for `media-vault doctor`.

use std::ffi::OsString;
use std::fs::File;

use serde::Serialize;

use crate::failure::{Failure, FailureCode};
use crate::memory;
use crate::pool::{DecoderPool, Hints, Tool, Turn};
use crate::sandbox;
use crate::types::RenditionKind;

/// How one decoder, or one wall of the sandbox, is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolReport {
    /// For example `ffmpeg`.
    pub name: String,
    /// What it is needed for.
    pub purpose: String,
    /// Its own words about its version.
    pub version: Option<String>,
    /// Whether it works.
    pub state: ToolState,
}

/// See [`ToolReport`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "advice")]
pub enum ToolState {
    /// It was tried and works.
    Works,
    /// Not installed: what to install. The types that need it fail with a reason; the rest works.
    Missing(String),
    /// Installed or present, but it does not work: what happened.
    Broken(String),
}

pub(crate) fn check(pool: &DecoderPool) -> Vec<ToolReport> {
    let mut reports = vec![pictures(pool), landlock()];
    let turn = pool.turn();
    reports.push(tool(
        &turn,
        Tool::Ffprobe,
        "ffprobe",
        "facts of videos and audio",
        &["-version"],
    ));
    reports.push(tool(
        &turn,
        Tool::Ffmpeg,
        "ffmpeg",
        "pictures of videos and covers of audio",
        &["-version"],
    ));
    reports.push(tool(
        &turn,
        Tool::Vips,
        "vipsthumbnail",
        "HEIC and AVIF photos",
        &["--vips-version"],
    ));
    reports
}

/// A tiny picture, all the way through a real child.
fn pictures(pool: &DecoderPool) -> ToolReport {
    // 1 x 1 pixel, GIF87a.
    const DOT: &[u8] = b"GIF87a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0;";
    let state = match pool.process(&DOT.to_vec(), &Hints::default()) {
        Ok(made) if made.renditions.iter().any(|made| made.kind == RenditionKind::Preview) => ToolState::Works,
        Ok(_) => ToolState::Broken("a decoder child made no picture of a test file".into()),
        Err(failure) => ToolState::Broken(failure.detail),
    };
    ToolReport {
        name: "decoder".into(),
        purpose: "JPEG, PNG, WebP, GIF, TIFF, BMP and raw photos; seccomp sandbox".into(),
        version: None,
        state,
    }
}

fn landlock() -> ToolReport {
    let (version, state) = match sandbox::landlock_support() {
        Ok(version) => (Some(version), ToolState::Works),
        Err(what) => (
            None,
            ToolState::Broken(format!("{what}; decoders are still held by seccomp and limits")),
        ),
    };
    ToolReport {
        name: "landlock".into(),
        purpose: "keeps decoders away from files".into(),
        version,
        state,
    }
}

fn tool(turn: &Turn<'_>, tool: Tool, name: &str, purpose: &str, arguments: &[&str]) -> ToolReport {
    let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
    let asked = memory::anonymous("nothing")
        .map_err(|error| Failure::io("Memory", error))
        .and_then(|nothing| turn.run(tool, &arguments, &nothing))
        .map(|output| first_line(&output.file));
    let (version, state) = match asked {
        Ok(version) => (version, ToolState::Works),
        Err(failure) if failure.code == FailureCode::DecoderMissing => (None, ToolState::Missing(tool.advice().into())),
        Err(failure) => (None, ToolState::Broken(failure.detail)),
    };
    ToolReport {
        name: name.into(),
        purpose: purpose.into(),
        version,
        state,
    }
}

fn first_line(output: &File) -> Option<String> {
    let text = memory::read_all(output, 4096).ok()?;
    String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
}
