//! `doctor`: what is wrong with this installation, and what to do.

use crate::config::Config;
use media::ToolState;
use serde::Serialize;
use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::ExitCode,
};

/// What `doctor` is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Wrong,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    detail: String,
    advice: Option<String>,
}

fn ok(name: &'static str, detail: impl Into<String>) -> Check {
    Check {
        name,
        state: State::Ok,
        detail: detail.into(),
        advice: None,
    }
}
fn not(state: State, name: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Check {
    Check {
        name,
        state,
        detail: detail.into(),
        advice: Some(advice.into()),
    }
}

/// Looks at everything, changes nothing. Exit code 1 when something is wrong.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut checks = vec![ok(
        "version",
        format!(
            "media-vault {}, schema {}",
            env!("CARGO_PKG_VERSION"),
            store::SCHEMA_VERSION
        ),
    )];
    match Config::load() {
        Err(e) => checks.push(not(
            State::Wrong,
            "settings",
            format!("{e:#}"),
            "Mend the setting that is named.",
        )),
        Ok(config) => {
            checks.push(ok("settings", "understood"));
            checks.push(data_folder(&config.data_dir));
            checks.push(master_key(&config.master_key()));
            checks.extend(disk(&config.objects(), &config.data_dir));
            checks.push(database(&config));
            checks.push(clock(&config.data_dir));
            checks.extend(decoders(&config));
        }
    }
    let wrong = checks.iter().any(|c| c.state == State::Wrong);
    if args.json {
        super::print(&serde_json::to_string_pretty(&checks)?);
    } else {
        for check in &checks {
            let word = match check.state {
                State::Ok => "ok     ",
                State::Warning => "warning",
                State::Wrong => "WRONG  ",
            };
            super::print(&format!("{word} {}: {}", check.name, check.detail));
            if let Some(advice) = &check.advice {
                super::print(&format!("        {advice}"));
            }
        }
        super::print(if wrong {
            "Something is wrong; see above for what to do."
        } else {
            "Nothing is wrong."
        });
    }
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn data_folder(dir: &Path) -> Check {
    const NAME: &str = "data folder";
    let shown = dir.display();
    let meta = match std::fs::metadata(dir) {
        Ok(meta) => meta,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return not(
                State::Warning,
                NAME,
                format!("{shown} is not there yet"),
                "The first start makes it.",
            );
        }
        Err(e) => {
            return not(
                State::Wrong,
                NAME,
                format!("{shown}: {e}"),
                "Let the user that runs the server reach it.",
            );
        }
    };
    if rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_err() {
        return not(
            State::Wrong,
            NAME,
            format!("{shown} cannot be written"),
            format!("Give it to the user that runs the server: chown -R USER {shown}"),
        );
    }
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return not(
            State::Warning,
            NAME,
            format!("{shown} is open to others (mode {mode:03o})"),
            format!("chmod 700 {shown}"),
        );
    }
    ok(NAME, format!("{shown} can be written, and only by its owner"))
}

fn master_key(file: &Path) -> Check {
    const NAME: &str = "master key";
    let shown = file.display();
    match std::fs::metadata(file) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => not(
            State::Warning,
            NAME,
            format!("{shown} is not there yet"),
            "The first start makes it. If there was one before, put it back first.",
        ),
        Err(e) => not(
            State::Wrong,
            NAME,
            format!("{shown}: {e}"),
            "Let the user that runs the server read it.",
        ),
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => not(
            State::Wrong,
            NAME,
            format!(
                "{shown} is open to others (mode {:03o})",
                meta.permissions().mode() & 0o777
            ),
            format!(
                "chmod 600 {shown}, and find out who could have read it: whoever has the key and the data can read the files."
            ),
        ),
        // Read here, not by what the start uses: that would make a key where none is.
        Ok(_) => {
            match std::fs::read_to_string(file).map(|text| blob::MasterKey::from_text(&text, &shown.to_string())) {
                Ok(Ok(_)) => ok(
                    NAME,
                    format!("{shown} is readable by its owner alone. Is there a copy apart from the data?"),
                ),
                Ok(Err(e)) => not(State::Wrong, NAME, e.to_string(), "Put the right key back."),
                Err(e) => not(
                    State::Wrong,
                    NAME,
                    format!("{shown}: {e}"),
                    "Let the user that runs the server read it.",
                ),
            }
        }
    }
}

