//! From what children and tools say to what the caller gets.

use super::pictures::Outcome;
use crate::sniff::Format;
use crate::types::Processed;

/// A picture. The child's texts are cleaned once more, for it may have been taken over.
pub(super) fn processed(format: Format, outcome: Outcome) -> Processed {
    let Outcome { report, renditions } = outcome;
    let mut metadata = report.metadata;
    metadata.clean();
    Processed {
        kind: format.kind(),
        mime: format.mime().to_owned(),
        dimensions: report.dimensions,
        duration_ms: None,
        metadata,
        thumbhash: report.thumbhash.filter(|hash| hash.len() <= 64),
        renditions,
        warnings: report.warnings,
        active_content: false,
    }
}
