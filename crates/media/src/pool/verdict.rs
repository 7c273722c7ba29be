//! From how a process ended to words that a person understands.

use crate::failure::{Failure, FailureCode};
use crate::sandbox::{FORBIDDEN, FORBIDDEN_EXIT, describe};

/// What the parent saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    ByItself,
    OutOfTime,
    Nonsense,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Death<'a> {
    pub(super) ending: Ending,
    pub(super) signal: Option<i32>,
    pub(super) code: Option<i32>,
    /// What it wrote to standard error.
    pub(super) words: &'a str,
}

/// Why a child that decodes by itself is gone.
pub(super) fn of_decoder(death: &Death<'_>) -> Failure {
    if death.ending == Ending::OutOfTime {
        return Failure::new(
            FailureCode::TimedOut,
            "The decoder took too long over this file and was stopped. The original is kept.",
        );
    }
    if death.ending == Ending::Nonsense {
        return forbidden("answered with something that is no answer");
    }
    if death.code == Some(FORBIDDEN_EXIT) {
        let call = death
            .words
            .rsplit(FORBIDDEN)
            .next()
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok());
        return forbidden(&call.map_or_else(|| "tried a forbidden system call".to_owned(), describe));
    }
    if death.words.contains("sandbox could not be entered") {
        return Failure::io("A decoder could not be started", death.words.trim());
    }
    if death.signal == Some(libc::SIGSYS) {
        // Trapped while signals were blocked, as they are between fork and exec: the handler could not say which call.
        return forbidden("tried a forbidden system call");
    }
    by_signal(death, "The decoder").unwrap_or_else(|| {
        Failure::new(
            FailureCode::DecoderCrashed,
            "The decoder came to grief over this file. The original is kept; please report the file.",
        )
    })
}

/// Why a tool ended without success. `tool` is its name.
pub(super) fn of_tool(tool: &str, death: &Death<'_>) -> Failure {
    if death.ending == Ending::OutOfTime {
        return Failure::new(
            FailureCode::TimedOut,
            format!("{tool} took too long over this file and was stopped. The original is kept."),
        );
    }
    if death.words.contains("sandbox could not be entered") {
        return Failure::io(&format!("{tool} could not be started"), death.words.trim());
    }
    if death.signal == Some(libc::SIGSYS) {
        // The filter of tools kills for sockets only; everything else just fails for them.
        return forbidden("tried to open a socket");
    }
    by_signal(death, tool).unwrap_or_else(|| {
        let words = death.words;
        if words.contains("annot allocate memory") || words.contains("out of memory") || words.contains("bad_alloc") {
            return out_of_memory(tool);
        }
        Failure::damaged(format!(
            "The file is broken or of a kind that {tool} cannot read. The original is kept."
        ))
    })
}

fn by_signal(death: &Death<'_>, who: &str) -> Option<Failure> {
    Some(match death.signal? {
        libc::SIGXCPU => Failure::new(
            FailureCode::TimedOut,
            format!("{who} used too much processor time over this file and was stopped. The original is kept."),
        ),
        libc::SIGXFSZ => Failure::new(
            FailureCode::TooBigInMemory,
            format!("{who} made more output of this file than is allowed and was stopped. The original is kept."),
        ),
        libc::SIGABRT if death.words.contains("memory allocation of") => out_of_memory(who),
        // Outside of our own kill (time, above) only the kernel's out-of-memory killer uses it.
        libc::SIGKILL => out_of_memory(who),
        // Before it put them off: somebody ends the server, and the file has no part in it.
        libc::SIGTERM | libc::SIGINT | libc::SIGHUP | libc::SIGQUIT => Failure::io(who, "ended by somebody"),
        signal => Failure::new(
            FailureCode::DecoderCrashed,
            format!("{who} crashed over this file (signal {signal}). The original is kept; please report the file."),
        ),
    })
}

fn out_of_memory(who: &str) -> Failure {
    Failure::new(
        FailureCode::TooBigInMemory,
        format!("{who} used too much memory over this file and was stopped. Upload a smaller version."),
    )
}

fn forbidden(what: &str) -> Failure {
    Failure::new(
        FailureCode::ForbiddenAction,
        format!(
            "The decoder {what} and was stopped: the file may be an attack. The original is kept, do not open it elsewhere."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder(signal: Option<i32>, code: Option<i32>, words: &str) -> FailureCode {
        of_decoder(&Death {
            ending: Ending::ByItself,
            signal,
            code,
            words,
        })
        .code
    }

    #[test]
    fn every_end_has_its_code() {
        assert_eq!(decoder(Some(libc::SIGXCPU), None, ""), FailureCode::TimedOut);
        assert_eq!(
            decoder(Some(libc::SIGABRT), None, "memory allocation of 9 bytes failed"),
            FailureCode::TooBigInMemory
        );
        assert_eq!(decoder(Some(libc::SIGSEGV), None, ""), FailureCode::DecoderCrashed);
        assert_eq!(decoder(Some(libc::SIGTERM), None, ""), FailureCode::Io);
        assert_eq!(
            decoder(None, Some(1), "decoder: the sandbox could not be entered: x"),
            FailureCode::Io
        );
        assert_eq!(decoder(None, Some(1), "decoder: panic"), FailureCode::DecoderCrashed);
    }

    #[test]
    fn the_last_forbidden_call_is_named() {
        let words = format!("warning\n{FORBIDDEN}00{}\n", libc::SYS_openat);
        let death = Death {
            ending: Ending::ByItself,
            signal: None,
            code: Some(FORBIDDEN_EXIT),
            words: &words,
        };
        assert!(
            of_decoder(&death).detail.contains("tried to open a file"),
            "{:?}",
            of_decoder(&death)
        );
    }
}
