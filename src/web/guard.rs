//! Who tries links that are none, and whose address a request comes from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;

/// What is counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at a time.
const REMEMBERED: usize = 10_000;

/// Counts bad links by address, within this process.
#[derive(Debug)]
pub struct Guard {
    most: u32,
    trusted: Vec<IpAddr>,
    tried: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Guard {
    pub fn new(most: u32, trusted: Vec<IpAddr>) -> Self {
        Self { most, trusted, tried: Mutex::default() }
    }

    /// One more bad link of an address; true when it has tried too many. Good links are never refused: mail providers
    /// unsubscribe for many people from one address.
    pub fn too_many(&self, address: IpAddr) -> bool {
        let now = Instant::now();
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let address = network(address);
        if tried.len() >= REMEMBERED && !tried.contains_key(&address) {
            tried.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
            if tried.len() >= REMEMBERED {
                tried.clear();
            }
        }
        let (since, count) = tried.entry(address).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count > self.most
    }

    /// Whom a request comes from: behind proxies that are trusted, the last address they did not put there themselves.
    pub fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusted.contains(&peer) {
            return peer;
        }
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut found = peer;
        for hop in hops.iter().rev() {
            let Ok(address) = hop.parse::<IpAddr>() else { break };
            found = address.to_canonical();
            if !self.trusted.contains(&found) {
                break;
            }
        }
        found
    }
}

/// A household has 2^64 addresses of IPv6: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn bad_links_are_counted_by_address_and_by_network() {
        let guard = Guard::new(2, Vec::new());
        let refused: Vec<bool> = (0..4).map(|_| guard.too_many(ip("192.0.2.1"))).collect();
        assert_eq!(refused, [false, false, true, true]);
        assert!(!guard.too_many(ip("192.0.2.2")));
        let refused: Vec<bool> = (1..4).map(|n| guard.too_many(ip(&format!("2001:db8::{n}")))).collect();
        assert_eq!(refused, [false, false, true]);
        assert!(!guard.too_many(ip("2001:db8:0:1::1")));
    }

    #[test]
    fn memory_is_bounded_however_many_come() {
        let guard = Guard::new(2, Vec::new());
        for n in 0..u32::try_from(REMEMBERED).expect("few") * 3 {
            guard.too_many(IpAddr::V4(n.into()));
        }
        assert!(guard.tried.lock().expect("a lock").len() <= REMEMBERED);
    }

    #[test]
    fn only_trusted_proxies_say_for_whom_they_come() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.7, 203.0.113.9, 10.0.0.2".parse().expect("a value"));
        let guard = Guard::new(2, vec![ip("10.0.0.1"), ip("10.0.0.2")]);
        assert_eq!(guard.visitor(ip("10.0.0.1"), &headers), ip("203.0.113.9"));
        assert_eq!(guard.visitor(ip("192.0.2.1"), &headers), ip("192.0.2.1"), "whoever else says so may lie");
        headers.insert("x-forwarded-for", "nonsense".parse().expect("a value"));
        assert_eq!(guard.visitor(ip("10.0.0.1"), &headers), ip("10.0.0.1"));
    }
}
