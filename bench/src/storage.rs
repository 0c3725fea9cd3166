//! What is stored for a byte of a bundle that nobody has read yet.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    client::Client,
    redis::Redis,
    server::Server,
    transfer::{NOTHING, Transfer},
};

/// Mailboxes that are opened first, so that what the process takes once is not counted.
const FIRST: usize = 200;

/// Bytes that are held for each byte of a bundle.
pub(crate) struct Storage {
    /// With the mailbox and the scanner's first frame.
    pub(crate) of_everything: f64,
    /// What there is more than with mailboxes that hold no bundle.
    pub(crate) of_the_bundle: f64,
}

impl Storage {
    /// What a relay takes that keeps mailboxes in memory.
    pub(crate) async fn in_memory(
        start: impl Fn() -> Server,
        mailboxes: usize,
        bytes: usize,
    ) -> Self {
        let mut grown = [0.0; 2];
        for (grown, bundle) in grown.iter_mut().zip([None, Some(bytes)]) {
            let relay = start();
            *grown = growth(&relay, || relay.memory() * 1024.0, mailboxes, bundle).await;
        }
        Self::of(grown, mailboxes * bytes)
    }

    /// What a Redis takes.
    pub(crate) async fn in_redis(
        start: impl Fn(&Redis) -> Server,
        mailboxes: usize,
        bytes: usize,
    ) -> Self {
        let mut grown = [0.0; 2];
        for (grown, bundle) in grown.iter_mut().zip([None, Some(bytes)]) {
            let redis = Redis::start();
            let relay = start(&redis);
            let used = || redis.info("used_memory");
            *grown = growth(&relay, used, mailboxes, bundle).await;
        }
        Self::of(grown, mailboxes * bytes)
    }

    fn of([without, with]: [f64; 2], bytes: usize) -> Self {
        Self {
            of_everything: with / bytes as f64,
            of_the_bundle: (with - without) / bytes as f64,
        }
    }
}

/// By how many bytes the memory grows with so many mailboxes, each with a bundle or without.
async fn growth(
    relay: &Server,
    used: impl Fn() -> f64,
    mailboxes: usize,
    bundle: Option<usize>,
) -> f64 {
    let mut client = Client::connect(&relay.address).await;
    fill(&mut client, 0..FIRST, bundle).await;
    sleep(Duration::from_secs(1)).await;
    let before = used();
    fill(&mut client, FIRST..FIRST + mailboxes, bundle).await;
    sleep(Duration::from_secs(1)).await;
    used() - before
}

async fn fill(client: &mut Client, numbers: std::ops::Range<usize>, bundle: Option<usize>) {
    for number in numbers {
        let transfer = Transfer::new(number as u64);
        transfer.open(client).await;
        transfer.join(client, NOTHING).await;
        if let Some(bytes) = bundle {
            let by = &transfer.displayer;
            transfer.write(client, by, 1, bytes, (0, NOTHING)).await;
        }
    }
}
