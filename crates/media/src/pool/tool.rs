//! An external decoder: a fresh process for each file, started through the launcher that locks it in.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::verdict::{self, Death, Ending};
use super::{Turn, worker};
use crate::child::EXEC;
use crate::failure::{Failure, FailureCode};
use crate::memory;

const LAST_WORDS: u64 = 64 * 1024;

/// Where programs are looked for. The environment's PATH is left alone: it is not the operator's word.
const PLACES: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/bin"];

/// One of the external decoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Ffmpeg,
    Ffprobe,
    Vips,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::Ffprobe => "ffprobe",
            Self::Vips => "vipsthumbnail",
        }
    }

    /// What to do if it is not there.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Ffmpeg | Self::Ffprobe => "install ffmpeg (Debian: apt-get install ffmpeg)",
            Self::Vips => "install libvips with HEIF support (Debian: apt-get install libvips-tools)",
        }
    }
}

/// What a tool wrote.
pub(crate) struct Output {
    /// Standard output, in memory.
    pub(crate) file: File,
    /// Standard error.
    pub(crate) words: String,
}

impl Turn<'_> {
    /// Where the tool is.
    pub(crate) fn find(&self, tool: Tool) -> Result<PathBuf, Failure> {
        let tools = &self.settings().tools;
        let wanted = match tool {
            Tool::Ffmpeg => &tools.ffmpeg,
            Tool::Ffprobe => &tools.ffprobe,
            Tool::Vips => &tools.vipsthumbnail,
        };
        let found = if wanted.is_absolute() {
            wanted.is_file().then(|| wanted.clone())
        } else {
            PLACES
                .iter()
                .map(|place| Path::new(place).join(wanted))
                .find(|path| path.is_file())
        };
        found.ok_or_else(|| {
            Failure::new(
                FailureCode::DecoderMissing,
                format!(
                    "This type needs {}, which is not installed: {}.",
                    tool.name(),
                    tool.advice()
                ),
            )
        })
    }

    /// Runs a tool on `input`, which is its standard input, in a sandbox of its own.
    pub(crate) fn run(&self, tool: Tool, arguments: &[OsString], input: &File) -> Result<Output, Failure> {
        let program = self.find(tool)?;
        let failed = |error: io::Error| Failure::io(&format!("{} could not be started", tool.name()), error);
        let settings = self.settings();
        let file = memory::anonymous("tool-output").map_err(failed)?;
        let words = memory::anonymous("tool-words").map_err(failed)?;
        let limits = serde_json::to_string(&settings.limits()).map_err(|error| failed(error.into()))?;
        let mut process = Command::new(&settings.command)
            .args(&settings.args)
            .arg(EXEC)
            .arg(limits)
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/bin")
            // One file is one processor's work; other files take the other processors.
            .env("VIPS_CONCURRENCY", "1")
            // Plain malloc from few arenas: the address space is limited.
            .env("MALLOC_ARENA_MAX", "2")
            .stdin(Stdio::from(input.try_clone().map_err(failed)?))
            .stdout(Stdio::from(file.try_clone().map_err(failed)?))
            .stderr(Stdio::from(words.try_clone().map_err(failed)?))
            .spawn()
            .map_err(failed)?;
        let status = worker::wait(&mut process, settings.wall_limit);
        let ending = if status.is_some() {
            Ending::ByItself
        } else {
            Ending::OutOfTime
        };
        let status = status.or_else(|| worker::end(&mut process));
        let words = memory::read_all(&words, LAST_WORDS).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        if ending == Ending::ByItself && status.is_some_and(|status| status.success()) {
            return Ok(Output { file, words });
        }
        let death = Death {
            ending,
            signal: status.and_then(|status| status.signal()),
            code: status.and_then(|status| status.code()),
            words: &words,
        };
        let failure = verdict::of_tool(tool.name(), &death);
        tracing::warn!(
            tool = tool.name(),
            code = failure.code.as_str(),
            detail = failure.detail,
            signal = death.signal,
            exit = death.code,
            last_words = death.words.trim(),
            "tool_failed"
        );
        Err(failure)
    }
}
