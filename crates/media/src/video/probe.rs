//! What ffprobe says, put into our words.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;

use super::{INPUT, INPUT_GUARD};
use crate::civil::{self, Taken, TakenSource};
use crate::failure::Failure;
use crate::memory;
use crate::pool::{Tool, Turn};
use crate::types::{Dimensions, Gps, Metadata, VideoFacts};

/// Bytes of ffprobe's answer that are read.
const MAX_ANSWER: u64 = 8 << 20;

/// What is in a video or audio file.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) duration: Option<Duration>,
    pub(super) video: Option<VideoStream>,
    pub(super) audio_codec: Option<String>,
    /// Index of the stream that is a cover picture.
    pub(super) cover: Option<u32>,
    pub(super) metadata: Metadata,
    key_frames: Vec<(f64, Range<u64>)>,
}

#[derive(Debug)]
pub(super) struct VideoStream {
    pub(super) index: u32,
    /// Upright, with square pixels.
    pub(super) shown: Dimensions,
    pub(super) hdr: bool,
}

impl Facts {
    /// Where the last key frame up to that moment lies in the file, if the packets were asked for.
    pub(super) fn key_frame(&self, moment: Duration) -> Option<Range<u64>> {
        let before = self
            .key_frames
            .iter()
            .take_while(|(time, _)| *time <= moment.as_secs_f64())
            .last();
        before.or(self.key_frames.first()).map(|(_, place)| place.clone())
    }
}

/// Asks ffprobe. With `packets` also where the pictures of the first seconds lie.
pub(super) fn run(turn: &Turn<'_>, input: &File, packets: bool) -> Result<Facts, Failure> {
    let mut arguments: Vec<&str> = INPUT_GUARD.to_vec();
    arguments.extend(["-print_format", "json", "-show_format", "-show_streams"]);
    if packets {
        arguments.extend(["-show_packets", "-read_intervals", "%+2"]);
    }
    arguments.push(INPUT);
    let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
    let output = turn.run(Tool::Ffprobe, &arguments, input)?;
    let answer = memory::read_all(&output.file, MAX_ANSWER).map_err(|error| Failure::io("ffprobe's answer", error))?;
    let answer: Answer = serde_json::from_slice(&answer)
        .map_err(|_| Failure::damaged("The file is broken: nobody can tell what is in it. Upload another copy."))?;
    Ok(facts(answer))
}

fn facts(answer: Answer) -> Facts {
    let Answer {
        format,
        streams,
        packets,
    } = answer;
    let is_cover = |stream: &&Stream| stream.disposition.get("attached_pic") == Some(&1);
    let picture = streams.iter().filter(|stream| stream.codec_type == "video");
    let video = picture
        .clone()
        .find(|stream| !is_cover(stream) && stream.width > 0 && stream.height > 0);
    let cover = picture.clone().find(is_cover);
    let audio = streams.iter().find(|stream| stream.codec_type == "audio");
    let seconds = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
    let duration = seconds(&format.duration)
        .or_else(|| video.or(audio).and_then(|stream| seconds(&stream.duration)))
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let audio_codec = audio.and_then(|stream| stream.codec_name.clone());
    let key_frames = video.map(|video| key_frames(&packets, video.index)).unwrap_or_default();
    let mut metadata = tags(&format, &streams, video.is_some());
    let hdr = video.is_some_and(Stream::hdr);
    metadata.video = Some(VideoFacts {
        codec: video.and_then(|stream| stream.codec_name.clone()),
        audio_codec: audio_codec.clone(),
        fps: video.and_then(Stream::fps),
        rotation: video.map_or(0, Stream::rotation),
        bit_rate: format.bit_rate.as_ref().and_then(|rate| rate.parse().ok()),
        hdr,
    });
    Facts {
        duration,
        video: video.map(|stream| VideoStream {
            index: stream.index,
            shown: stream.shown(),
            hdr,
        }),
        audio_codec,
        cover: cover.map(|stream| stream.index),
        metadata,
        key_frames,
    }
}

