//! Whole transfers at several servers, by turns.

use crate::{
    measure::{Cost, Load, Way, transfers},
    redis::Redis,
    server::Server,
};

/// Whatever else a machine does only adds, and where a process happens to lie in memory is luck: of these many, each
/// with new processes, the best counts.
const ROUNDS: usize = 5;

pub(crate) struct Contestant<'s> {
    name: &'static str,
    start: Box<dyn Fn() -> Running + 's>,
    way: Way,
    /// The load's transfers are this many times as many as those that it is given.
    slower: usize,
}

/// A server, and the Redis where it keeps what it is given, which is stopped after it.
struct Running {
    server: Server,
    redis: Option<Redis>,
}

impl<'s> Contestant<'s> {
    pub(crate) fn new(name: &'static str, way: Way, start: impl Fn() -> Server + 's) -> Self {
        Self::of(name, way, move || Running {
            server: start(),
            redis: None,
        })
    }

    pub(crate) fn with_redis(
        name: &'static str,
        way: Way,
        start: impl Fn(&Redis) -> Server + 's,
    ) -> Self {
        Self::of(name, way, move || {
            let redis = Redis::start();
            Running {
                server: start(&redis),
                redis: Some(redis),
            }
        })
    }

    fn of(name: &'static str, way: Way, start: impl Fn() -> Running + 's) -> Self {
        Self {
            name,
            start: Box::new(start),
            way,
            slower: 1,
        }
    }

    /// The same with fewer transfers.
    pub(crate) fn slower(self, slower: usize) -> Self {
        Self { slower, ..self }
    }

    async fn round(&self, load: &Load) -> Cost {
        let running = (self.start)();
        let load = Load {
            transfers: load.transfers.div_ceil(self.slower),
            ..*load
        };
        transfers(&running.server, running.redis.as_ref(), self.way, &load).await
    }
}

/// Has each in turn make its transfers, and prints and yields what the best round of each has cost.
pub(crate) async fn contest(contestants: &[Contestant<'_>], load: &Load) -> Vec<Cost> {
    let mut best: Vec<Option<Cost>> = contestants.iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for (contestant, best) in contestants.iter().zip(&mut best) {
            let cost = contestant.round(load).await;
            *best = Some(best.map_or(cost, |best| best.or_better(cost)));
        }
    }
    println!("server | transfers/s | CPU µs a transfer | Redis CPU µs a transfer");
    let best: Vec<Cost> = best.into_iter().flatten().collect();
    for (Contestant { name, .. }, cost) in contestants.iter().zip(&best) {
        let of_redis = cost
            .redis_cpu
            .map_or(String::new(), |it| format!("{it:.0}"));
        println!("{name} | {:.0} | {:.0} | {of_redis}", cost.rate, cost.cpu);
    }
    best
}
