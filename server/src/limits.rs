//! What one client network may do.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};
use ipnet::IpNet;

use crate::problem::Problem;

/// How many mailboxes one client network may open: a token bucket that refills over the lifetime
/// of a mailbox, so that it bounds the open ones too.
pub struct Limits {
    openings: DefaultKeyedRateLimiter<IpNet>,
    clock: DefaultClock,
}

impl Limits {
    /// `mailboxes` at once, refilled one by one within `lifetime`.
    pub fn new(mailboxes: NonZeroU32, lifetime: Duration) -> Self {
        let period = (lifetime / mailboxes.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(period)
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(mailboxes);
        Self {
            openings: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    pub(crate) fn opening(&self, network: IpNet) -> Result<(), Problem> {
        self.openings.check_key(&network).map_err(|refused| {
            let retry_after = refused.wait_time_from(self.clock.now()) + Duration::from_millis(999);
            Problem::TooManyMailboxes { retry_after }
        })
    }

    /// Forgets the networks whose bucket is full again.
    pub(crate) fn tidy(&self) {
        self.openings.retain_recent();
    }
}

/// The network that is counted as one client: an IPv4 address, an IPv6 /64.
pub(crate) fn network(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    let prefix = if address.is_ipv4() { 32 } else { 64 };
    IpNet::new(address, prefix).map_or_else(|_| IpNet::from(address), |network| network.trunc())
}
