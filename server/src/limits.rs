//! What one client network may do, and one account.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use foldhash::quality::RandomState;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};
use ipnet::IpNet;

use crate::{identity::Account, problem::Problem, settings::Settings};

/// How often one client network, and one account, may do what costs the relay something, or what a guesser
/// would do.
pub struct Limits {
    networks: Buckets<IpNet>,
    accounts: Buckets<Account>,
    failures: Bucket<IpNet>,
}

impl Limits {
    /// Full buckets for everyone. What is taken comes back one by one within the lifetime of what it stands
    /// for, so that the open ones are bounded too.
    pub fn new(settings: &Settings) -> Self {
        let mailbox_lifetime = settings.capacity.join_ttl + settings.capacity.transfer_ttl;
        let deposit_lifetime = settings.capacity.deposit_ttl;
        Self {
            networks: Buckets {
                openings: Bucket::new(settings.network_mailboxes, mailbox_lifetime),
                deposits: Bucket::new(settings.network_deposits, deposit_lifetime),
                joins: Bucket::new(settings.network_joins, mailbox_lifetime),
            },
            accounts: Buckets {
                openings: Bucket::new(settings.account_mailboxes, mailbox_lifetime),
                deposits: Bucket::new(settings.account_deposits, deposit_lifetime),
                joins: Bucket::new(settings.account_joins, mailbox_lifetime),
            },
            failures: Bucket::new(settings.network_joins, mailbox_lifetime),
        }
    }

    pub(crate) fn opening(&self, network: IpNet, account: Option<&Account>) -> Result<(), Problem> {
        let (accounts, networks) = (&self.accounts.openings, &self.networks.openings);
        take_both(accounts, account, networks, network)
            .map_err(|retry_after| Problem::TooManyMailboxes { retry_after })
    }

    pub(crate) fn deposit(&self, network: IpNet, account: Option<&Account>) -> Result<(), Problem> {
        let (accounts, networks) = (&self.accounts.deposits, &self.networks.deposits);
        take_both(accounts, account, networks, network)
            .map_err(|retry_after| Problem::TooManyMailboxes { retry_after })
    }

    pub(crate) fn join(&self, network: IpNet, account: Option<&Account>) -> Result<(), Problem> {
        let (accounts, networks) = (&self.accounts.joins, &self.networks.joins);
        take_both(accounts, account, networks, network)
            .map_err(|retry_after| Problem::TooManyJoins { retry_after })
    }

    /// Whether a failure may be noted, or after how long.
    pub(crate) fn failure(&self, network: IpNet) -> Result<(), Duration> {
        self.failures.take(&network)
    }

    /// Forgets those whose buckets are full again.
    pub(crate) fn tidy(&self) {
        self.networks.tidy();
        self.accounts.tidy();
        self.failures.limiter.retain_recent();
    }
}

/// The account's comes first: whoever has used up their own takes nothing from those who share the network.
fn take_both(
    accounts: &Bucket<Account>,
    account: Option<&Account>,
    networks: &Bucket<IpNet>,
    network: IpNet,
) -> Result<(), Duration> {
    if let Some(account) = account {
        accounts.take(account)?;
    }
    networks.take(&network)
}

struct Buckets<K: Hash + Eq + Clone> {
    openings: Bucket<K>,
    deposits: Bucket<K>,
    joins: Bucket<K>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn tidy(&self) {
        for bucket in [&self.openings, &self.deposits, &self.joins] {
            bucket.limiter.retain_recent();
        }
    }
}

struct Bucket<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K, RandomState>, DefaultClock>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Bucket<K> {
    fn new(count: NonZeroU32, lifetime: Duration) -> Self {
        let period = (lifetime / count.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(period)
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(count);
        let (clock, hasher) = (DefaultClock::default(), RandomState::default());
        Self {
            limiter: RateLimiter::dashmap_with_clock_and_hasher(quota, clock.clone(), hasher),
            clock,
        }
    }

    /// Takes one, or says after how long there is one again.
    fn take(&self, key: &K) -> Result<(), Duration> {
        self.limiter.check_key(key).map_err(|refused| {
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
