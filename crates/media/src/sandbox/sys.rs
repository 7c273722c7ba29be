//! The three things that need `unsafe`: a signal handler, signals that are put off, and a view of memory that stays as it is.

#![expect(
    unsafe_code,
    reason = "one small audited module: a signal handler of five calls, a mask of signals, and one mmap of memory that stays as it is"
)]

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use libc::{c_int, c_void, siginfo_t};
use memmap2::{Mmap, MmapOptions};
use rustix::fs::{OFlags, SealFlags, fcntl_get_seals, fcntl_getfl};

use super::{FORBIDDEN, FORBIDDEN_EXIT};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the layout of siginfo_t in this module is that of 64-bit Linux");

/// From now on a call that the seccomp filter traps writes its number to standard error and ends the process.
pub(super) fn report_forbidden_calls() -> io::Result<()> {
    // SAFETY: `sigaction` is plain data for which zeros are valid; the handler keeps to calls that are safe in a signal
    // handler (write, _exit) and to its own stack.
    let done = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_forbidden_call as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut())
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

extern "C" fn on_forbidden_call(_signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // `si_syscall` of the `_sigsys` part of siginfo_t (asm-generic/siginfo.h): behind three ints, padding and a
    // pointer, which is the seventh int.
    // SAFETY: the kernel passes a siginfo_t of 128 bytes.
    let number = unsafe { *info.cast::<c_int>().add(6) };
    let mut line = [0_u8; FORBIDDEN.len() + 12];
    line[0] = b'\n';
    line[1..=FORBIDDEN.len()].copy_from_slice(FORBIDDEN.as_bytes());
    let mut end = FORBIDDEN.len() + 1;
    let mut divisor = 10_000;
    while divisor > 0 {
        line[end] = b'0' + u8::try_from(number / divisor % 10).unwrap_or(0);
        end += 1;
        divisor /= 10;
    }
    line[end] = b'\n';
    end += 1;
    // SAFETY: both are async-signal-safe; the buffer is as long as said.
    unsafe {
        libc::write(2, line.as_ptr().cast(), end);
        libc::_exit(FORBIDDEN_EXIT);
    }
}

/// From now on this process goes on when it is asked to end. Who stops a service or types Ctrl+C signals the server's decoders as well: a
/// file would be half read then, and taken for broken. The server ends them, or the kernel does when the server is gone. A program that this
/// process becomes never gets such signals either, whatever it does with them itself.
pub(crate) fn outlast_polite_signals() -> io::Result<()> {
    // SAFETY: `sigset_t` is plain data, made empty before it is used; the calls read and write nothing else.
    let error = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut())
    };
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error))
    }
}

/// A view of the first `len` bytes of anonymous memory that is never shortened and that nobody changes meanwhile: it is sealed, or
/// it is what the parent lays its files on (`pool/desk.rs`), who touches it only when this child has answered.
///
/// # Errors
/// If the memory can be shortened, can be written to by whoever has this handle, or is not as long.
pub(crate) fn view(mut file: &File, len: u64) -> io::Result<Mmap> {
    let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    let seals = fcntl_get_seals(file)?;
    if !seals.contains(SealFlags::SHRINK) {
        return refused("the memory can be shortened");
    }
    let only_reads = fcntl_getfl(file)? & OFlags::RWMODE == OFlags::RDONLY;
    if !seals.contains(SealFlags::WRITE) && !only_reads {
        return refused("the memory can be changed");
    }
    if len > file.seek(SeekFrom::End(0))? {
        return refused("the memory is shorter than it should be");
    }
    let len = usize::try_from(len).map_err(io::Error::other)?;
    // SAFETY: the bytes stay there, for the seal holds for good and for everybody. They stay as they are, sealed, or because the
    // only one who can write to them waits for the answer of this child. That is what a shared slice needs.
    unsafe { MmapOptions::new().len(len).map(file) }
}
