//! Rate limits: who has used how much, and the headers that say so.
//!
//! Headers follow draft-ietf-httpapi-ratelimit-headers-10 (`RateLimit-Policy`, `RateLimit`).

mod class;
mod window;

pub use class::{Class, classify};
pub use window::{Decision, WINDOW, Windows};

use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use domain::{At, SessionId};
use std::net::{IpAddr, Ipv6Addr};

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// An address; of IPv6 the /64, which one household or server has to itself.
    Address(IpAddr),
    /// A sign-in of the web app.
    Session(SessionId),
}

impl Caller {
    /// The caller at an address.
    pub fn at(ip: IpAddr) -> Self {
        Caller::Address(match ip.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 => v4,
        })
    }
}

/// The counters of one server.
pub struct Limits {
    per_minute: u32,
    windows: Windows<(Class, Caller)>,
}

impl Limits {
    /// `per_minute` is the basic quota (`MEDIA_VAULT_RATE_LIMIT_PER_MINUTE`); 0 turns all limits off.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            windows: Windows::default(),
        }
    }
    /// Counts one request; `None` when this class is not limited.
    pub fn take(&self, class: Class, caller: Caller, now: At) -> Option<Decision> {
        let quota = class.quota(self.per_minute, matches!(caller, Caller::Session(_)))?;
        Some(self.windows.take(&(class, caller), quota, now))
    }
    /// Takes one request back, such as a sign-in that succeeded.
    pub fn give_back(&self, class: Class, caller: Caller, now: At) {
        if self.per_minute > 0 {
            self.windows.give_back(&(class, caller), now);
        }
    }
}

/// Adds the two headers of the draft.
pub fn announce(headers: &mut HeaderMap, class: Class, decision: Decision) {
    let name = class.name();
    let window = WINDOW / At::SECOND;
    let policy = format!("\"{name}\";q={};w={window}", decision.quota);
    let state = format!("\"{name}\";r={};t={}", decision.remaining, decision.reset_seconds);
    for (header, text) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(header), value);
        }
    }
}

/// The answer to a request that is one too many.
pub fn refusal(decision: Decision) -> Problem {
    let seconds = decision.retry_seconds;
    Problem::new(Kind::TooManyRequests, format!("Please wait {seconds} s and try again."))
        .with(header::RETRY_AFTER, HeaderValue::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_draft() {
        let limits = Limits::new(100);
        let caller = Caller::at("192.0.2.1".parse().unwrap());
        let mut headers = HeaderMap::new();
        announce(
            &mut headers,
            Class::Api,
            limits.take(Class::Api, caller, At(0)).unwrap(),
        );
        assert_eq!(headers["ratelimit-policy"], "\"api\";q=100;w=60");
        assert_eq!(headers["ratelimit"], "\"api\";r=99;t=60");
    }
    #[test]
    fn zero_turns_limits_off() {
        assert_eq!(
            Limits::new(0).take(Class::SignIn, Caller::at("::1".parse().unwrap()), At(0)),
            None
        );
    }
    #[test]
    fn one_household_is_one_caller() {
        let at = |ip: &str| Caller::at(ip.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }
}