/// Less than this is too little to go on with.
const LITTLE: u64 = 1 << 30;

fn disk(objects: &Path, data: &Path) -> Vec<Check> {
    const NAME: &str = "disk";
    let existing = |p: &Path| p.ancestors().find(|a| a.exists()).map(Path::to_path_buf);
    let mut seen = vec![];
    let mut checks = vec![];
    for dir in [objects, data].into_iter().filter_map(existing) {
        let dir = if dir.as_os_str().is_empty() { ".".into() } else { dir };
        let device = std::fs::metadata(&dir).map(|m| m.dev()).ok();
        if seen.contains(&device) {
            continue;
        }
        seen.push(device);
        checks.push(match rustix::fs::statvfs(&dir) {
            Ok(fs) => {
                let (free, all) = (fs.f_bavail * fs.f_frsize, fs.f_blocks * fs.f_frsize);
                let detail = format!(
                    "{:.1} of {:.1} GiB are free at {}",
                    free as f64 / LITTLE as f64,
                    all as f64 / LITTLE as f64,
                    dir.display()
                );
                if free < LITTLE {
                    not(
                        State::Wrong,
                        NAME,
                        detail,
                        "Make room: uploads are refused when it is full. Nothing that is stored is lost.",
                    )
                } else if free < all / 20 {
                    not(State::Warning, NAME, detail, "Less than 5 % is free: plan for more.")
                } else {
                    ok(NAME, detail)
                }
            }
            Err(e) => not(
                State::Wrong,
                NAME,
                format!("{}: {e}", dir.display()),
                "Is the disk mounted?",
            ),
        });
    }
    checks
}

fn database(config: &Config) -> Check {
    const NAME: &str = "database";
    let url = config.database();
    if let Some(path) = url.strip_prefix("sqlite://")
        && !Path::new(path).exists()
    {
        return not(
            State::Warning,
            NAME,
            format!("{path} is not there yet"),
            "The first start makes it.",
        );
    }
    let settings = store::Settings { url, connections: 1 };
    match settings.examine() {
        Ok(version) if version == store::SCHEMA_VERSION => {
            ok(NAME, format!("reachable and sound, schema version {version}"))
        }
        Ok(version) => not(
            State::Warning,
            NAME,
            format!("schema version {version}, this program has {}", store::SCHEMA_VERSION),
            "The next start, or `media-vault migrate`, brings it up to date.",
        ),
        Err(e) => not(
            State::Wrong,
            NAME,
            e.to_string(),
            "Is it running, is the address right, and may this user reach it?",
        ),
    }
}

/// 2026-01-01: no copy of this program is older.
const BUILT_AFTER: i64 = 1_767_225_600;

fn clock(data: &Path) -> Check {
    const NAME: &str = "clock";
    let now = crate::world::real().now().seconds();
    let newest = ["vault.db", "vault.db-wal", "instance"]
        .iter()
        .filter_map(|f| std::fs::metadata(data.join(f)).ok())
        .map(|m| m.mtime())
        .max();
    if now < BUILT_AFTER || newest.is_some_and(|n| n > now + 300) {
        return not(
            State::Wrong,
            NAME,
            "the clock is behind what it showed before",
            "Set it right (timedatectl set-ntp true): sign-ins and dates depend on it.",
        );
    }
    ok(NAME, "plausible")
}

fn decoders(config: &Config) -> Vec<Check> {
    const NAME: &str = "decoder";
    let pool = std::env::current_exe().and_then(|program| {
        media::DecoderPool::new(media::Settings {
            children: 1,
            memory_limit: config.decoder_memory_mib << 20,
            ..media::Settings::new(program, vec!["decoder".into()])
        })
    });
    let pool = match pool {
        Ok(pool) => pool,
        Err(e) => return vec![not(State::Wrong, NAME, e.to_string(), "Decoders cannot be started.")],
    };
    pool.check()
        .into_iter()
        .map(|tool| {
            let what = format!(
                "{} ({}){}",
                tool.name,
                tool.purpose,
                tool.version.map(|v| format!(": {v}")).unwrap_or_default()
            );
            match tool.state {
                ToolState::Works => ok(NAME, what),
                ToolState::Missing(advice) => not(State::Warning, NAME, format!("{what} is not installed"), advice),
                ToolState::Broken(advice) => not(State::Wrong, NAME, format!("{what} does not work"), advice),
            }
        })
        .collect()
}
