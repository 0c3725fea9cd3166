//! What a transfer, a waiting client and a notification cost, beside a server that does nothing, a Redis by
//! itself, and what others have for the same purpose, in one run: `cargo xtask bench`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measurement that cannot be made is none"
)]

mod cgroup;
mod client;
mod contest;
mod floor;
mod measure;
mod nodes;
mod peers;
mod redis;
mod replay;
mod resp;
mod server;
mod storage;
mod transfer;
mod waiting;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use self::{
    contest::{Contestant, contest},
    measure::{Cost, Load, Way},
    nodes::Sides,
    redis::Redis,
    replay::Beside,
    server::Server,
    storage::Storage,
};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measures everything and prints a table.
    Run {
        /// The program of the relay, optimised.
        #[arg(long)]
        relay: PathBuf,
        /// `twist` of a Python environment with `magic-wormhole-mailbox-server`; without it neither that server
        /// nor nchan is measured.
        #[arg(long, requires = "folder")]
        twist: Option<PathBuf>,
        /// Where the peers may write.
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Transfers of one round, of which there are five.
        #[arg(long, default_value_t = 10_000)]
        transfers: usize,
        /// Transfers at once.
        #[arg(long, default_value_t = 64)]
        at_once: usize,
        /// Bytes of a bundle.
        #[arg(long, default_value_t = 8_000)]
        bytes: usize,
        /// Clients that wait and do nothing else.
        #[arg(long, default_value_t = 2_000)]
        waiters: usize,
        /// Notifications, one after the other.
        #[arg(long, default_value_t = 5_000)]
        notifications: usize,
        /// Mailboxes that hold a bundle which nobody has read.
        #[arg(long, default_value_t = 2_000)]
        mailboxes: usize,
        /// Clients that hang up, or are waiting when the relay is stopped.
        #[arg(long, default_value_t = 500)]
        leaving: usize,
    },
    /// Answers every request with as many bytes as it asks for, and keeps nothing.
    Floor,
}

fn main() {
    match Arguments::parse().what {
        What::Floor => floor::serve(),
        What::Run {
            relay,
            twist,
            folder,
            transfers,
            at_once,
            bytes,
            waiters,
            notifications,
            mailboxes,
            leaving,
        } => {
            let load = Load {
                transfers,
                at_once,
                bytes,
                waiters,
                notifications,
                mailboxes,
                leaving,
            };
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let peers = twist.zip(folder);
            let peers = peers.map(|(twist, folder)| Peers { twist, folder });
            runtime.block_on(async {
                tokio::select! {
                    () = run(&relay, peers.as_ref(), &load) => {}
                    // What has been started is stopped then.
                    () = stopped() => eprintln!("stopped before its end"),
                }
            });
        }
    }
}

/// Resolves when the process is told to stop.
async fn stopped() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// The peers' programs.
struct Peers {
    /// `twist` of a Python environment with magic-wormhole's mailbox server.
    twist: PathBuf,
    /// Where they may write.
    folder: PathBuf,
}

impl Peers {
    fn contestants(&self) -> [Contestant<'_>; 3] {
        [
            Contestant::new("nchan, memory", Way::Nchan, || {
                Server::nchan(&self.folder, None)
            }),
            Contestant::with_redis("nchan, Redis", Way::Nchan, |redis| {
                Server::nchan(&self.folder, Some(redis))
            }),
            Contestant::new("magic-wormhole", Way::Wormhole, || {
                Server::wormhole(&self.twist, &self.folder)
            })
            .slower(50),
        ]
    }
}

async fn run(relay: &Path, peers: Option<&Peers>, load: &Load) {
    let mut contestants = vec![
        Contestant::new("actix without a store", Way::Floor, Server::floor),
        Contestant::new("relay, memory", Way::Relay, || {
            Server::relay(relay, "memory")
        }),
        Contestant::with_redis("relay, Redis", Way::Relay, |redis| {
            Server::relay(relay, &redis.url())
        }),
    ];
    contestants.extend(peers.into_iter().flat_map(Peers::contestants));
    ratios(&contest(&contestants, load).await);

    let redis = Redis::start();
    let floor = Server::floor();
    let memory = Server::relay(relay, "memory");
    let stored = Server::relay(relay, &redis.url());
    let other = Server::relay(relay, &redis.url());

    println!("\nnotify | p50 µs | p99 µs");
    for (name, writer, reader) in [
        ("memory", &memory, &memory),
        ("Redis", &stored, &stored),
        ("Redis, two nodes", &stored, &other),
    ] {
        let [p50, p99] = measure::notifications(writer, reader, load).await;
        println!("{name} | {p50} | {p99}");
    }

    println!("\nwaiters | KiB a waiter");
    for (name, server) in [
        ("actix", &floor),
        ("relay, memory", &memory),
        ("relay, Redis", &stored),
    ] {
        let size = waiting::memory(server, load.waiters).await;
        println!("{name} | {size:.1}");
    }
    drop((floor, memory, stored, other));

    leaving(relay, load).await;
    storage(relay, load).await;
    commands(relay, load).await;
    several_nodes(relay, load).await;

    println!("\nredis-benchmark of the same size");
    println!("{}", redis.benchmark(load.bytes));
}

