//! What a process may do once it is about to look at a hostile file.
//!
//! Three walls, each enough for most attacks: resource limits (memory, processor time, file size, handles), landlock
//! (no file system but what is listed), seccomp (only the calls that decoding needs). They are set by the child itself
//! before it reads its first byte of input, and cannot be taken back.

mod landlock;
mod seccomp;
pub(crate) mod sys;

use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use serde::{Deserialize, Serialize};

pub(crate) use landlock::support as landlock_support;
pub(crate) use seccomp::{FORBIDDEN, describe};

/// Exit status of a decoder child that tried a forbidden call; its last words on standard error name the call.
pub(crate) const FORBIDDEN_EXIT: i32 = 86;

/// The resources of one process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Bytes of address space.
    pub(crate) memory: u64,
    /// Seconds of processor time: of one item for a decoder child, in all for a tool.
    pub(crate) cpu_seconds: u64,
    /// Bytes that a file (here: anonymous memory) may grow to by writing.
    pub(crate) file_size: u64,
}

/// Why the walls could not be put up. The process must then not read anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    /// A resource limit was refused: look at the limits of the service that starts Media Vault.
    #[error("limits: {0}")]
    Limits(#[from] rustix::io::Errno),
    /// Handler for forbidden calls.
    #[error("signal handler: {0}")]
    Signals(std::io::Error),
    /// The kernel has landlock but refused the rules.
    #[error("landlock: {0}")]
    Landlock(#[from] ::landlock::RulesetError),
    /// The kernel refused the filter: it must be built with seccomp.
    #[error("seccomp: {0}")]
    Seccomp(#[from] seccompiler::Error),
}

/// For a child that decodes by itself: it keeps the handles it has and computes. No files, no programs, no network.
pub(crate) fn enter_decoder(limits: Limits) -> Result<(), SandboxError> {
    common(limits)?;
    limit(Resource::Nproc, 0)?;
    limit(Resource::Nofile, 16)?;
    landlock::restrict(&[], &[])?;
    // Once before the filter: the first look at the clock asks the kernel where its fast clock is.
    allow_cpu(limits.cpu_seconds)?;
    sys::report_forbidden_calls().map_err(SandboxError::Signals)?;
    seccomp::allow_only_decoding()?;
    Ok(())
}

/// For a tool that is about to be executed: it may read the system's libraries and run itself. No other file, no
/// program, no network.
pub(crate) fn enter_tool(limits: Limits, program: &Path) -> Result<(), SandboxError> {
    common(limits)?;
    limit(Resource::Cpu, limits.cpu_seconds)?;
    limit(Resource::Nofile, 128)?;
    let mut execute: Vec<PathBuf> = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"].map(PathBuf::from).to_vec();
    execute.push(program.to_owned());
    let mut read: Vec<PathBuf> = [
        "/usr",
        "/lib",
        "/lib64",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/dev/null",
        "/dev/urandom",
        "/dev/zero",
    ]
    .map(PathBuf::from)
    .to_vec();
    // A tool outside /usr has its libraries beside it: /opt/ffmpeg/bin and /opt/ffmpeg/lib.
    read.extend(
        program
            .parent()
            .and_then(Path::parent)
            .filter(|home| home.parent().is_some())
            .map(Path::to_owned),
    );
    landlock::restrict(&read, &execute)?;
    seccomp::deny_network_and_processes()?;
    Ok(())
}

fn common(limits: Limits) -> Result<(), SandboxError> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    limit(Resource::As, limits.memory)?;
    limit(Resource::Fsize, limits.file_size)?;
    // A core file would put plain text on the disk.
    limit(Resource::Core, 0)?;
    Ok(())
}

/// Lowers a limit for good; never raises one that is lower already.
fn limit(resource: Resource, value: u64) -> Result<(), SandboxError> {
    let hard = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let value = Some(value.min(hard));
    Ok(setrlimit(
        resource,
        Rlimit {
            current: value,
            maximum: value,
        },
    )?)
}

/// Lets this process use `seconds` more of processor time; then the kernel ends it with SIGXCPU.
pub(crate) fn allow_cpu(seconds: u64) -> Result<(), SandboxError> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).tv_sec;
    let current = u64::try_from(used).unwrap_or(0) + seconds + 1;
    let maximum = getrlimit(Resource::Cpu).maximum;
    Ok(setrlimit(
        Resource::Cpu,
        Rlimit {
            current: Some(current),
            maximum,
        },
    )?)
}
