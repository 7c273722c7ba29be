//! Seccomp: which calls to the kernel there are at all.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

/// What the handler writes before the number of the forbidden call.
pub(crate) const FORBIDDEN: &str = "forbidden call ";

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// For a child that decodes by itself: memory, time, and the handles it has. Everything else ends it by SIGSYS, whose
/// handler says which call it was.
pub(super) fn allow_only_decoding() -> Result<(), Error> {
    let free = [
        libc::SYS_read,
        libc::SYS_pread64,
        libc::SYS_write,
        libc::SYS_pwrite64,
        libc::SYS_lseek,
        libc::SYS_recvmsg,
        libc::SYS_close,
        libc::SYS_fcntl,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigprocmask,
        libc::SYS_sigaltstack,
        libc::SYS_clock_gettime,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_restart_syscall,
        // How much memory there is: glibc's qsort asks.
        libc::SYS_sysinfo,
    ];
    let mut rules: Rules = free.into_iter().map(|call| (call, Vec::new())).collect();
    // Memory, but none that can be executed.
    let no_code = || when(2, SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64), 0);
    rules.insert(
        libc::SYS_mmap,
        vec![SeccompRule::new(vec![no_code()?]).map_err(Error::Backend)?],
    );
    rules.insert(
        libc::SYS_mprotect,
        vec![SeccompRule::new(vec![no_code()?]).map_err(Error::Backend)?],
    );
    // Its own limits (how the time of one item is set), and ending itself.
    let own_limits = SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, 0)?]).map_err(Error::Backend)?;
    rules.insert(libc::SYS_prlimit64, vec![own_limits]);
    let own_process = SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?]);
    rules.insert(libc::SYS_tgkill, vec![own_process.map_err(Error::Backend)?]);
    install(rules, SeccompAction::Trap, SeccompAction::Allow)
}

/// For a tool: what it needs is not known call by call, what it must never do is. Sockets end it (SIGSYS), so that the
/// attempt is seen; starting programs and looking at other processes just fails.
pub(super) fn deny_network_and_processes() -> Result<(), Error> {
    let sockets = [
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
    ];
    let denied = [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_personality,
        libc::SYS_open_by_handle_at,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork,
    ];
    let mut rules: Rules = denied.into_iter().map(|call| (call, Vec::new())).collect();
    // Threads are all right, processes are not.
    let thread = libc::CLONE_THREAD as u64;
    let process = SeccompRule::new(vec![when(0, SeccompCmpOp::MaskedEq(thread), 0)?]).map_err(Error::Backend)?;
    rules.insert(libc::SYS_clone, vec![process]);
    install(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32))?;
    // The flags of clone3 lie in memory where a filter cannot see them: say that it does not exist, glibc then uses
    // clone.
    let clone3 = std::iter::once((libc::SYS_clone3, Vec::new())).collect();
    install(clone3, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    let sockets = sockets.into_iter().map(|call| (call, Vec::new())).collect();
    install(sockets, SeccompAction::Allow, SeccompAction::KillProcess)
}

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Error> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(Error::Backend)
}

fn install(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<(), Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(Error::Backend)?;
    let filter = SeccompFilter::new(rules, otherwise, matched, arch).map_err(Error::Backend)?;
    let program: BpfProgram = filter.try_into().map_err(Error::Backend)?;
    apply_filter(&program)
}

/// What a forbidden call was about, in plain words: "tried to ...".
pub(crate) fn describe(call: c_long) -> String {
    let what = match call {
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open | libc::SYS_creat | libc::SYS_stat | libc::SYS_access | libc::SYS_unlink | libc::SYS_rename => {
            "open a file"
        }
        libc::SYS_openat | libc::SYS_openat2 | libc::SYS_newfstatat | libc::SYS_statx | libc::SYS_faccessat => {
            "open a file"
        }
        libc::SYS_socket
        | libc::SYS_socketpair
        | libc::SYS_connect
        | libc::SYS_bind
        | libc::SYS_listen
        | libc::SYS_sendto
        | libc::SYS_sendmsg => "open a socket",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork | libc::SYS_vfork => "start a program",
        libc::SYS_execve | libc::SYS_execveat | libc::SYS_clone | libc::SYS_clone3 => "start a program",
        libc::SYS_ptrace | libc::SYS_process_vm_readv | libc::SYS_kill | libc::SYS_tgkill => "touch another process",
        libc::SYS_mmap | libc::SYS_mprotect => "make memory executable",
        _ => return format!("tried a forbidden system call (number {call})"),
    };
    format!("tried to {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_calls_have_plain_words() {
        assert_eq!(describe(libc::SYS_openat), "tried to open a file");
        assert_eq!(describe(libc::SYS_socket), "tried to open a socket");
        assert_eq!(describe(libc::SYS_execve), "tried to start a program");
        assert!(describe(9999).contains("9999"));
    }
}
