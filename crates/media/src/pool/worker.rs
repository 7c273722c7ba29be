//! One decoder child, seen from the parent.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::spawner::Spawner;
use super::verdict::{self, Death};
use super::{Settings, verdict::Ending};
use crate::child::SERVE;
use crate::failure::Failure;
use crate::memory;
use crate::source::Source;
use crate::wire::{self, Answer, Item, Job, Report};

/// How much of a dead child's last words is read.
const LAST_WORDS: u64 = 16 * 1024;

/// Where an item is.
pub(super) enum Input<'a> {
    /// In memory that is sealed.
    Memory(&'a File),
    /// At its source; at most [`super::desk::LARGEST`] bytes.
    Source(&'a dyn Source),
}

pub(super) struct Worker {
    process: Child,
    socket: UnixStream,
    words: File,
    desk: Desk,
    served: u32,
    wall_limit: Duration,
}

impl Worker {
    pub(super) fn start(settings: &Settings, spawner: &Spawner) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io("A decoder could not be started", error);
        let (socket, theirs) = UnixStream::pair().map_err(failed)?;
        let words = memory::anonymous("decoder-words").map_err(failed)?;
        let desk = Desk::new().map_err(failed)?;
        let setup = serde_json::to_string(&settings.setup()).map_err(|error| failed(error.into()))?;
        let mut command = Command::new(&settings.command);
        command
            .args(&settings.args)
            .arg(SERVE)
            .arg(setup)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(words.try_clone().map_err(failed)?));
        let process = spawner.spawn(command).map_err(failed)?;
        Ok(Self {
            process,
            socket,
            words,
            desk,
            served: 0,
            wall_limit: settings.wall_limit,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn served(&self) -> u32 {
        self.served
    }

    /// Hands one item to the child. `Err` means that the child is gone and why; the inner result is its own answer, or that the
    /// file could not be read.
    pub(super) fn ask(mut self, job: Job, input: &Input<'_>, output: &File) -> Result<(Self, Answer), Failure> {
        let laid = match *input {
            Input::Memory(memory) => memory.metadata().map(|known| (memory, known.len())),
            Input::Source(source) => self.desk.lay(source).map(|handle| (handle, source.len())),
        };
        let (memory, len) = match laid {
            Ok(laid) => laid,
            Err(error) => return Ok((self, Err(Failure::io("Reading the file failed", error)))),
        };
        if let Err(error) = wire::send(&self.socket, &Item { job, len }, &[memory.as_fd(), output.as_fd()]) {
            // It ended while it waited: the item has nothing to do with it.
            return Err(Failure::io("A decoder had ended", error));
        }
        match self.receive() {
            Ok(Some(answer)) => {
                self.served += 1;
                Ok((self, answer))
            }
            Ok(None) => Err(self.died(Ending::ByItself)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(self.died(Ending::OutOfTime))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(self.died(Ending::Nonsense)),
            Err(_) => Err(self.died(Ending::ByItself)),
        }
    }

    fn receive(&self) -> io::Result<Option<Result<Report, Failure>>> {
        let deadline = Instant::now() + self.wall_limit;
        Ok(wire::receive(&self.socket, Some(deadline))?.map(|(answer, _handles)| answer))
    }

    /// Ends the child if it still lives, and says what happened.
    fn died(mut self, ending: Ending) -> Failure {
        let status = match ending {
            // Its socket is closed: it has ended or is about to.
            Ending::ByItself => wait(&mut self.process, Duration::from_secs(2)),
            Ending::OutOfTime | Ending::Nonsense => None,
        };
        if status.is_none() {
            // How it ends now is our doing and says nothing about it.
            end(&mut self.process);
        }
        let words = memory::read_all(&self.words, LAST_WORDS).unwrap_or_default();
        let death = Death {
            ending,
            signal: status.and_then(|status| status.signal()),
            code: status.and_then(|status| status.code()),
            words: &String::from_utf8_lossy(&words),
        };
        let failure = verdict::of_decoder(&death);
        tracing::warn!(
            child = self.process.id(),
            code = failure.code.as_str(),
            detail = failure.detail,
            signal = death.signal,
            exit = death.code,
            last_words = death.words.trim(),
            "decoder_died"
        );
        failure
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Kills a child and collects what is left of it.
pub(super) fn end(process: &mut Child) -> Option<ExitStatus> {
    if let Ok(Some(status)) = process.try_wait() {
        return Some(status);
    }
    if let Err(error) = process.kill() {
        tracing::warn!(child = process.id(), %error, "decoder_not_killed");
    }
    process.wait().ok()
}

/// Waits for the end of a process, at most for `limit`. `None`: it still runs.
pub(super) fn wait(process: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    let pid = rustix::process::Pid::from_child(process);
    // The handle becomes readable when the process ends.
    if let Ok(handle) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = rustix::event::Timespec::try_from(left).ok()?;
            let mut handles = [rustix::event::PollFd::new(&handle, rustix::event::PollFlags::IN)];
            match rustix::event::poll(&mut handles, Some(&left)) {
                Err(rustix::io::Errno::INTR) => {}
                _ => break,
            }
        }
    }
    process.try_wait().ok().flatten()
}
