//! The two things that need `unsafe`: a signal handler, and a view of sealed memory.

#![expect(
    unsafe_code,
    reason = "one small audited module: a signal handler of five calls, and one mmap of sealed memory"
)]

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use libc::{c_int, c_void, siginfo_t};
use memmap2::{Mmap, MmapOptions};
use rustix::fs::{SealFlags, fcntl_get_seals};

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

/// A view of anonymous memory that nobody can change or shorten any more.
///
/// # Errors
/// If the memory is not sealed against writing and shrinking, or the system refuses the view.
pub(crate) fn view(mut file: &File) -> io::Result<Mmap> {
    let seals = fcntl_get_seals(file)?;
    if !seals.contains(SealFlags::WRITE | SealFlags::SHRINK) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the memory is not sealed"));
    }
    let len = usize::try_from(file.seek(SeekFrom::End(0))?).map_err(io::Error::other)?;
    // SAFETY: the seals hold for good and for everybody, so that the bytes stay there and stay as they are, which is
    // what a shared slice needs.
    unsafe { MmapOptions::new().len(len).map(file) }
}
