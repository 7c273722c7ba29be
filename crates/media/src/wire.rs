//! What the parent and a decoder child say to each other: framed JSON over a socket; bulk in anonymous memory.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bmff::Colours;
use crate::failure::Failure;
use crate::sandbox::Limits;
use crate::sniff::Format;
use crate::types::{Dimensions, Metadata, RenditionKind, Warning};

/// A message is metadata, at most some ten kilobytes; a longer one comes from a child that was taken over.
const MAX_MESSAGE: usize = 4 << 20;

/// How a decoder child is set up; goes into its command line.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    pub(crate) max_pixels: u64,
    /// Whether [`Job::Act`] exists.
    pub(crate) test_acts: bool,
}

/// One item for a decoder child; the input and output memory come along as handles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) job: Job,
    /// How many bytes of the input memory are the file.
    pub(crate) len: u64,
}

/// What to do with an item.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Metadata and renditions of a picture.
    Develop { format: Format },
    /// Metadata and dimensions only: another decoder makes the pixels.
    Inspect { format: Format },
    /// Renditions of what another decoder made: an upright PNG, in these colours unless it has an ICC profile.
    Finish { colours: Colours },
    /// What a decoder that was taken over might do; for tests of the sandbox.
    Act(TestAct),
}

/// What a decoder child can be made to do to try the sandbox, if [`crate::Settings::test_acts`] is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TestAct {
    /// Compute for ever.
    Loop,
    /// Wait for ever without computing.
    Hang,
    /// Take 10 GB of memory.
    Allocate,
    /// Open `/etc/hostname`.
    OpenFile,
    /// Open a network socket.
    OpenSocket,
    /// Start `/bin/true`.
    StartProgram,
    /// Write more than the output may hold.
    FillOutput,
    /// Panic.
    Panic,
    /// Answer with something that is no picture.
    Lie,
}

/// What a decoder child found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) dimensions: Option<Dimensions>,
    pub(crate) metadata: Metadata,
    pub(crate) colours: Colours,
    pub(crate) thumbhash: Option<Vec<u8>>,
    /// They lie behind each other in the output memory.
    pub(crate) renditions: Vec<RenditionHead>,
    pub(crate) warnings: Vec<Warning>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct RenditionHead {
    pub(crate) kind: RenditionKind,
    pub(crate) dimensions: Dimensions,
    pub(crate) len: usize,
}

pub(crate) type Answer = Result<Report, Failure>;

/// Sends one message and up to two handles.
pub(crate) fn send<T: Serialize>(socket: &UnixStream, message: &T, handles: &[BorrowedFd<'_>]) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let len = u32::try_from(body.len()).map_err(io::Error::other)?.to_le_bytes();
    if handles.is_empty() {
        write_all(socket, &len)?;
    } else {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(2))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(handles)) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "too many handles for one message",
            ));
        }
        // Four bytes always fit into an empty socket buffer: no partial send. NOSIGNAL: a dead child is an error, not
        // the end of the server.
        while let Err(error) = sendmsg(socket, &[IoSlice::new(&len)], &mut control, SendFlags::NOSIGNAL) {
            if error != rustix::io::Errno::INTR {
                return Err(error.into());
            }
        }
    }
    write_all(socket, &body)
}

/// Receives one message and its handles; `None` when the other side is gone.
///
/// Fails with `TimedOut` or `WouldBlock` at `deadline`, however slowly the other side sends.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: &UnixStream,
    deadline: Option<Instant>,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut len = [0; 4];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    // A read with a time limit is interrupted by any signal, SIGCHLD included: that says nothing about the child.
    let got = loop {
        wait_until(socket, deadline)?;
        match recvmsg(
            socket.as_fd(),
            &mut [IoSliceMut::new(&mut len)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        ) {
            Ok(message) => break message.bytes,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    let mut handles = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(found) = message {
            handles.extend(found);
        }
    }
    if got == 0 {
        return Ok(None);
    }
    read_exact(socket, &mut len[got..], deadline)?;
    let len = usize::try_from(u32::from_le_bytes(len)).map_err(io::Error::other)?;
    if len > MAX_MESSAGE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message is too long"));
    }
    let mut body = vec![0; len];
    read_exact(socket, &mut body, deadline)?;
    Ok(Some((serde_json::from_slice(&body)?, handles)))
}

/// Plain `write`: a decoder child may write to what it has, but it may not `send`.
fn write_all(socket: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(socket, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Bounds the next read. A decoder child waits for as long as it takes, and may not change its socket.
fn wait_until(socket: &UnixStream, deadline: Option<Instant>) -> io::Result<()> {
    let Some(deadline) = deadline else { return Ok(()) };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    socket.set_read_timeout(Some(left))
}

fn read_exact(socket: &UnixStream, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        wait_until(socket, deadline)?;
        match rustix::io::read(socket, &mut buffer[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
