//! Whose request it is, behind proxies that the operator trusts.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use ipnet::IpNet;

use crate::limits;

/// The networks of the operator's own reverse proxies.
#[derive(Clone, Default)]
pub(crate) struct TrustedProxies(pub(crate) Vec<IpNet>);

impl TrustedProxies {
    /// The nearest address that is no trusted proxy: `X-Forwarded-For` is read from its end, and
    /// only as far as trusted proxies have written it.
    fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut hops = forwarded.iter().rev().flat_map(|header| header.rsplit(','));
        while self.0.iter().any(|proxy| proxy.contains(&client)) {
            match hops.next().map(|hop| hop.trim().parse::<IpAddr>()) {
                Some(Ok(address)) => client = address.to_canonical(),
                Some(Err(_)) | None => break,
            }
        }
        client
    }
}

/// The client's address.
#[derive(Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    /// Its network, as limits count it.
    pub(crate) fn network(self) -> IpNet {
        limits::network(self.0)
    }

    pub(crate) fn of(request: &HttpRequest) -> Self {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let proxies = request.app_data::<web::Data<TrustedProxies>>();
        let Some(proxies) = proxies.filter(|proxies| !proxies.0.is_empty()) else {
            return Self(peer.to_canonical());
        };
        let forwarded: Vec<&str> = request
            .headers()
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .collect();
        Self(proxies.client(peer, &forwarded))
    }
}

impl FromRequest for ClientAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies(proxies.iter().map(|proxy| proxy.parse().unwrap()).collect());
        proxies.client(peer.parse().unwrap(), forwarded).to_string()
    }

    #[test]
    fn ignores_the_header_of_anyone_who_is_no_trusted_proxy() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(
            client(&["10.0.0.0/8"], "192.0.2.1", &["198.51.100.7"]),
            "192.0.2.1"
        );
    }

    #[test]
    fn believes_trusted_proxies_from_the_end_of_the_header() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(
            client(&proxies, "10.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client(
                &proxies,
                "10.0.0.1",
                &["203.0.113.9, 198.51.100.7, 10.0.0.2"]
            ),
            "198.51.100.7"
        );
        assert_eq!(
            client(&proxies, "10.0.0.1", &["203.0.113.9", "198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client(&proxies, "10.0.0.1", &["198.51.100.7, nonsense"]),
            "10.0.0.1"
        );
        assert_eq!(
            client(&proxies, "::ffff:10.0.0.1", &["2001:db8::1"]),
            "2001:db8::1"
        );
    }

    #[test]
    fn counts_an_ipv6_subnet_as_one_client() {
        let network = |address: &str| limits::network(address.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("192.0.2.1"), "192.0.2.1/32");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1/32");
    }
}
