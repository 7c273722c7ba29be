//! Bytes from a connection into a sealed object. The network waits on one side, the disk on a thread of its own on the other.

use crate::{Vault, VaultError, ingest};
use blob::{BlobError, Blobs, Writer};
use bytes::Bytes;
use domain::{BlobId, BlobRecord};
use futures_util::{Stream, StreamExt};
use media::Type;
use std::{io, pin::Pin};
use tokio::sync::mpsc;

/// The bytes of a request as they arrive.
pub struct Body(Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>);

impl Body {
    /// Wraps a stream. An error in it means that the connection ended.
    pub fn new(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }
    /// No bytes.
    pub fn empty() -> Self {
        Self::new(futures_util::stream::empty())
    }
}

/// Checks one part of an upload against the checksum that came with it.
pub trait PartCheck: Send {
    /// Takes the next bytes.
    fn update(&mut self, bytes: &[u8]);
    /// Whether all bytes together are what was announced.
    fn matches(self: Box<Self>) -> bool;
}

/// What is received, and to where.
pub(super) struct Receive {
    pub blob: BlobId,
    /// Where the part begins.
    pub offset: u64,
    /// How many bytes the whole has.
    pub size: u64,
    pub file_name: String,
    pub check: Option<Box<dyn PartCheck>>,
}

/// How a part ended.
pub(super) enum Ended {
    /// More is to come.
    Partly { offset: u64 },
    /// It was the last; the object is durable. The type is known when the first bytes came with this part.
    Whole { record: BlobRecord, found: Option<Type> },
}

enum Piece {
    Bytes(Bytes),
    /// The body ended as it should. Without it the connection was cut.
    End,
}

/// Bytes that are handed over at once. Browsers send 16 KiB at a time; waking the other side for each would cost more than
/// writing it.
const BATCH: usize = 128 << 10;
/// Batches that wait between network and disk.
const WAITING: usize = 4;

/// How many bytes of an object are here.
pub(super) async fn received(vault: &Vault, blob: BlobId) -> Result<u64, VaultError> {
    let blobs = vault.blobs().clone();
    Ok(tokio::task::spawn_blocking(move || blobs.received(blob))
        .await??
        .unwrap_or(0))
}

/// Takes a part of an upload.
pub(super) async fn parts(vault: &Vault, receive: Receive, body: Body) -> Result<Ended, VaultError> {
    let blobs = vault.blobs().clone();
    let (pieces, arriving) = Arriving::channel();
    let writing = tokio::task::spawn_blocking(move || write_part(&blobs, receive, arriving));
    feed(body, pieces).await;
    writing.await?
}

/// Where a whole file comes from.
pub(super) enum Incoming {
    /// A connection.
    Body(Body),
    /// Something that is waited for on a thread of its own.
    Reader(Box<dyn io::Read + Send>),
}

/// Takes a whole file.
pub(super) async fn whole(
    vault: &Vault,
    receive: Receive,
    incoming: Incoming,
    limit: u64,
) -> Result<(BlobRecord, Type), VaultError> {
    let blobs = vault.blobs().clone();
    let body = match incoming {
        Incoming::Body(body) => body,
        Incoming::Reader(mut reader) => {
            let reading = move || read_whole(&blobs, &receive, &mut *reader, limit);
            return tokio::task::spawn_blocking(reading).await?;
        }
    };
    let (pieces, arriving) = Arriving::channel();
    let writing = tokio::task::spawn_blocking(move || write_whole(&blobs, &receive, arriving, limit));
    feed(body, pieces).await;
    writing.await?
}

/// Hands the body on. When the writing side gave up, the rest is not read.
async fn feed(mut body: Body, pieces: mpsc::Sender<Vec<Piece>>) {
    let mut batch = vec![];
    let mut gathered = 0;
    while let Some(piece) = body.0.next().await {
        let Ok(bytes) = piece else {
            // What arrived before the cut is kept.
            drop(pieces.send(batch).await);
            return;
        };
        gathered += bytes.len();
        batch.push(Piece::Bytes(bytes));
        if gathered >= BATCH {
            gathered = 0;
            if pieces.send(std::mem::take(&mut batch)).await.is_err() {
                return;
            }
        }
    }
    batch.push(Piece::End);
    // The writing side may be done already; then there is nobody to tell.
    drop(pieces.send(batch).await);
}

/// The pieces of a body, one after the other.
struct Arriving {
    batches: mpsc::Receiver<Vec<Piece>>,
    batch: std::vec::IntoIter<Piece>,
}

