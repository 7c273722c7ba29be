//! Readers of one setting each; an error says what the value must be.

use super::{IpNet, LogFormat, PathBuf, SocketAddr};
use std::str::FromStr;

pub fn text(text: &str) -> Result<String, String> {
    Ok(text.into())
}
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("must be a folder".into())
    } else {
        Ok(text.into())
    }
}
pub fn optional_path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| text.into()))
}
pub fn storage(text: &str) -> Result<Option<PathBuf>, String> {
    match text {
        "" => Ok(None),
        _ => match text.strip_prefix("file://") {
            Some(path) if !path.is_empty() => Ok(Some(path.into())),
            _ => Err("must be file:///path; other stores are not supported by this version".into()),
        },
    }
}
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("must be an address and a port such as 127.0.0.1:8080, not {text:?}"))
}
pub fn url(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        _ if text.starts_with("https://") || text.starts_with("http://") => Ok(Some(text.trim_end_matches('/').into())),
        _ => Err(format!("must begin with https:// or http://, not {text:?}")),
    }
}
pub fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("must be a whole number, not {text:?}"))
}
pub fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts
        .map(|p| p.parse().or_else(|_| p.parse::<std::net::IpAddr>().map(IpNet::from)))
        .collect::<Result<_, _>>()
        .map_err(|_| format!("must be networks such as 10.0.0.0/8, separated by commas, not {text:?}"))
}
pub fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("must be text or json, not {text:?}")),
    }
}
