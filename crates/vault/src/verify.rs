//! Whether everything that was acknowledged is there and is what it was: every object opened whole, no orphan, none missing.

use crate::{Vault, VaultError};
use domain::{
    BlobId, Errand, can,
    policy::{InstallationFacts, VerifyStorage},
};
use serde::Serialize;
use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
};
use store::Verification;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The object.
    pub object: String,
    /// `missing`, `damaged`, `orphan` or `unexamined`.
    pub kind: &'static str,
    /// Plain words.
    pub detail: String,
    /// The file names of the items that it belongs to.
    pub files: Vec<String>,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Objects opened whole.
    pub objects: u64,
    /// Their stored bytes.
    pub bytes: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Objects done.
    pub objects: u64,
    /// Of so many.
    pub of: u64,
    /// Bytes done.
    pub bytes: u64,
    /// Of so many.
    pub of_bytes: u64,
}

const PORTION: u32 = 256;
fn proof(vault: &Vault) -> Result<domain::Allowed<VerifyStorage>, VaultError> {
    let call = vault.errand(Errand::Verification);
    Ok(can::<VerifyStorage>(
        &call.actor,
        InstallationFacts { has_users: true },
    )?)
}

/// Opens every object and compares rows and store in both directions.
pub async fn verify(vault: &Vault, mut step: impl FnMut(Step)) -> Result<Report, VaultError> {
    let may = proof(vault)?;
    let (of, of_bytes) = vault
        .store()
        .read::<_, VaultError>(move |tx| Ok(tx.blob_totals(&may)?))
        .await?;
    let mut report = Report::default();
    let mut after = BlobId(uuid::Uuid::nil());
    let mut known: HashSet<BlobId> = HashSet::new();
    loop {
        let may = proof(vault)?;
        let rows = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.blobs(&may, after, PORTION)?))
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        known.extend(rows.iter().map(|r| r.id));
        let bytes: u64 = rows.iter().map(|r| r.stored_size).sum();
        let count = rows.len() as u64;
        let house = vault.clone();
        let (good, bad) = tokio::task::spawn_blocking(move || open_all(&house, &rows)).await??;
        for (id, damage) in bad {
            let may = proof(vault)?;
            let files = vault
                .store()
                .read::<_, VaultError>(move |tx| Ok(tx.names_of_blob(&may, id)?))
                .await?;
            let kind = match damage {
                blob::Damage::Missing { .. } => "missing",
                blob::Damage::Damaged { .. } => "damaged",
                blob::Damage::Unexamined(_) => "unexamined",
            };
            let detail = match &damage {
                blob::Damage::Unexamined(why) => format!("{damage}: {why}"),
                other => other.to_string(),
            };
            report.findings.push(Finding {
                object: id.to_string(),
                kind,
                detail,
                files,
            });
        }
        let (may, now) = (proof(vault)?, vault.world().now());
        vault
            .store()
            .write::<_, VaultError>(move |tx| {
                tx.mark_verified(&may, &good, now)?;
                Ok(tx.unaudited(()))
            })
            .await?;
        report.objects += count;
        report.bytes += bytes;
        step(Step {
            objects: report.objects,
            of,
            bytes: report.bytes,
            of_bytes,
        });
    }
    orphans(vault, &known, &mut report).await?;
    let found = Verification {
        at: vault.world().now(),
        objects: report.objects,
        problems: report.findings.len() as u64,
    };
    let may = proof(vault)?;
    vault
        .store()
        .write::<_, VaultError>(move |tx| {
            tx.record_verification(&may, &found)?;
            Ok(tx.unaudited(()))
        })
        .await?;
    Ok(report)
}

type Opened = (Vec<BlobId>, Vec<(BlobId, blob::Damage)>);

/// Opens objects on two threads: hashing keeps a core busy, and the disk has time for another.
fn open_all(vault: &Vault, rows: &[domain::BlobRecord]) -> Result<Opened, VaultError> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Opened, VaultError> {
        let may = proof(vault)?;
        let (mut good, mut bad) = (vec![], vec![]);
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            match vault.blobs().verify(&may, row) {
                Ok(()) => good.push(row.id),
                Err(damage) => bad.push((row.id, damage)),
            }
        }
        Ok((good, bad))
    };
    let parts = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.map(|t| {
            t.join()
                .unwrap_or_else(|_| Err(VaultError::Internal("a verifying thread failed".into())))
        })
    });
    let mut all = (vec![], vec![]);
    for part in parts {
        let (good, bad) = part?;
        all.0.extend(good);
        all.1.extend(bad);
    }
    Ok(all)
}

/// Objects that no row names. One that was stored since the rows were read is asked for once more.
async fn orphans(vault: &Vault, known: &HashSet<BlobId>, report: &mut Report) -> Result<(), VaultError> {
    let may = proof(vault)?;
    let blobs = vault.blobs().clone();
    let stored = tokio::task::spawn_blocking(move || blobs.stored(&may).collect::<Vec<_>>()).await?;
    for object in stored {
        let object = match object {
            Ok(object) => object,
            Err(error) => {
                report.findings.push(Finding {
                    object: String::new(),
                    kind: "orphan",
                    detail: error.to_string(),
                    files: vec![],
                });
                continue;
            }
        };
        let id = object.id;
        if known.contains(&id)
            || vault
                .store()
                .read::<_, VaultError>(move |tx| Ok(tx.has_blob(id)?))
                .await?
        {
            continue;
        }
        let detail = format!("object {id} ({} bytes) belongs to nothing", object.size);
        report.findings.push(Finding {
            object: id.to_string(),
            kind: "orphan",
            detail,
            files: vec![],
        });
    }
    Ok(())
}
