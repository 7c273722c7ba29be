//! The settings: one table of names, defaults and words, read from `media-vault.toml` and the environment.

mod read;

use anyhow::Context;
use domain::At;
use ipnet::IpNet;
use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

/// A setting that is unknown or cannot be understood. It stops the start.
#[derive(Debug)]
pub struct WrongSetting(String);

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for WrongSetting {}

/// One setting as the reference page has it.
pub struct Described {
    /// Its name in the file; in the environment `MEDIA_VAULT_` and capitals.
    pub name: &'static str,
    /// What is in effect without it.
    pub default: &'static str,
    /// What it is for.
    pub doc: &'static str,
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:literal, $read:path;)*) => {
        /// Everything that an operator may set.
        #[derive(Debug, Clone)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $name: $type,)*
        }

        /// All settings, in the order of the reference page.
        pub const SETTINGS: &[Described] = &[$(Described {
            name: stringify!($name),
            default: $default,
            doc: concat!($($doc),+),
        },)*];

        impl Config {
            fn read(values: &BTreeMap<String, Given>) -> Result<Config, WrongSetting> {
                Ok(Config {
                    $($name: {
                        let given = values.get(stringify!($name));
                        let text = given.map_or($default, |g| g.text.as_str());
                        $read(text).map_err(|why| {
                            let from = given.map_or("the default", |g| g.from.as_str());
                            WrongSetting(format!("the setting {} ({from}) {why}", stringify!($name)))
                        })?
                    },)*
                })
            }
        }
    };
}

settings! {
    /// Address and port that the server listens on.
    listen: SocketAddr = "127.0.0.1:8080", read::address;
    /// Folder for everything that is kept: database, objects, keys.
    data_dir: PathBuf = "./data", read::path;
    /// Database: `sqlite:///path/to/file.db` or `postgres://user:password@host:port/database`. Empty: `vault.db` in the data folder.
    database_url: String = "", read::text;
    /// Object store: `file:///path`. Empty: `objects` in the data folder.
    storage_url: Option<PathBuf> = "", read::storage;
    /// File with the master key. Empty: `master.key` in the data folder, made at the first start. Keep a copy apart from the data.
    master_key_file: Option<PathBuf> = "", read::optional_path;
    /// The address under which people reach the server, such as `https://photos.example.org`.
    public_url: Option<String> = "", read::url;
    /// Ordinary requests a minute for one network address; 0 turns all rate limits off.
    rate_limit_per_minute: u32 = "100", read::number;
    /// Networks of reverse proxies whose `X-Forwarded-For` is believed, separated by commas.
    trusted_proxies: Vec<IpNet> = "", read::networks;
    /// Networks from which an administrator's calls are taken, separated by commas. Empty: from everywhere.
    admin_allowed_cidrs: Vec<IpNet> = "", read::networks;
    /// The largest file in bytes.
    max_file_bytes: u64 = "68719476736", read::number;
    /// The largest picture in pixels (width x height).
    max_pixels: u64 = "200000000", read::number;
    /// The longest video or sound in hours.
    max_duration_hours: u32 = "24", read::number;
    /// The room of a new account in bytes; 0 for no limit.
    default_quota_bytes: u64 = "0", read::number;
    /// Days that items stay in the trash.
    trash_days: u32 = "30", read::number;
    /// Days that an unfinished upload may take.
    upload_days: u32 = "7", read::number;
    /// Days that a sign-in lasts without use.
    session_days: u32 = "30", read::number;
    /// Files that are decoded at the same time; 0: one for each processor.
    workers: usize = "0", read::number;
    /// The most memory of one decoder in MiB.
    decoder_memory_mib: u64 = "2048", read::number;
    /// Threads that read the database (SQLite), or connections to it (PostgreSQL).
    database_connections: usize = "4", read::number;
    /// What is logged, such as `info` or `warn,vault=debug`.
    log: String = "info", read::text;
    /// `text` for people, `json` for machines.
    log_format: LogFormat = "text", read::log_format;
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

struct Given {
    text: String,
    from: String,
}

/// The prefix of our environment variables.
const PREFIX: &str = "MEDIA_VAULT_";
/// Variables with our prefix that are no settings: where the file is, and what our own tests and scripts say to each other.
const NOT_SETTINGS: &[&str] = &[
    "MEDIA_VAULT_CONFIG",
    "MEDIA_VAULT_BINARY",
    "MEDIA_VAULT_CACHE",
    "MEDIA_VAULT_SOAK",
    "MEDIA_VAULT_TEST_CORPUS",
];

impl Config {
    /// Reads file and environment; the environment wins.
    pub fn load() -> anyhow::Result<Config> {
        let mut values = BTreeMap::new();
        let (path, named) = match environment("MEDIA_VAULT_CONFIG") {
            Some(path) => (PathBuf::from(path), true),
            None => (PathBuf::from("media-vault.toml"), false),
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => from_file(&text, &path.display().to_string(), &mut values)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !named => {}
            Err(e) => return Err(e).with_context(|| format!("{} cannot be read", path.display())),
        }
        from_environment(std::env::vars(), &mut values)?;
        Ok(Config::read(&values)?)
    }

    /// The address of the database.
    pub fn database(&self) -> String {
        match self.database_url.as_str() {
            "" => format!("sqlite://{}", self.data_dir.join("vault.db").display()),
            url => url.into(),
        }
    }
    /// The folder of the objects.
    pub fn objects(&self) -> PathBuf {
        self.storage_url
            .clone()
            .unwrap_or_else(|| self.data_dir.join("objects"))
    }
    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.master_key_file
            .clone()
            .unwrap_or_else(|| self.data_dir.join("master.key"))
    }
    /// The public address, or what it is without a setting.
    pub fn public_address(&self) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.listen))
    }
    /// Files decoded at the same time.
    pub fn decoders(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            n => n,
        }
    }

    /// Jobs that are under way at a time: while the pictures of one file are made durable, its decoder works at another.
    pub fn jobs_at_once(&self) -> usize {
        self.decoders().saturating_mul(2)
    }
    /// The settings of the use cases.
    pub fn vault(&self) -> vault::Settings {
        vault::Settings {
            max_file_bytes: self.max_file_bytes,
            upload_lifetime: i64::from(self.upload_days) * At::DAY,
            trash_lifetime: i64::from(self.trash_days) * At::DAY,
            session_lifetime: i64::from(self.session_days) * At::DAY,
            default_quota: (self.default_quota_bytes > 0).then_some(self.default_quota_bytes),
        }
    }
    /// The settings of the outside interface.
    pub fn api(&self) -> api::Settings {
        api::Settings {
            public_url: self.public_url.clone(),
            rate_limit_per_minute: self.rate_limit_per_minute,
            trusted_proxies: self.trusted_proxies.clone(),
            admin_allowed: self.admin_allowed_cidrs.clone(),
        }
    }

    /// Name and value of each setting in effect, secrets masked.
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let list = |nets: &[IpNet]| nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        SETTINGS
            .iter()
            .map(|s| {
                let value = match s.name {
                    "listen" => self.listen.to_string(),
                    "data_dir" => self.data_dir.display().to_string(),
                    "database_url" => masked(&self.database()),
                    "storage_url" => format!("file://{}", self.objects().display()),
                    "master_key_file" => self.master_key().display().to_string(),
                    "public_url" => self.public_address(),
                    "rate_limit_per_minute" => self.rate_limit_per_minute.to_string(),
                    "trusted_proxies" => list(&self.trusted_proxies),
                    "admin_allowed_cidrs" => list(&self.admin_allowed_cidrs),
                    "max_file_bytes" => self.max_file_bytes.to_string(),
                    "max_pixels" => self.max_pixels.to_string(),
                    "max_duration_hours" => self.max_duration_hours.to_string(),
                    "default_quota_bytes" => self.default_quota_bytes.to_string(),
                    "trash_days" => self.trash_days.to_string(),
                    "upload_days" => self.upload_days.to_string(),
                    "session_days" => self.session_days.to_string(),
                    "workers" => self.decoders().to_string(),
                    "decoder_memory_mib" => self.decoder_memory_mib.to_string(),
                    "database_connections" => self.database_connections.to_string(),
                    "log" => self.log.clone(),
                    _ => {
                        if self.log_format == LogFormat::Json {
                            "json".into()
                        } else {
                            "text".into()
                        }
                    }
                };
                (s.name, value)
            })
            .collect()
    }
}

