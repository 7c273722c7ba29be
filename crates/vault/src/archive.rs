//! Many originals as one file, written while it is sent: nothing is stored for it, and nothing is compressed, because photos
//! and videos are already.

use crate::{Vault, VaultError, content};
use bytes::Bytes;
use domain::{
    At, Call, DownloadId, MediaId, UserId, can,
    policy::{DownloadLibrary, DownloadMedia, LibraryFacts},
};
use std::{
    collections::HashSet,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{runtime::Handle, sync::mpsc, time::timeout};
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// How long one that was asked for can be begun, in microseconds.
const LIFETIME: i64 = 10 * At::MINUTE;
/// How long a reader may take nothing before the file is given up: a waiting one holds a thread.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that are read and sent at once.
const PIECE: usize = 256 * 1024;

/// Somewhere to get many originals as one file.
#[derive(Debug, Clone, Copy)]
pub struct Prepared {
    /// Its id.
    pub id: DownloadId,
    /// Until when it can be begun.
    pub expires_at: At,
}

fn library(owner: UserId) -> LibraryFacts {
    LibraryFacts { owner, receiving: None }
}

/// Keeps which items are wanted, if all of them may be had.
pub async fn prepare(vault: &Vault, call: Call, mut ids: Vec<MediaId>) -> Result<Prepared, VaultError> {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let owner = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    let prepared = Prepared {
        id: vault.world().id(),
        expires_at: call.now.plus(LIFETIME),
    };
    let asked = call.clone();
    // Thousands of looks are no reason to keep those waiting who change something; each item is decided again when it is packed.
    let ids = vault
        .store()
        .read::<_, VaultError>(move |tx| {
            for id in &ids {
                can::<DownloadMedia>(&asked.actor, tx.media_facts(*id)?.ok_or(VaultError::NotFound)?)?;
            }
            Ok(ids)
        })
        .await?;
    vault
        .store()
        .write(move |tx| {
            let may = can::<DownloadLibrary>(&call.actor, library(owner))?;
            tx.create_download(&may, prepared.id, &ids, prepared.expires_at)?;
            Ok(tx.unaudited(prepared))
        })
        .await
}

/// Begins to write it. The pieces come through the channel; one that is an error ends it, and the file is then not whole.
pub async fn begin(vault: &Vault, call: Call, id: DownloadId) -> Result<mpsc::Receiver<io::Result<Bytes>>, VaultError> {
    let asked = call.clone();
    let ids = vault
        .store()
        .read::<_, VaultError>(move |tx| {
            let owner = tx.download_owner(id, asked.now)?.ok_or(VaultError::NotFound)?;
            let may = can::<DownloadLibrary>(&asked.actor, library(owner))?;
            Ok(tx.download(&may, id)?)
        })
        .await?;
    // Two pieces wait for a slow reader, and no more.
    let (out, pieces) = mpsc::channel(2);
    let house = vault.clone();
    tokio::spawn(async move {
        let pipe = Pipe {
            runtime: Handle::current(),
            cut: Arc::default(),
            out: out.clone(),
            piece: Vec::with_capacity(PIECE),
        };
        if let Err(error) = pack(&house, call, ids, pipe).await {
            tracing::warn!(event = "download.cut", download = %id, %error);
            // The reader may have gone; then there is nobody to tell.
            drop(out.send(Err(error)).await);
        }
    });
    Ok(pieces)
}

/// `cut` is set before a writer that failed is dropped: it would write a table of contents, and the part would look whole.
async fn pack(vault: &Vault, call: Call, ids: Vec<MediaId>, pipe: Pipe) -> io::Result<()> {
    let cut = pipe.cut.clone();
    let mut zip = ZipWriter::new_stream(pipe);
    let mut taken = HashSet::new();
    for id in ids {
        let found = match content::original(vault, call.clone(), id).await {
            Ok(found) => found,
            // Removed since it was asked for.
            Err(VaultError::NotFound) => continue,
            Err(error) => {
                cut.store(true, Ordering::SeqCst);
                return Err(io::Error::other(error));
            }
        };
        let name = free_name(&found.file_name, &mut taken);
        let ending = cut.clone();
        zip = tokio::task::spawn_blocking(move || {
            pack_one(&mut zip, name, &found).inspect_err(|_| ending.store(true, Ordering::SeqCst))?;
            Ok::<_, io::Error>(zip)
        })
        .await
        .map_err(io::Error::other)??;
    }
    let ending = cut.clone();
    tokio::task::spawn_blocking(move || {
        let finished = zip.finish().map_err(io::Error::other);
        let flushed = finished.and_then(|stream| stream.into_inner().flush());
        flushed.inspect_err(|_| ending.store(true, Ordering::SeqCst))
    })
    .await
    .map_err(io::Error::other)?
}

fn pack_one(zip: &mut ZipWriter<StreamWriter<Pipe>>, name: String, found: &content::Content) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(found.len() >= u64::from(u32::MAX));
    zip.start_file(name, options).map_err(io::Error::other)?;
    let (mut at, mut piece) = (0, vec![0; PIECE]);
    while at < found.len() {
        let read = found.read_at(at, &mut piece).map_err(io::Error::other)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        zip.write_all(&piece[..read])?;
        at += read as u64;
    }
    Ok(())
}

/// `a.jpg`, `a (2).jpg`, `a (3).jpg`: no two files of one archive have one name, in whatever case.
fn free_name(name: &str, taken: &mut HashSet<String>) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut free = name.to_owned();
    let mut number = 1;
    while !taken.insert(free.to_lowercase()) {
        number += 1;
        free = format!("{stem} ({number}){extension}");
    }
    free
}

/// Gathers what is written into pieces and sends them on.
struct Pipe {
    runtime: Handle,
    /// Nothing more is written.
    cut: Arc<AtomicBool>,
    out: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        // Only ever called on a thread where blocking is allowed.
        let sent = timeout(PATIENCE, self.out.send(Ok(piece.into())));
        match self.runtime.block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the reader has gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the reader takes nothing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_files_have_one_name() {
        let mut taken = HashSet::new();
        let mut name = |n: &str| free_name(n, &mut taken);
        assert_eq!(name("a.jpg"), "a.jpg");
        assert_eq!(name("A.JPG"), "A (2).JPG");
        assert_eq!(name("a (2).jpg"), "a (2) (2).jpg");
        assert_eq!(name("a.jpg"), "a (3).jpg");
        assert_eq!(
            (name(".hidden"), name(".hidden")),
            (".hidden".into(), ".hidden (2)".into())
        );
    }
}
