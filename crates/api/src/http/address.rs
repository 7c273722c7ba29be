//! The address of the client: the peer, or what a trusted proxy says of it.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

/// Where a request comes from.
///
/// `X-Forwarded-For` counts only when the peer is a trusted proxy, and then from the right: the first address that is not
/// itself a trusted proxy. What stands to its left was written by the client and is worth nothing.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_proxy = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !is_proxy(&peer) {
        return peer;
    }
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .collect();
    let mut nearest = peer;
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(ip) = parse(entry) else {
            return nearest;
        };
        nearest = ip;
        if !is_proxy(&ip) {
            break;
        }
    }
    nearest
}

/// An address with or without port and brackets, as proxies write them.
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    entry
        .parse::<IpAddr>()
        .ok()
        .or_else(|| entry.parse::<std::net::SocketAddr>().ok().map(|a| a.ip()))
        .or_else(|| entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn ask(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_about_their_peer() {
        assert_eq!(ask("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(ask("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(ask("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.9.9.9"]), "198.51.100.7");
        assert_eq!(ask("10.0.0.1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(ask("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(ask("::1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(ask("10.0.0.1", &["1.1.1.1, nonsense"]), "10.0.0.1");
        assert_eq!(ask("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(ask("::ffff:192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }
    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(line in "[ -~]{0,60}") {
            ask("10.0.0.1", &[&line]);
        }
    }
}
