//! One still out of a video, or the cover out of a sound file, as a PNG that is not larger than a preview.

use std::ffi::OsString;
use std::fs::File;
use std::time::Duration;

use super::probe::{Facts, VideoStream};
use super::{INPUT, INPUT_GUARD};
use crate::failure::{Failure, FailureCode};
use crate::picture::PREVIEW_LONG_SIDE;
use crate::pool::{Tool, Turn};

/// PQ and HLG to what a screen can show; without it HDR looks grey. 203 cd/m2 is reference white (ITU-R BT.2408).
const TONE_MAP: &str =
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv";

/// The moment that stands for a video: early, so that little of it has to be read, but behind a black first frame.
pub(super) fn time(duration: Option<Duration>) -> Duration {
    duration
        .map_or(Duration::ZERO, |length| length / 10)
        .min(Duration::from_secs(1))
}

/// The still, or `None` if the file has nothing to see.
pub(super) fn make(turn: &Turn<'_>, input: &File, facts: &Facts) -> Result<Option<File>, Failure> {
    let Some(video) = &facts.video else {
        let Some(cover) = facts.cover else { return Ok(None) };
        return run(turn, input, &[], cover, &fit(None)).map(Some);
    };
    let moment = format!("{:.3}", time(facts.duration).as_secs_f64());
    // The key frame before the moment: no other frame has to be decoded.
    let seek = ["-ss", &moment, "-noaccurate_seek", "-skip_frame", "nokey"];
    let filter = fit(Some(video));
    let plain = fit(Some(&VideoStream { hdr: false, ..*video }));
    let mut last = None;
    // From best to surest: the early key frame; without tone mapping (an ffmpeg built without zimg); whatever comes first.
    for (seek, filter) in [(&seek[..], &filter), (&seek[..], &plain), (&[], &plain)] {
        match run(turn, input, seek, video.index, filter) {
            Ok(frame) => return Ok(Some(frame)),
            Err(failure) if failure.code != FailureCode::Damaged => return Err(failure),
            Err(failure) => last = Some(failure),
        }
    }
    last.map_or(Ok(None), Err)
}

fn fit(video: Option<&VideoStream>) -> String {
    let limit = PREVIEW_LONG_SIDE;
    // ffmpeg has turned the frame already; the shape of pixels is taken care of here.
    let scale = match video {
        Some(video) => {
            let long = video.shown.width.max(video.shown.height).max(limit);
            let side = |side: u32| (u64::from(side) * u64::from(limit) / u64::from(long)).max(1);
            format!(
                "scale={}:{}:flags=bicubic+accurate_rnd+full_chroma_int",
                side(video.shown.width),
                side(video.shown.height)
            )
        }
        None => format!("scale='min({limit},iw)':'min({limit},ih)':force_original_aspect_ratio=decrease:flags=bicubic"),
    };
    let hdr = if video.is_some_and(|video| video.hdr) {
        format!("{TONE_MAP},")
    } else {
        String::new()
    };
    format!("{hdr}{scale},setsar=1,format=rgb24")
}

fn run(turn: &Turn<'_>, input: &File, seek: &[&str], stream: u32, filter: &str) -> Result<File, Failure> {
    let mut arguments: Vec<OsString> = ["-nostdin", "-hide_banner"].map(Into::into).to_vec();
    arguments.extend(INPUT_GUARD.map(Into::into));
    arguments.extend(["-threads", "1"].map(Into::into));
    arguments.extend(seek.iter().map(Into::into));
    arguments.extend(
        [
            "-i",
            INPUT,
            "-map",
            &format!("0:{stream}"),
            "-frames:v",
            "1",
            "-an",
            "-sn",
            "-dn",
        ]
        .map(Into::into),
    );
    arguments.extend(["-vf", filter, "-filter_threads", "1", "-map_metadata", "-1"].map(Into::into));
    arguments.extend(["-c:v", "png", "-compression_level", "1", "-f", "image2pipe", "pipe:1"].map(Into::into));
    let output = turn.run(Tool::Ffmpeg, &arguments, input)?;
    let made = output
        .file
        .metadata()
        .map_err(|error| Failure::io("ffmpeg's output", error))?
        .len();
    if made == 0 {
        // ffmpeg ends well without a frame when it has skipped to behind the last one.
        tracing::debug!(words = output.words.trim(), "no_frame");
        return Err(Failure::damaged("No picture of the video could be decoded."));
    }
    Ok(output.file)
}
