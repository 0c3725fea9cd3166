//! What transfers and notifications cost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use naru_core::mailbox::OCTET_STREAM;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    client::{Call, Client},
    peers,
    redis::Redis,
    server::Server,
    transfer::{NOTHING, SMALL, Transfer},
};

/// Requests of one transfer, by the bytes that come and go.
const REQUESTS: usize = 8;

pub(crate) struct Load {
    pub(crate) transfers: usize,
    pub(crate) at_once: usize,
    pub(crate) bytes: usize,
    pub(crate) waiters: usize,
    pub(crate) notifications: usize,
    pub(crate) mailboxes: usize,
    pub(crate) leaving: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) rate: f64,
    pub(crate) cpu: f64,
    /// Of Redis, where there is one.
    pub(crate) redis_cpu: Option<f64>,
}

impl Cost {
    /// The best of both in everything.
    pub(crate) fn or_better(&self, other: Self) -> Self {
        Self {
            rate: self.rate.max(other.rate),
            cpu: self.cpu.min(other.cpu),
            redis_cpu: self.redis_cpu.zip(other.redis_cpu).map(|(a, b)| a.min(b)),
        }
    }
}

/// How many there have been: no two have the same number, since servers remember.
static TRANSFERS: AtomicU64 = AtomicU64::new(0);

/// What a server is asked to do for one transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// As many requests and bytes, to a server that keeps nothing.
    Floor,
    Relay,
    Nchan,
    Wormhole,
}

/// Whole transfers between two devices at one server.
pub(crate) async fn transfers(
    server: &Server,
    redis: Option<&Redis>,
    way: Way,
    load: &Load,
) -> Cost {
    let next = Arc::new(AtomicUsize::new(0));
    let before = (server.cpu(), redis.map(Redis::cpu));
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..load.at_once {
        let (next, address) = (Arc::clone(&next), server.address.clone());
        let (transfers, bytes) = (load.transfers, load.bytes);
        workers.spawn(async move {
            let mut ours = Client::connect(&address).await;
            let mut theirs = Client::connect(&address).await;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= transfers {
                    return;
                }
                let unique = TRANSFERS.fetch_add(1, Ordering::Relaxed);
                match way {
                    Way::Floor => nothing([&mut ours, &mut theirs], bytes).await,
                    Way::Relay => {
                        let transfer = Transfer::new(unique);
                        transfer.cross(&mut ours, &mut theirs, bytes).await;
                    }
                    Way::Nchan => peers::nchan(&mut ours, &mut theirs, unique, bytes).await,
                    Way::Wormhole => peers::wormhole(&address, unique, bytes).await,
                }
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.expect("it does not panic");
    }
    let count = load.transfers as f64;
    Cost {
        rate: count / began.elapsed().as_secs_f64(),
        cpu: (server.cpu() - before.0) / count,
        redis_cpu: redis
            .map(Redis::cpu)
            .zip(before.1)
            .map(|(after, before)| (after - before) / count),
    }
}

async fn nothing(clients: [&mut Client; 2], bytes: usize) {
    let body = vec![0; bytes.max(SMALL)];
    for request in 0..REQUESTS {
        let client = &mut *clients[request % 2];
        let (sent, got) = match request {
            4 => (SMALL, bytes),
            5 => (bytes, SMALL),
            _ => (SMALL, SMALL),
        };
        let path = format!("/?bytes={got}");
        client
            .call(&Call {
                method: "PUT",
                path: &path,
                authorization: "Bearer x",
                media_type: OCTET_STREAM,
                body: &body[..sent],
            })
            .await;
    }
}

/// From the moment at which one side writes until the other has it, in microseconds: p50 and p99.
pub(crate) async fn notifications(writer: &Server, reader: &Server, load: &Load) -> [u128; 2] {
    const LANE: usize = 30;
    let (mut ours, mut theirs) = (
        Client::connect(&writer.address).await,
        Client::connect(&reader.address).await,
    );
    let mut took = Vec::new();
    for number in 0..load.notifications.div_ceil(LANE) {
        let transfer = Transfer::new(number as u64);
        transfer.open(&mut ours).await;
        transfer.join(&mut theirs, NOTHING).await;
        for frame in 1..=LANE as u16 {
            transfer
                .ask(&mut theirs, &transfer.scanner, frame - 1)
                .await;
            // Until it is parked.
            sleep(Duration::from_millis(2)).await;
            let began = Instant::now();
            let written = transfer.write(&mut ours, &transfer.displayer, frame, 100, (0, NOTHING));
            let heard = async {
                assert_eq!(theirs.answer().await, 200);
                began.elapsed().as_micros()
            };
            took.push(tokio::join!(written, heard).1);
        }
    }
    took.sort_unstable();
    [took[took.len() / 2], took[took.len() * 99 / 100]]
}