impl Arriving {
    fn channel() -> (mpsc::Sender<Vec<Piece>>, Self) {
        let (pieces, batches) = mpsc::channel(WAITING);
        let batch = vec![].into_iter();
        (pieces, Self { batches, batch })
    }
    /// Waits for the next; `None` when the connection was cut.
    fn blocking_next(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.batch.next() {
                return Some(piece);
            }
            self.batch = self.batches.blocking_recv()?.into_iter();
        }
    }
}

/// Looks at the first bytes of a file before it is taken.
struct Head {
    bytes: Vec<u8>,
    found: Option<Type>,
}

impl Head {
    fn take(&mut self, bytes: &[u8], file_name: &str) -> Result<(), VaultError> {
        if self.found.is_none() && self.bytes.len() < ingest::HEAD {
            let room = ingest::HEAD - self.bytes.len();
            self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if self.bytes.len() == ingest::HEAD {
                self.found = Some(ingest::sniff(&self.bytes, file_name)?);
                self.bytes = vec![];
            }
        }
        Ok(())
    }
    fn end(self, file_name: &str) -> Result<Type, VaultError> {
        self.found.map_or_else(|| ingest::sniff(&self.bytes, file_name), Ok)
    }
}

fn write_part(blobs: &Blobs, mut receive: Receive, mut arriving: Arriving) -> Result<Ended, VaultError> {
    let mut writer = match blobs.resume(receive.blob) {
        Err(BlobError::Missing { .. }) => blobs.create(receive.blob)?,
        other => other?,
    };
    let start = writer.position();
    if start != receive.offset {
        writer.park()?;
        return Err(VaultError::WrongOffset { expected: start });
    }
    let mut head = Head {
        bytes: vec![],
        found: None,
    };
    let mut ended = false;
    while let Some(piece) = arriving.blocking_next() {
        let bytes = match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::End => {
                ended = true;
                break;
            }
        };
        if writer.position() + bytes.len() as u64 > receive.size {
            undo(writer, start)?;
            return Err(VaultError::TooMuch { size: receive.size });
        }
        if start == 0
            && let Err(refused) = head.take(&bytes, &receive.file_name)
        {
            undo(writer, start)?;
            return Err(refused);
        }
        if let Some(check) = &mut receive.check {
            check.update(&bytes);
        }
        writer.write(&bytes)?;
    }
    if let Some(check) = receive.check.filter(|_| ended)
        && !check.matches()
    {
        undo(writer, start)?;
        return Err(VaultError::ChecksumMismatch);
    }
    let offset = writer.position();
    if offset < receive.size {
        writer.park()?;
        return if ended {
            Ok(Ended::Partly { offset })
        } else {
            Err(VaultError::Interrupted)
        };
    }
    let found = if start == 0 {
        Some(head.end(&receive.file_name)?)
    } else {
        None
    };
    Ok(Ended::Whole {
        record: writer.finish()?,
        found,
    })
}

fn undo(mut writer: Writer, start: u64) -> Result<(), VaultError> {
    writer.rollback_to(start)?;
    writer.park()?;
    Ok(())
}

fn write_whole(
    blobs: &Blobs,
    receive: &Receive,
    mut arriving: Arriving,
    limit: u64,
) -> Result<(BlobRecord, Type), VaultError> {
    let mut writer = blobs.create(receive.blob)?;
    let mut head = Head {
        bytes: vec![],
        found: None,
    };
    loop {
        match arriving.blocking_next() {
            Some(Piece::Bytes(bytes)) => {
                if writer.position() + bytes.len() as u64 > limit {
                    return Err(VaultError::TooLarge { limit });
                }
                head.take(&bytes, &receive.file_name)?;
                writer.write(&bytes)?;
            }
            Some(Piece::End) => break,
            None => return Err(VaultError::Interrupted),
        }
    }
    let found = head.end(&receive.file_name)?;
    Ok((writer.finish()?, found))
}

/// As much as the object store seals at a time.
const PIECE: usize = 256 * 1024;

fn read_whole(
    blobs: &Blobs,
    receive: &Receive,
    reader: &mut dyn io::Read,
    limit: u64,
) -> Result<(BlobRecord, Type), VaultError> {
    let mut writer = blobs.create(receive.blob)?;
    let mut head = Head {
        bytes: vec![],
        found: None,
    };
    let mut piece = vec![0; PIECE];
    loop {
        let n = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(VaultError::Interrupted),
        };
        if writer.position() + n as u64 > limit {
            return Err(VaultError::TooLarge { limit });
        }
        head.take(&piece[..n], &receive.file_name)?;
        writer.write(&piece[..n])?;
    }
    let found = head.end(&receive.file_name)?;
    Ok((writer.finish()?, found))
}
