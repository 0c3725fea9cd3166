//! What a transfer, a waiting client and a notification cost, beside a server that does nothing and a
//! Redis by itself, in one run: `cargo xtask bench`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measurement that cannot be made is none"
)]

mod client;
mod floor;
mod measure;
mod server;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::{measure::Load, server::Server};

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
        /// Transfers of one measurement.
        #[arg(long, default_value_t = 20_000)]
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
    },
    /// Answers every request with as many bytes as it asks for, and keeps nothing.
    Floor,
}

fn main() {
    match Arguments::parse().what {
        What::Floor => floor::serve(),
        What::Run {
            relay,
            transfers,
            at_once,
            bytes,
            waiters,
            notifications,
        } => {
            let load = Load {
                transfers,
                at_once,
                bytes,
                waiters,
                notifications,
            };
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(run(&relay, &load));
        }
    }
}

async fn run(relay: &std::path::Path, load: &Load) {
    let redis = server::Redis::start();
    let floor = Server::floor();
    let memory = Server::relay(relay, "memory");
    let stored = Server::relay(relay, &redis.url());
    let other = Server::relay(relay, &redis.url());

    println!("server | transfers/s | CPU µs a transfer | Redis CPU µs a transfer");
    let bare = measure::floor(&floor, load).await;
    println!(
        "actix without a store | {:.0} | {:.0} |",
        bare.rate, bare.cpu
    );
    let in_memory = measure::transfers(&memory, &memory, None, load).await;
    println!(
        "relay, memory | {:.0} | {:.0} |",
        in_memory.rate, in_memory.cpu
    );
    let in_redis = measure::transfers(&stored, &stored, Some(&redis), load).await;
    println!(
        "relay, Redis | {:.0} | {:.0} | {:.0}",
        in_redis.rate, in_redis.cpu, in_redis.redis_cpu
    );
    println!(
        "ratio: memory ÷ floor, CPU: {:.2}",
        in_memory.cpu / bare.cpu
    );

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
    println!("actix | {:.1}", measure::idle(&floor, load).await);
    println!("relay, memory | {:.1}", measure::idle(&memory, load).await);
    println!("relay, Redis | {:.1}", measure::idle(&stored, load).await);

    println!("\nredis-benchmark of the same size");
    println!("{}", redis.benchmark(load.bytes));
}