/// The reference table of the README.
pub fn reference() -> String {
    let mut out = String::from("| setting | environment | default | |\n|---|---|---|---|\n");
    for s in SETTINGS {
        let default = if s.default.is_empty() {
            String::new()
        } else {
            format!("`{}`", s.default)
        };
        out.push_str(&format!(
            "| `{}` | `{PREFIX}{}` | {default} | {} |\n",
            s.name,
            s.name.to_uppercase(),
            s.doc.trim()
        ));
    }
    out
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

fn known(name: &str, from: &str) -> Result<(), WrongSetting> {
    if SETTINGS.iter().any(|s| s.name == name) {
        return Ok(());
    }
    let near = SETTINGS
        .iter()
        .map(|s| s.name)
        .min_by_key(|s| distance(s, name))
        .unwrap_or_default();
    Err(WrongSetting(format!(
        "{from} is not a setting. Did you mean {near}? `media-vault config --reference` lists all."
    )))
}

/// Levenshtein's distance, for the hint.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

fn from_file(text: &str, path: &str, values: &mut BTreeMap<String, Given>) -> anyhow::Result<()> {
    let table: toml::Table = text
        .parse()
        .map_err(|e| WrongSetting(format!("{path} is not TOML: {e}")))?;
    for (name, value) in table {
        let from = format!("{name} in {path}");
        known(&name, &from)?;
        let text = match value {
            toml::Value::String(s) => s,
            toml::Value::Array(items) => {
                let words: Vec<_> = items
                    .iter()
                    .map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned))
                    .collect();
                words.join(",")
            }
            other => other.to_string(),
        };
        values.insert(name, Given { text, from });
    }
    Ok(())
}

fn from_environment(
    vars: impl Iterator<Item = (String, String)>,
    values: &mut BTreeMap<String, Given>,
) -> Result<(), WrongSetting> {
    for (key, text) in vars {
        let Some(name) = key.strip_prefix(PREFIX) else { continue };
        if NOT_SETTINGS.contains(&key.as_str()) {
            continue;
        }
        let name = name.to_lowercase();
        known(&name, &key)?;
        values.insert(name, Given { text, from: key });
    }
    Ok(())
}

/// A URL without its password.
fn masked(url: &str) -> String {
    match url
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)))
    {
        Some((scheme, (login, rest))) => {
            format!("{scheme}://{}:****@{rest}", login.split(':').next().unwrap_or_default())
        }
        None => url.into(),
    }
}

#[cfg(test)]
mod tests;
