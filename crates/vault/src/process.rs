//! Reading what is in a file and making its renditions. Each run does all of it or nothing, so that it can be repeated.

use crate::{Vault, VaultError, ingest};
use blob::Reader;
use domain::{
    Actor, BlobId, BlobRecord, Call, Camera, Description, Errand, JobId, MediaId, MediaKind, Position, Priority,
    ProcessMedia, RenditionKind, TakenSource, Title, can,
    policy::{ProcessVersion, RetryMedia},
};
use media::{FailureCode, Hints, Source};
use std::io;
use store::{NewRendition, Processed, VersionRow};

/// How a run ended that did not record a result.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Trouble of the machine: the same file may go through later.
    #[error("{0}")]
    Retry(String),
}

impl From<VaultError> for ProcessError {
    fn from(e: VaultError) -> Self {
        match e {
            VaultError::Internal(text) | VaultError::Unavailable(text) => Self::Retry(text),
            other => Self::Retry(other.to_string()),
        }
    }
}
impl From<store::StoreError> for ProcessError {
    fn from(e: store::StoreError) -> Self {
        VaultError::from(e).into()
    }
}

/// A stored original as decoders read it: plain only in memory, and only the ranges that they ask for.
struct Original(Reader);

impl Source for Original {
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buf).map_err(io::Error::other)
    }
}

/// Reads one version of an item. An item that was removed meanwhile needs nothing.
pub async fn process(vault: &Vault, job: ProcessMedia) -> Result<(), ProcessError> {
    let call = vault.errand(Errand::Processing);
    let actor = call.actor;
    let loaded = vault
        .store()
        .read::<_, VaultError>(move |tx| {
            let Some(facts) = tx.media_facts(job.media)? else {
                return Ok(None);
            };
            if !tx.is_current(job.media, job.version)? {
                return Ok(None);
            }
            let may = can::<ProcessVersion>(&actor, facts)?;
            let version = tx.original(&may)?;
            Ok(Some((may, version)))
        })
        .await?;
    let Some((may, version)) = loaded else { return Ok(()) };

    let (house, id) = (vault.clone(), vault.world().id::<BlobId>());
    let (version, made) = tokio::task::spawn_blocking(move || {
        let made = read_and_make(&house, &may, &version, id);
        (version, made)
    })
    .await
    .map_err(|e| ProcessError::Retry(e.to_string()))?;

    match made {
        Ok((found, pack)) => {
            let packed = pack.is_some();
            let kept = record(vault, call, &job, described(&version, found, pack)).await;
            if packed {
                put_away(vault, id, kept.is_ok()).await?;
            }
            kept
        }
        Err(failure) if failure.retry() => Err(ProcessError::Retry(failure.to_string())),
        Err(failure) => {
            if failure.code == FailureCode::ForbiddenAction {
                tracing::error!(event = "process.hostile_file", media = %job.media, detail = failure.detail);
            }
            give_up(vault, &job, failure.code.as_str(), &failure.detail).await
        }
    }
}

/// The packed renditions go to their place when a row names them, and away when none does.
async fn put_away(vault: &Vault, pack: BlobId, named: bool) -> Result<(), ProcessError> {
    let blobs = vault.blobs().clone();
    let put = move || if named { blobs.settle(pack) } else { blobs.discard(pack) };
    let put = tokio::task::spawn_blocking(put)
        .await
        .map_err(|e| ProcessError::Retry(e.to_string()))?;
    if let Err(error) = put {
        // Safe where it lies; the next start puts it in its place.
        tracing::warn!(event = "process.not_settled", blob = %pack, %error);
    }
    Ok(())
}

type Made = (media::Processed, Option<(BlobRecord, Vec<NewRendition>)>);