fn key_frames(packets: &[Packet], stream: u32) -> Vec<(f64, Range<u64>)> {
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u64>().ok());
    packets
        .iter()
        .filter(|packet| packet.stream_index == stream && packet.flags.starts_with('K'))
        .filter_map(|packet| {
            let time = packet.pts_time.as_ref().or(packet.dts_time.as_ref())?.parse().ok()?;
            let start = number(&packet.pos)?;
            Some((time, start..start.checked_add(number(&packet.size)?)?))
        })
        .collect()
}

fn tags(format: &Container, streams: &[Stream], is_video: bool) -> Metadata {
    let all: HashMap<String, &str> = streams
        .iter()
        .rev()
        .map(|stream| &stream.tags)
        .chain([&format.tags])
        .flat_map(|tags| {
            tags.iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        })
        .collect();
    let get = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| all.get(*name))
            .map(|text| (*text).to_owned())
    };
    let mut found = Metadata {
        taken: is_video.then(|| taken(&get)).flatten(),
        gps: get(&["com.apple.quicktime.location.iso6709", "location", "location-eng"]).and_then(|text| iso6709(&text)),
        title: get(&["com.apple.quicktime.title", "com.apple.quicktime.displayname", "title"]),
        description: get(&["com.apple.quicktime.description", "description", "synopsis"]),
        content_identifier: get(&["com.apple.quicktime.content.identifier"]),
        ..Metadata::default()
    };
    found.camera.make = get(&["com.apple.quicktime.make", "make", "com.android.manufacturer"]);
    found.camera.model = get(&["com.apple.quicktime.model", "model", "com.android.model"]);
    found
}

/// Apple's date has the zone of the place; the container's own counts in UTC.
fn taken(get: &dyn Fn(&[&str]) -> Option<String>) -> Option<Taken> {
    let with_zone = get(&["com.apple.quicktime.creationdate"]).and_then(|text| civil::parse(&text));
    if let Some((civil, zone)) = with_zone {
        return Some(civil.taken(zone, TakenSource::Container));
    }
    let (civil, zone) = civil::parse(&get(&["creation_time", "date_recorded", "date"])?)?;
    Some(civil.taken(zone, TakenSource::Container))
}

/// `+52.5200+013.4050+030.0/`: latitude, longitude, perhaps height. Source: ISO 6709, annex H, in decimal degrees.
fn iso6709(text: &str) -> Option<Gps> {
    let text = text.trim().trim_end_matches('/');
    let starts: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| matches!(c, '+' | '-'))
        .map(|(at, _)| at)
        .collect();
    let latitude = text.get(*starts.first()?..*starts.get(1)?)?.parse().ok()?;
    let end = starts.get(2).copied().unwrap_or(text.len());
    let longitude = text.get(*starts.get(1)?..end)?.parse().ok()?;
    Gps::new(latitude, longitude)
}

impl Stream {
    /// Degrees clockwise.
    fn rotation(&self) -> u16 {
        let counted = self.side_data_list.iter().find_map(|data| data.rotation);
        // The matrix turns counter-clockwise, the old tag clockwise.
        let degrees = counted
            .map(|turn| -turn)
            .or_else(|| self.tags.get("rotate").and_then(|text| text.parse().ok()));
        let degrees: f64 = degrees.unwrap_or(0.0);
        match degrees.rem_euclid(360.0) {
            45.0..135.0 => 90,
            135.0..225.0 => 180,
            225.0..315.0 => 270,
            _ => 0,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range"
    )]
    fn shown(&self) -> Dimensions {
        // Old camcorders have pixels that are not square.
        let shape = self
            .sample_aspect_ratio
            .as_deref()
            .and_then(|text| fraction(text, ':'))
            .unwrap_or(1.0);
        let width = if (0.1..10.0).contains(&shape) {
            f64::from(self.width) * shape
        } else {
            f64::from(self.width)
        };
        let stored = Dimensions {
            width: width.round().clamp(1.0, 1e6) as u32,
            height: self.height,
        };
        if matches!(self.rotation(), 90 | 270) {
            stored.turned()
        } else {
            stored
        }
    }

    fn fps(&self) -> Option<f64> {
        let rate = |text: &Option<String>| text.as_deref().and_then(|text| fraction(text, '/'));
        rate(&self.avg_frame_rate)
            .or_else(|| rate(&self.r_frame_rate))
            .map(|fps| (fps * 1000.0).round() / 1000.0)
    }

