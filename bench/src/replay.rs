//! What Redis does for a transfer, beside the same commands by themselves.

use std::collections::BTreeMap;

use crate::{
    measure::{self, Load, Way},
    redis::Redis,
    resp::Command,
    server::Server,
};

const MARK: &str = "naru-bench: that was all";
/// Transfers that are recorded.
const RECORDED: usize = 1_000;
const ROUNDS: usize = 5;

/// Microseconds of Redis's processor time for a transfer: each the least of several rounds, since whatever else
/// runs only adds to it.
pub(crate) struct Replay {
    /// While the relay works.
    pub(crate) of_the_relay: f64,
    /// Commands of the relay for a transfer.
    pub(crate) commands: f64,
    /// How many of each name.
    pub(crate) names: BTreeMap<String, f64>,
    /// For what is done beside it.
    pub(crate) beside: Vec<Beside>,
    /// How many of the relay's commands Redis found at once, on average, whenever it read.
    pub(crate) at_once: f64,
}

/// The commands that the relay has sent, its scripts' calls among them; or, in place of each script, the plain ones
/// that it has given.
pub(crate) struct Beside {
    pub(crate) name: &'static str,
    pub(crate) commands: f64,
    pub(crate) cpu: f64,
}

pub(crate) async fn replay(start: impl Fn(&Redis) -> Server, load: &Load) -> Replay {
    let redis = Redis::start();
    let relay = start(&redis);
    let transfers = async |transfers| {
        let load = Load { transfers, ..*load };
        measure::transfers(&relay, None, Way::Relay, &load).await
    };
    // Scripts are loaded, and connections made.
    transfers(RECORDED).await;
    let reads = redis.info("total_reads_processed");
    transfers(RECORDED).await;
    let reads = (redis.info("total_reads_processed") - reads) / RECORDED as f64;

    redis.empty();
    let recorded = redis.connect().monitor(MARK);
    let recorded = tokio::task::spawn_blocking(recorded);
    transfers(RECORDED).await;
    redis.connect().call(&[b"ECHO", MARK.as_bytes()]);
    let recorded = recorded.await.expect("it is recorded");
    let keys = redis.keys();
    let sent = recorded.iter().filter(|it| !it.is_of_a_script);
    let sent: Vec<&Command> = sent.collect();
    let plain = recorded.iter().filter(|it| !it.runs_a_script());
    let plain: Vec<&Command> = plain.collect();
    let a_transfer = |commands: &[&Command]| commands.len() as f64 / RECORDED as f64;
    let mut names = BTreeMap::new();
    for command in &sent {
        *names.entry(command.name.clone()).or_default() += 1.0 / RECORDED as f64;
    }
    let at_once = (a_transfer(&sent) / reads).max(1.0);

    let ways = [
        ("the same commands, as many at once", &sent, at_once),
        (
            "the plain commands in them, as many at once",
            &plain,
            at_once,
        ),
        ("the same commands, one at a time", &sent, 1.0),
        ("the plain commands in them, one at a time", &plain, 1.0),
    ];
    let mut of_the_relay = f64::INFINITY;
    let mut beside: Vec<Beside> = ways
        .iter()
        .map(|(name, commands, _)| Beside {
            name,
            commands: a_transfer(commands),
            cpu: f64::INFINITY,
        })
        .collect();
    for _ in 0..ROUNDS {
        // By turns, since the machine is not as fast at every moment.
        let count = load.transfers.div_ceil(ROUNDS);
        redis.empty();
        let before = redis.own_cpu();
        transfers(count).await;
        of_the_relay = of_the_relay.min((redis.own_cpu() - before) / count as f64);
        for (beside, (_, commands, at_once)) in beside.iter_mut().zip(&ways) {
            let cpu = cost(&redis, commands, *at_once, keys);
            beside.cpu = beside.cpu.min(cpu);
        }
    }
    Replay {
        of_the_relay,
        commands: a_transfer(&sent),
        names,
        beside,
        at_once,
    }
}

/// For a transfer, when so many commands are sent at once over one connection, and their answers awaited. They
/// leave as many keys as when the relay sent them, or have not done the same.
fn cost(redis: &Redis, commands: &[&Command], at_once: f64, keys: usize) -> f64 {
    redis.empty();
    let mut connection = redis.connect();
    let mut batches = Vec::new();
    let (mut due, mut left) = (0.0, commands);
    while !left.is_empty() {
        // Whole numbers whose mean is the one wanted.
        due += at_once;
        let (batch, rest) = left.split_at((due as usize).min(left.len()));
        due -= batch.len() as f64;
        left = rest;
        let bytes: Vec<u8> = batch.iter().flat_map(|it| &it.bytes).copied().collect();
        batches.push((bytes, batch.len()));
    }
    let before = redis.own_cpu();
    for (bytes, count) in batches {
        connection.send(&bytes);
        (0..count).for_each(|_| connection.skip());
    }
    let spent = redis.own_cpu() - before;
    assert_eq!(redis.keys(), keys, "keys after the replay");
    spent / RECORDED as f64
}