async fn leaving(relay: &Path, load: &Load) {
    println!("\n{} clients that wait and leave | value", load.leaving);
    let server = Server::relay(relay, "memory");
    let (left, gone) = waiting::left_by_the_gone(&server, load.leaving).await;
    println!("left 2 s after they have hung up | {left}");
    println!("none left after, ms | {gone}");
    let [answered, ended] = waiting::drain(server, load.leaving).await;
    println!("SIGTERM until all are answered, ms | {answered}");
    println!("SIGTERM until the end, ms | {ended}");
}

async fn storage(relay: &Path, load: &Load) {
    println!("\nstored for a byte of a bundle | with its mailbox | the bundle's own");
    let in_memory = || Server::relay(relay, "memory");
    let in_redis = |redis: &Redis| Server::relay(relay, &redis.url());
    let memory = Storage::in_memory(in_memory, load.mailboxes, load.bytes).await;
    let redis = Storage::in_redis(in_redis, load.mailboxes, load.bytes).await;
    for (name, storage) in [("memory", memory), ("Redis", redis)] {
        let Storage {
            of_everything,
            of_the_bundle,
        } = storage;
        println!("{name} | {of_everything:.3} | {of_the_bundle:.3}");
    }
}

async fn commands(relay: &Path, load: &Load) {
    let replay = replay::replay(|redis| Server::relay(relay, &redis.url()), load).await;
    println!("\nRedis, for a transfer | commands | CPU µs | the relay ÷ this");
    let whole = replay.of_the_relay;
    println!("the relay | {:.1} | {whole:.0} |", replay.commands);
    for Beside {
        name,
        commands,
        cpu,
    } in &replay.beside
    {
        println!("{name} | {commands:.1} | {cpu:.0} | {:.2}", whole / cpu);
    }
    println!("commands that Redis finds at once | {:.1}", replay.at_once);
    for (name, count) in replay.names {
        println!("{name} | {count:.2}");
    }
}

async fn several_nodes(relay: &Path, load: &Load) {
    println!(
        "\nnodes with {} % of a processor each | transfers/s | ÷ one | used of a processor, each % | CPU µs a \
         transfer | Redis CPU µs a transfer",
        nodes::SHARE * 100.0
    );
    let arrangements = [
        (1, Sides::Together),
        (2, Sides::Together),
        (4, Sides::Together),
        (2, Sides::Anywhere),
        (4, Sides::Anywhere),
        (2, Sides::Apart),
        (4, Sides::Apart),
    ];
    let start = |redis: &Redis| Server::relay(relay, &redis.url());
    let works = match nodes::contest(&arrangements, start, load.bytes).await {
        Ok(works) => works,
        Err(error) => {
            println!("not measured, since processes cannot be limited here: {error}");
            return;
        }
    };
    let of_one = works.first().map_or(f64::NAN, |work| work.rate);
    for ((count, sides), work) in arrangements.iter().zip(&works) {
        let (ratio, used) = (work.rate / of_one, work.used * 100.0);
        let sides = match sides {
            Sides::Together => "sides together",
            Sides::Anywhere => "sides anywhere",
            Sides::Apart => "sides apart",
        };
        println!(
            "{count}, {sides} | {:.0} | {ratio:.2} | {used:.1} | {:.0} | {:.0}",
            work.rate, work.cpu, work.redis_cpu
        );
    }
}

/// Of the floor, the relay in memory and in Redis, and the peers where there are any.
fn ratios(costs: &[Cost]) {
    println!("\nratio | value");
    let [floor, memory, redis, peers @ ..] = costs else {
        return;
    };
    println!("memory ÷ floor, CPU | {:.2}", memory.cpu / floor.cpu);
    if let [nchan, nchan_redis, wormhole] = peers {
        for (name, relay, peer) in [
            ("memory ÷ nchan", memory, nchan),
            ("Redis ÷ nchan with Redis", redis, nchan_redis),
            ("memory ÷ magic-wormhole", memory, wormhole),
        ] {
            println!("{name}, transfers/s | {:.2}", relay.rate / peer.rate);
        }
    }
}
