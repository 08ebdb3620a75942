//! The address from which a request comes.
//! The gate asks for it once for each request; limits by address count by it.
//! Nothing else reads the peer or `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// An address as it is counted. Of IPv6 it is the first 64 bits: one household or one phone has all of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(ip) => Self(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into()),
            ip @ IpAddr::V4(_) => Self(ip),
        }
    }
}

impl Address {
    /// The address a request comes from. The server puts the peer's into every request, as [`ConnectInfo`].
    pub fn of(parts: &Parts, proxies: &Proxies) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip());
        Self::from(forwarded_for(peer, &parts.headers, proxies))
    }
}

/// The first address from the right that is no trusted proxy's. Each proxy adds the address it was called from; what
/// stands left of a stranger's address was written by that stranger.
fn forwarded_for(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> IpAddr {
    let mut last = peer;
    let lines: Vec<&str> = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while proxies.trust(last) {
        // If an entry cannot be read, the proxy that sent it is the last address that is known.
        let Some(hop) = hops.next().and_then(read) else { break };
        last = hop;
    }
    last
}

/// An address, perhaps with a port: some proxies write it.
fn read(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Default for Proxies {
    /// Those on this machine.
    fn default() -> Self {
        Self(vec![IpNet::new_assert([127, 0, 0, 0].into(), 8), IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST))])
    }
}

impl Proxies {
    fn trust(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Reads networks or single addresses.
    ///
    /// # Errors
    /// What is neither.
    fn read<'a>(written: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let written = written.flat_map(|several| several.split(',')).map(str::trim).filter(|one| !one.is_empty());
        let network = |one: &str| {
            let network = one.parse::<IpNet>().ok().or_else(|| one.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| format!("{one:?} is not an address or a network like 10.0.0.0/8"))
        };
        Ok(Self(written.map(network).collect::<Result<_, _>>()?))
    }
}

/// As settings write them: a list, or one text with commas.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ProxyList {
    Text(String),
    List(Vec<String>),
}

impl Serialize for Proxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ProxyList::List(self.0.iter().map(IpNet::to_string).collect()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match ProxyList::deserialize(deserializer)? {
            ProxyList::Text(text) => Self::read([text.as_str()].into_iter()),
            ProxyList::List(list) => Self::read(list.iter().map(String::as_str)),
        };
        read.map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(written: &str) -> Proxies {
        Proxies::read([written].into_iter()).expect("networks")
    }

    fn seen(peer: &str, forwarded: &[&str], proxies: &Proxies) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().expect("a header value"));
        }
        forwarded_for(peer.parse().expect("an address"), &headers, proxies).to_string()
    }

    #[test]
    fn given_proxies_then_the_rightmost_address_that_is_none_of_theirs_counts() {
        let here = Proxies::default();
        assert_eq!(seen("127.0.0.1", &[], &here), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["203.0.113.7"], &here), "203.0.113.7");
        assert_eq!(seen("::1", &["203.0.113.7"], &here), "203.0.113.7");
        assert_eq!(seen("::ffff:127.0.0.1", &["203.0.113.7"], &here), "203.0.113.7");
        // What callers write themselves stands left of their address and counts for nothing.
        assert_eq!(seen("127.0.0.1", &["198.51.100.1, 127.0.0.1, 203.0.113.7"], &here), "203.0.113.7");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1", "203.0.113.7"], &here), "203.0.113.7");
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"], &here), "203.0.113.7", "who is no proxy is not asked");
        // Two proxies in a row.
        let two = proxies("127.0.0.0/8, 10.0.0.0/8,2001:db8::/32");
        assert_eq!(seen("127.0.0.1", &["203.0.113.7, 10.1.2.3"], &two), "203.0.113.7");
        assert_eq!(seen("10.1.2.3", &["2a02::1, 2001:db8::9"], &two), "2a02::1");
        assert_eq!(seen("127.0.0.1", &["10.1.2.3"], &two), "10.1.2.3", "somebody of one's own network");
        assert_eq!(seen("127.0.0.1", &["203.0.113.7"], &proxies("")), "127.0.0.1", "nobody is trusted");
    }

    #[test]
    fn given_what_proxies_write_beside_addresses_then_it_is_read_or_the_proxy_counts() {
        let here = Proxies::default();
        assert_eq!(seen("127.0.0.1", &["203.0.113.7:4711"], &here), "203.0.113.7");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::7]:4711"], &here), "2001:db8::7");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::7]"], &here), "2001:db8::7");
        for unreadable in ["unknown", "", "203.0.113.7, _hidden", "203.0.113.7, 999.1.1.1", "203.0.113.7,"] {
            assert_eq!(seen("127.0.0.1", &[unreadable], &here), "127.0.0.1", "{unreadable}");
        }
    }

    #[test]
    fn given_addresses_of_one_household_then_they_are_counted_as_one() {
        let counted = |ip: &str| Address::from(ip.parse::<IpAddr>().expect("an address"));
        assert_eq!(counted("2001:db8:1:2::1"), counted("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("::ffff:203.0.113.7"), counted("203.0.113.7"));
        assert_ne!(counted("203.0.113.8"), counted("203.0.113.7"));
    }

    #[test]
    fn given_settings_then_lists_and_texts_are_read_alike_and_what_is_no_network_is_named() {
        let read = |json: &str| serde_json::from_str::<Proxies>(json).map_err(|error| error.to_string());
        let two = proxies("10.0.0.0/8,192.0.2.7");
        assert_eq!(read(r#""10.0.0.0/8, 192.0.2.7""#), Ok(two.clone()));
        assert_eq!(read(r#"["10.0.0.0/8", "192.0.2.7/32"]"#), Ok(two.clone()));
        assert_eq!(read(&serde_json::to_string(&two).expect("plain data")), Ok(two));
        for wrong in ["10.0.0.0/33", "proxy.example", "10.0.0", "10.0.0.0/8;10.0.0.0/9"] {
            assert!(read(&format!("{wrong:?}")).is_err_and(|error| error.contains(wrong)), "{wrong}");
        }
    }
}