fn read_and_make(
    vault: &Vault,
    may: &domain::Allowed<ProcessVersion>,
    version: &VersionRow,
    pack: BlobId,
) -> Result<Made, media::Failure> {
    let trouble = |e: blob::BlobError| media::Failure {
        code: FailureCode::Io,
        detail: e.to_string(),
    };
    let original = match vault.blobs().reader(may, &version.blob) {
        Ok(reader) => Original(reader),
        Err(e) => return Err(trouble(e)),
    };
    let found = vault.decoders().process(&original, &Hints::default());
    // People look at the renditions. An import of a terabyte does not push everything else out of memory.
    original.0.let_go();
    let found = found?;
    if found.renditions.is_empty() {
        return Ok((found, None));
    }
    // One object for all renditions of a version, the smallest first: a thumb is one frame of it.
    let mut renditions: Vec<&media::Rendition> = found.renditions.iter().collect();
    renditions.sort_by_key(|r| r.bytes.len());
    let mut writer = vault.blobs().create(pack).map_err(trouble)?;
    let mut rows = vec![];
    for r in renditions {
        rows.push(NewRendition {
            kind: match r.kind {
                media::RenditionKind::Thumb => RenditionKind::Thumb,
                media::RenditionKind::Preview => RenditionKind::Preview,
            },
            byte_offset: writer.position(),
            byte_length: r.bytes.len() as u64,
            mime: r.mime.to_owned(),
            width: r.dimensions.width,
            height: r.dimensions.height,
        });
        writer.write(&r.bytes).map_err(trouble)?;
    }
    let record = writer.finish().map_err(trouble)?;
    Ok((found, Some((record, rows))))
}

/// In the words of the database. Capture time, in this order: EXIF, container, sidecar, file name, file time, upload; the last four were
/// decided when the file arrived and stay unless the file itself says better.
fn described(
    version: &VersionRow,
    found: media::Processed,
    pack: Option<(BlobRecord, Vec<NewRendition>)>,
) -> Processed {
    let sidecar: Option<media::Metadata> = version.sidecar.as_deref().and_then(|s| serde_json::from_str(s).ok());
    let file = found.metadata;
    let own = file.taken.as_ref().map(|t| {
        let source = match t.source {
            media::TakenSource::Exif => TakenSource::Exif,
            media::TakenSource::Container => TakenSource::Container,
            media::TakenSource::Sidecar => TakenSource::Sidecar,
            media::TakenSource::FileName => TakenSource::FileName,
            media::TakenSource::FileTime => TakenSource::FileTime,
        };
        ingest::taken(t, source)
    });
    let beside = sidecar.unwrap_or_default();
    let gps = file.gps.or(beside.gps);
    let words = |own: Option<String>, beside: Option<String>| own.or(beside).filter(|s| !s.trim().is_empty());
    Processed {
        kind: match found.kind {
            media::Kind::Photo => MediaKind::Photo,
            media::Kind::Video => MediaKind::Video,
            media::Kind::Audio => MediaKind::Audio,
        },
        mime: found.mime,
        width: found.dimensions.map(|d| d.width),
        height: found.dimensions.map(|d| d.height),
        duration_ms: found.duration_ms,
        taken: own,
        position: gps.and_then(|g| Position::new(g.latitude, g.longitude).ok()),
        camera: Camera {
            make: file.camera.make,
            model: file.camera.model,
            lens: file.camera.lens,
            iso: file.camera.iso.map(i64::from),
            aperture: file.camera.aperture,
            exposure_time: file.camera.exposure_time.as_deref().and_then(seconds),
            focal_length: file.camera.focal_length,
        },
        title: words(file.title, beside.title).as_deref().map(Title::clip),
        description: words(file.description, beside.description)
            .as_deref()
            .map(Description::clip),
        thumbhash: found.thumbhash,
        warning: found.warnings.into_iter().find_map(|warning| {
            let code = match warning.code {
                media::WarningCode::Damaged => "damaged",
                media::WarningCode::NoPreview => "no_preview",
                // Nothing of the picture is missing.
                media::WarningCode::ColourProfile => return None,
            };
            Some(domain::Failure {
                code: code.into(),
                detail: domain::plain(&warning.detail, domain::Lines::Removed),
            })
        }),
        pack,
    }
}