    fn hdr(&self) -> bool {
        matches!(self.color_transfer.as_deref(), Some("smpte2084" | "arib-std-b67"))
    }
}

fn fraction(text: &str, separator: char) -> Option<f64> {
    let (numerator, denominator) = text.split_once(separator)?;
    let value = numerator.parse::<f64>().ok()? / denominator.parse::<f64>().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    format: Container,
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    packets: Vec<Packet>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container {
    duration: Option<String>,
    bit_rate: Option<String>,
    tags: HashMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stream {
    index: u32,
    codec_type: String,
    codec_name: Option<String>,
    width: u32,
    height: u32,
    sample_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    color_transfer: Option<String>,
    duration: Option<String>,
    disposition: HashMap<String, i64>,
    tags: HashMap<String, String>,
    side_data_list: Vec<SideData>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SideData {
    rotation: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Packet {
    stream_index: u32,
    pts_time: Option<String>,
    dts_time: Option<String>,
    pos: Option<String>,
    size: Option<String>,
    flags: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_phones_are_read() {
        assert_eq!(iso6709("+52.5200+013.4050+030.0/"), Gps::new(52.52, 13.405));
        assert_eq!(iso6709("-33.8600+151.2100/"), Gps::new(-33.86, 151.21));
        for text in ["", "+", "+52.5", "+91.0+000.0/", "+00.0000+000.0000/", "NaN"] {
            assert_eq!(iso6709(text), None, "{text}");
        }
    }

    fn stream(json: &str) -> Stream {
        serde_json::from_str(json).expect("a stream")
    }

    #[test]
    fn rotation_and_pixel_shape_make_what_is_shown() {
        let phone = stream(
            r#"{"width": 1920, "height": 1080, "side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]}"#,
        );
        assert_eq!(
            (phone.rotation(), phone.shown()),
            (
                90,
                Dimensions {
                    width: 1080,
                    height: 1920
                }
            )
        );
        let camcorder = stream(r#"{"width": 720, "height": 576, "sample_aspect_ratio": "64:45"}"#);
        assert_eq!(
            camcorder.shown(),
            Dimensions {
                width: 1024,
                height: 576
            }
        );
        let odd = stream(r#"{"width": 720, "height": 576, "sample_aspect_ratio": "0:1", "tags": {"rotate": "180"}}"#);
        assert_eq!(
            (odd.rotation(), odd.shown()),
            (
                180,
                Dimensions {
                    width: 720,
                    height: 576
                }
            )
        );
    }

    #[test]
    fn a_cover_is_no_video() {
        let answer = r#"{"streams": [{"index": 0, "codec_type": "audio", "codec_name": "mp3"},
            {"index": 1, "codec_type": "video", "codec_name": "mjpeg", "width": 500, "height": 500, "disposition": {"attached_pic": 1}}],
            "format": {"duration": "12.5", "tags": {"TITLE": "A song", "creation_time": "2024-05-12T10:11:12Z"}}}"#;
        let facts = facts(serde_json::from_str(answer).expect("an answer"));
        assert!(facts.video.is_none());
        assert_eq!(
            (facts.cover, facts.duration),
            (Some(1), Some(Duration::from_millis(12_500)))
        );
        assert_eq!(
            (facts.metadata.title.as_deref(), facts.metadata.taken),
            (Some("A song"), None)
        );
    }

    #[test]
    fn the_date_with_a_zone_goes_before_the_one_without() {
        let answer = r#"{"streams": [{"codec_type": "video", "width": 2, "height": 2}], "format": {"tags":
            {"creation_time": "2024-05-12T08:11:12.000000Z", "com.apple.quicktime.creationdate": "2024-05-12T10:11:12+0200"}}}"#;
        let taken = facts(serde_json::from_str(answer).expect("an answer"))
            .metadata
            .taken
            .expect("a date");
        assert_eq!(
            (taken.local_micros, taken.offset_minutes),
            (1_715_508_672_000_000, Some(120))
        );
        assert_eq!(taken.utc_micros(), Some(1_715_501_472_000_000));
    }
}
