//! Hears from Redis which mailboxes have changed.

use std::time::Duration;

use futures_util::StreamExt;
use redis::{Client, RedisResult, aio::PubSub};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::store::Wakers;

/// The channel on which every node says whose mailbox it has changed.
pub(super) const CHANNEL: &str = "naru:changed";

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const PING_EVERY: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Wakes this node's waiters for as long as the task runs, over connections of its own.
pub(super) async fn listen(client: Client, wakers: Wakers) {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(Ok(subscription)) = timeout(CONNECT_WITHIN, subscribe(&client)).await {
            pause = FIRST_PAUSE;
            // What changed while nobody listened was not heard.
            wakers.wake_all();
            until_lost(subscription, &wakers).await;
            tracing::warn!("the connection that hears of changes was lost");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn subscribe(client: &Client) -> RedisResult<PubSub> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    Ok(subscription)
}

/// A connection that is cut without a word answers no ping.
async fn until_lost(subscription: PubSub, wakers: &Wakers) {
    let (mut sink, mut messages) = subscription.split();
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = messages.next() => match message {
                None => return,
                Some(message) => {
                    let name = std::str::from_utf8(message.get_payload_bytes());
                    if let Some(id) = name.ok().and_then(|name| name.parse().ok()) {
                        wakers.wake(&id);
                    }
                }
            },
            _ = pings.tick() => {
                let pong: Result<RedisResult<redis::Value>, _> =
                    timeout(CONNECT_WITHIN, sink.ping()).await;
                if !matches!(pong, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}