/// `1/250` or `0.8`, in seconds.
fn seconds(text: &str) -> Option<f64> {
    let value = match text.split_once('/') {
        Some((n, d)) => n.trim().parse::<f64>().ok()? / d.trim().parse::<f64>().ok()?,
        None => text.trim().parse().ok()?,
    };
    (value.is_finite() && value > 0.0).then_some(value)
}

async fn record(vault: &Vault, call: Call, job: &ProcessMedia, found: Processed) -> Result<(), ProcessError> {
    let job = job.clone();
    vault
        .store()
        .write(move |tx| {
            let Some(facts) = tx.media_to_change(job.media)? else {
                return Err(ProcessError::Retry("the item was removed meanwhile".into()));
            };
            let may = can::<ProcessVersion>(&call.actor, facts).map_err(VaultError::from)?;
            tx.record_processed(&may, job.version, &found, call.now)?;
            // Nobody is accountable for reading a file; its upload was recorded.
            Ok(tx.unaudited(()))
        })
        .await
}

/// Reads again what failed because a program was not installed, once all of them are. A worker does so when it starts: whoever
/// installs one starts the server anew.
pub async fn read_again_what_lacked_a_program(vault: &Vault) -> Result<u64, VaultError> {
    const CODE: &str = "decoder_missing";
    const PORTION: u32 = 200;
    let some = vault
        .store()
        .read::<_, VaultError>(|tx| Ok(tx.failed_with(CODE, MediaId(uuid::Uuid::nil()), 1)?))
        .await?;
    if some.is_empty() {
        return Ok(0);
    }
    let house = vault.clone();
    let tools = tokio::task::spawn_blocking(move || house.decoders().check()).await?;
    if tools
        .iter()
        .any(|tool| matches!(tool.state, media::ToolState::Missing(_)))
    {
        return Ok(0);
    }
    let (mut count, mut after) = (0, MediaId(uuid::Uuid::nil()));
    loop {
        let call = vault.errand(Errand::Processing);
        let jobs: Vec<JobId> = (0..PORTION).map(|_| vault.world().id()).collect();
        let last = vault
            .store()
            .write::<_, VaultError>(move |tx| {
                let ids = tx.failed_with(CODE, after, PORTION)?;
                for (id, job) in ids.iter().zip(jobs) {
                    let Some(facts) = tx.media_to_change(*id)? else {
                        continue;
                    };
                    let may = can::<RetryMedia>(&call.actor, facts)?;
                    tx.retry_media(&may, job, Priority::Bulk, call.now)?;
                }
                Ok(tx.unaudited(ids.last().map(|last| (*last, ids.len() as u64))))
            })
            .await?;
        let Some((last, more)) = last else { break };
        after = last;
        count += more;
    }
    tracing::info!(event = "process.read_again", items = count, why = CODE);
    Ok(count)
}

/// Records that a file cannot be shown, and why. Its original stays.
pub async fn give_up(vault: &Vault, job: &ProcessMedia, code: &str, detail: &str) -> Result<(), ProcessError> {
    let now = vault.world().now();
    let failure = domain::Failure {
        code: code.into(),
        detail: domain::plain(detail, domain::Lines::Removed),
    };
    tracing::warn!(event = "process.failed", media = %job.media, code = failure.code, detail = failure.detail);
    let job = job.clone();
    vault
        .store()
        .write(move |tx| {
            let Some(facts) = tx.media_to_change(job.media)? else {
                return Ok(tx.unaudited(()));
            };
            if !tx.is_current(job.media, job.version)? {
                return Ok(tx.unaudited(()));
            }
            let may = can::<ProcessVersion>(&Actor::System(Errand::Processing), facts).map_err(VaultError::from)?;
            tx.record_failure(&may, job.version, &failure, now)?;
            Ok(tx.unaudited(()))
        })
        .await
}
