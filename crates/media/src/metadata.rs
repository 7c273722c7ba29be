//! What a file says about itself: finds the EXIF, XMP and IPTC blocks of each format and reads them.
//!
//! Order of belief: EXIF, then XMP, then IPTC for the date and numbers; XMP, then IPTC, then EXIF for texts, because
//! people edit texts with programs that write XMP.

mod exif;
pub(crate) mod file_name;
mod gather;
mod iptc;
pub mod sidecar;
pub(crate) mod text;
mod xmp;

use crate::bmff::{self, Colours};
use crate::header::header_dimensions;
use crate::raw;
use crate::sniff::Format;
use crate::types::Metadata;
use crate::wire::Report;

pub(crate) use gather::{Blocks, blocks};

/// Keywords beyond this are left out.
const MAX_KEYWORDS: usize = 256;

/// Reads everything about a picture but its pixels. The dimensions are those that the file itself vouches for as
/// shown (HEIF, raw); others are known once it is decoded.
pub(crate) fn inspect(format: Format, data: &[u8]) -> Report {
    let blocks = gather::blocks(format, data);
    let metadata = read(&blocks);
    let dimensions = match format {
        Format::Heic | Format::Avif => header_dimensions(format, data),
        _ if format.is_raw() => raw::dimensions(format, data, metadata.orientation.unwrap_or(1)),
        _ => None,
    };
    let colours = match format {
        Format::Heic | Format::Avif => bmff::heif(data).unwrap_or_default().colours,
        _ => Colours::default(),
    };
    Report {
        dimensions,
        metadata,
        colours,
        ..Report::default()
    }
}

/// Reads the blocks and merges what they say.
pub(crate) fn read(blocks: &Blocks<'_>) -> Metadata {
    let mut found = Metadata::default();
    for block in &blocks.exif {
        exif::read(block, &mut found);
    }
    let exif_description = found.description.take();
    let exif_title = found.title.take();
    if let Some(packet) = blocks.xmp {
        xmp::read(packet, &mut found);
    }
    if let Some(records) = blocks.iptc {
        iptc::read(records, &mut found);
    }
    found.description = found.description.or(exif_description);
    found.title = found.title.or(exif_title);
    found.motion_photo |= blocks.motion_trailer;
    found.clean();
    found
}

impl Metadata {
    /// Makes every text presentable and every number finite. Whoever reads metadata calls this last.
    pub(crate) fn clean(&mut self) {
        self.title = self.title.take().and_then(|title| text::line(&title));
        self.description = self
            .description
            .take()
            .and_then(|description| text::paragraph(&description));
        let mut seen = std::collections::HashSet::new();
        self.keywords = std::mem::take(&mut self.keywords)
            .iter()
            .filter_map(|keyword| text::line(keyword))
            .filter(|keyword| seen.insert(keyword.clone()))
            .take(MAX_KEYWORDS)
            .collect();
        for field in [
            &mut self.camera.make,
            &mut self.camera.model,
            &mut self.camera.lens,
            &mut self.camera.exposure_time,
            &mut self.content_identifier,
        ] {
            *field = field.take().and_then(|value| text::line(&value));
        }
        self.gps = self
            .gps
            .and_then(|gps| crate::types::Gps::new(gps.latitude, gps.longitude));
        for number in [&mut self.camera.aperture, &mut self.camera.focal_length] {
            *number = number.filter(|value| value.is_finite() && *value > 0.0 && *value < 100_000.0);
        }
        self.rating = self.rating.filter(|stars| (-1..=5).contains(stars) && *stars != 0);
        self.orientation = self.orientation.filter(|value| (1..=8).contains(value));
    }
}
