//! Webhooks do not reach into private networks (SSRF) unless the settings allow it. The check is made on the addresses a
//! name resolves to, at every connection, so that a name cannot change its mind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Why a URL is refused as it is written.
pub fn refused(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>().ok()?;
    is_private(ip).then(|| format!("{ip} is an address of a private network"))
}

/// Resolves names and leaves out private addresses.
#[derive(Debug)]
pub struct Resolver {
    /// Leave nothing out.
    pub allow_private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let usable: Vec<SocketAddr> =
                found.into_iter().filter(|address| allow_private || !is_private(address.ip())).collect();
            if usable.is_empty() {
                return Err("the name resolves to addresses of a private network only".into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// Everything that is not a public unicast address.
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_private_v4(v4);
    }
    let parts = ip.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        // NAT64, 6to4: the address that is meant stands inside
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_private_v4(embedded(high, low)),
        // Teredo, documentation, discard
        [0x2001, 0 | 0xdb8, ..] | [0x100, 0, 0, 0, ..] => true,
        // public unicast is 2000::/3 and nothing else
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_unicast_addresses_are_reached() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
        ] {
            assert!(is_private(private.parse().expect("an address")), "{private}");
        }
        for public in
            ["8.8.8.8", "114.114.114.114", "2606:4700:4700::1111", "64:ff9b::808:808", "172.32.0.1", "100.128.0.1"]
        {
            assert!(!is_private(public.parse().expect("an address")), "{public}");
        }
        assert!(refused(&Url::parse("http://[::1]/x").expect("a URL")).is_some());
        assert!(refused(&Url::parse("http://2130706433/x").expect("a URL")).is_some(), "127.0.0.1 as one number");
        assert!(refused(&Url::parse("https://gateway.example/x").expect("a URL")).is_none());
    }
}
