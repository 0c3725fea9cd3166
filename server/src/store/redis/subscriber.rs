//! Hears from other relays that a mailbox has changed for which somebody waits here.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use redis::aio::PubSub;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    link::{Current, Link},
    node::{Node, channel},
    servers::Servers,
};

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const BEAT_EVERY: Duration = Duration::from_millis(500);
/// Without a beat for so long, nothing else comes through either.
const SILENCE: Duration = Duration::from_millis(1_700);
const PAUSE: Duration = Duration::from_millis(100);

/// Wakes this node's waiters for as long as the task runs, over connections of its own: in a Cluster, a subscription that
/// shares one with commands was seen to cross their answers.
pub(super) async fn listen(servers: Arc<Servers>, link: Link, node: Node) {
    let mut current = link.follow();
    let channel = channel(node.name());
    for turn in 0.. {
        let connection = current.borrow_and_update().connection.clone();
        let subscription = servers.subscribe(&connection, turn, &channel);
        let subscription = tokio::select! {
            subscription = timeout(CONNECT_WITHIN, subscription) => subscription,
            // A master that hangs is left as soon as there is another.
            Ok(()) = current.changed() => continue,
        };
        if let Ok(Ok(subscription)) = subscription {
            node.wake_all();
            until_silent(subscription, &channel, &link, &mut current, &node).await;
        }
        sleep(PAUSE).await;
    }
}

/// A subscription that leads nowhere looks as if nothing happened: the node sends itself beats, over the
/// link that the other nodes' messages come from.
async fn until_silent(
    mut subscription: PubSub,
    channel: &str,
    link: &Link,
    current: &mut watch::Receiver<Current>,
    node: &Node,
) {
    let mut messages = subscription.on_message();
    let mut beats = interval(BEAT_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            message = messages.next() => {
                let Some(message) = message else { return };
                heard = Instant::now();
                node.hear(message.get_payload_bytes());
            }
            _ = beats.tick() => {
                if heard.elapsed() > SILENCE {
                    tracing::warn!("nothing is heard of changes");
                    return;
                }
                let (link, channel) = (link.clone(), channel.to_owned());
                tokio::spawn(async move {
                    let beat = redis::cmd("PUBLISH").arg(channel).arg("").clone();
                    // A beat that is not sent is not heard.
                    let _ = timeout(BEAT_EVERY, link.command(&beat)).await;
                });
            }
            changed = current.changed() => {
                // Another master, or one that has forgotten; or nobody looks after the link any more.
                if changed.is_err() {
                    sleep(SILENCE).await;
                }
                return;
            }
        }
    }
}
