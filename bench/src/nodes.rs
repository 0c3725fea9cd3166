//! How much more several nodes on one Redis do than one.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::sleep};

use crate::{cgroup::Cgroup, client::Client, redis::Redis, server::Server, transfer::Transfer};

/// Of one processor, for each node: so little that Redis, the clients and whatever else runs have enough.
pub(crate) const SHARE: f64 = 0.15;
/// Transfers at once for each node: so many that none is without work while the other side has its turn, and so
/// few that none is answered too late.
const AT_ONCE: usize = 128;
const FIRST: Duration = Duration::from_secs(2);
const LASTS: Duration = Duration::from_secs(8);
/// By turns, each with new processes; the best counts, as with whole transfers.
const ROUNDS: usize = 3;

/// What so many nodes do together.
pub(crate) struct Work {
    /// Transfers a second.
    pub(crate) rate: f64,
    /// Which part of a processor a node has used: less than its share where it was short of work.
    pub(crate) used: f64,
    /// Microseconds of processor time of all nodes together for a transfer.
    pub(crate) cpu: f64,
    /// Of Redis.
    pub(crate) redis_cpu: f64,
}

/// A relay, and its share, which is given back after it has ended.
struct Node {
    server: Server,
    _share: Cgroup,
}

impl Node {
    fn limited(server: Server) -> io::Result<Self> {
        Ok(Self {
            _share: Cgroup::limit(server.id(), SHARE)?,
            server,
        })
    }
}

/// At which nodes the two sides of a transfer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sides {
    /// Both at the same one.
    Together,
    /// As a balancer spreads connections: as often at any two as at one.
    Anywhere,
    /// At two, as far as there are.
    Apart,
}

/// How many nodes there are, and where the sides of a transfer.
pub(crate) type Arrangement = (usize, Sides);

/// What each of several arrangements does at its best.
///
/// # Errors
/// What the system says, where processes cannot be limited.
pub(crate) async fn contest(
    arrangements: &[Arrangement],
    start: impl Fn(&Redis) -> Server,
    bytes: usize,
) -> io::Result<Vec<Work>> {
    let mut best: Vec<Option<Work>> = arrangements.iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for ((count, sides), best) in arrangements.iter().zip(&mut best) {
            let work = work(&start, *count, *sides, bytes).await?;
            if best.as_ref().is_none_or(|best| best.rate < work.rate) {
                *best = Some(work);
            }
        }
    }
    Ok(best.into_iter().flatten().collect())
}

/// Transfers of so many nodes that share a Redis.
async fn work(
    start: impl Fn(&Redis) -> Server,
    count: usize,
    sides: Sides,
    bytes: usize,
) -> io::Result<Work> {
    let redis = Redis::start();
    let nodes = (0..count).map(|_| Node::limited(start(&redis)));
    let nodes = nodes.collect::<io::Result<Vec<_>>>()?;
    let done = Arc::new(AtomicU64::new(0));
    let mut pairs = JoinSet::new();
    let at_once = AT_ONCE * count;
    for pair in 0..at_once {
        let address = |at: usize| nodes[at % count].server.address.clone();
        let other = match sides {
            Sides::Together => pair,
            Sides::Anywhere => pair / count,
            Sides::Apart => pair + 1,
        };
        let (ours, theirs) = (address(pair), address(other));
        let done = Arc::clone(&done);
        pairs.spawn(async move {
            let mut ours = Client::connect(&ours).await;
            let mut theirs = Client::connect(&theirs).await;
            for number in 0.. {
                let transfer = Transfer::new((number * at_once + pair) as u64);
                transfer.cross(&mut ours, &mut theirs, bytes).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    sleep(FIRST).await;
    let cpu = || nodes.iter().map(|it| it.server.cpu()).sum::<f64>();
    let figures = || (done.load(Ordering::Relaxed), cpu(), redis.own_cpu());
    let (began, before) = (Instant::now(), figures());
    sleep(LASTS).await;
    let (seconds, after) = (began.elapsed().as_secs_f64(), figures());
    let transfers = (after.0 - before.0) as f64;
    let used = after.1 - before.1;
    let work = Work {
        rate: transfers / seconds,
        used: used / 1e6 / seconds / count as f64,
        cpu: used / transfers,
        redis_cpu: (after.2 - before.2) / transfers,
    };
    assert!(pairs.try_join_next().is_none(), "a transfer has failed");
    pairs.shutdown().await;
    Ok(work)
}
