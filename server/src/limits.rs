//! What one client network may do.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};
use ipnet::IpNet;

use crate::problem::Problem;

/// How often one client network may do what costs the relay something, or what a guesser would do.
pub struct Limits {
    openings: Bucket,
    deposits: Bucket,
    joins: Bucket,
    failures: Bucket,
}

/// How many of each a client network has at once; they come back one by one within the lifetime of what
/// they stand for, so that the open ones are bounded too.
pub struct Quotas {
    /// Mailboxes.
    pub mailboxes: NonZeroU32,
    /// Attempts to join one.
    pub joins: NonZeroU32,
    /// How long a mailbox lives.
    pub mailbox_lifetime: Duration,
    /// Deposits.
    pub deposits: NonZeroU32,
    /// How long one is kept at most.
    pub deposit_lifetime: Duration,
}

impl Limits {
    /// Full buckets for everyone.
    pub fn new(quotas: &Quotas) -> Self {
        Self {
            openings: Bucket::new(quotas.mailboxes, quotas.mailbox_lifetime),
            deposits: Bucket::new(quotas.deposits, quotas.deposit_lifetime),
            joins: Bucket::new(quotas.joins, quotas.mailbox_lifetime),
            failures: Bucket::new(quotas.joins, quotas.mailbox_lifetime),
        }
    }

    pub(crate) fn opening(&self, network: IpNet) -> Result<(), Problem> {
        self.openings
            .take(network)
            .map_err(|retry_after| Problem::TooManyMailboxes { retry_after })
    }

    pub(crate) fn deposit(&self, network: IpNet) -> Result<(), Problem> {
        self.deposits
            .take(network)
            .map_err(|retry_after| Problem::TooManyMailboxes { retry_after })
    }

    pub(crate) fn join(&self, network: IpNet) -> Result<(), Problem> {
        self.joins
            .take(network)
            .map_err(|retry_after| Problem::TooManyJoins { retry_after })
    }

    /// Whether a failure may be noted, or after how long.
    pub(crate) fn failure(&self, network: IpNet) -> Result<(), Duration> {
        self.failures.take(network)
    }

    /// Forgets the networks whose buckets are full again.
    pub(crate) fn tidy(&self) {
        for bucket in [&self.openings, &self.deposits, &self.joins, &self.failures] {
            bucket.limiter.retain_recent();
        }
    }
}

struct Bucket {
    limiter: DefaultKeyedRateLimiter<IpNet>,
    clock: DefaultClock,
}

impl Bucket {
    fn new(count: NonZeroU32, lifetime: Duration) -> Self {
        let period = (lifetime / count.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(period)
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(count);
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one, or says after how long there is one again.
    fn take(&self, network: IpNet) -> Result<(), Duration> {
        self.limiter.check_key(&network).map_err(|refused| {
            refused.wait_time_from(self.clock.now()) + Duration::from_millis(999)
        })
    }
}

/// The network that is counted as one client: an IPv4 address, an IPv6 /64.
pub(crate) fn network(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    let prefix = if address.is_ipv4() { 32 } else { 64 };
    IpNet::new(address, prefix).map_or_else(|_| IpNet::from(address), |network| network.trunc())
}
