//! What an operator sets about the outside interface.

use ipnet::IpNet;

/// The settings of this crate; `cli` reads and documents them.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The address under which people reach the server, such as `https://photos.example.org`. Cookies are `Secure`, and
    /// browsers are told to use https only, when it begins with `https://`.
    pub public_url: Option<String>,
    /// The basic number of requests a minute for one address; see [`Class`](crate::limit::Class) for what it means for
    /// each kind of request. 0 turns all limits off.
    pub rate_limit_per_minute: u32,
    /// Networks of reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks from which an administrator's calls are taken; empty: from everywhere.
    pub admin_allowed: Vec<IpNet>,
}
