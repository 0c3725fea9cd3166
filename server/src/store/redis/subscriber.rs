//! Hears from other relays that a mailbox has changed for which somebody waits here.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use naru_core::mailbox::{FrameNumber, TokenHash};
use redis::aio::PubSub;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    link::{Current, Link},
    servers::Servers,
};
use crate::store::{Handed, Wakers};

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const BEAT_EVERY: Duration = Duration::from_millis(500);
/// Without a beat for so long, nothing else comes through either.
const SILENCE: Duration = Duration::from_millis(1_700);
const PAUSE: Duration = Duration::from_millis(100);

/// Wakes this node's waiters for as long as the task runs, over connections of its own: a subscription
/// that shares one with commands was seen to cross their answers.
pub(super) async fn listen(servers: Arc<Servers>, link: Link, channel: String, wakers: Wakers) {
    let mut current = link.follow();
    for turn in 0.. {
        let connection = current.borrow_and_update().connection.clone();
        let subscription = servers.subscribe(&connection, turn, &channel);
        let subscription = tokio::select! {
            subscription = timeout(CONNECT_WITHIN, subscription) => subscription,
            // A master that hangs is left as soon as there is another.
            Ok(()) = current.changed() => continue,
        };
        if let Ok(Ok(subscription)) = subscription {
            // What changed while nobody listened was not heard; what a failover forgot has changed too.
            wakers.wake_all();
            until_silent(subscription, &link, &mut current, &channel, &wakers).await;
        }
        sleep(PAUSE).await;
    }
}

/// A subscription that leads nowhere looks as if nothing happened: the node sends itself beats, over the
/// link that the other nodes' messages come from.
async fn until_silent(
    mut subscription: PubSub,
    link: &Link,
    current: &mut watch::Receiver<Current>,
    channel: &str,
    wakers: &Wakers,
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
                pass_on(message.get_payload_bytes(), wakers);
            }
            _ = beats.tick() => {
                if heard.elapsed() > SILENCE {
                    tracing::warn!("nothing is heard of changes");
                    return;
                }
                let (link, channel) = (link.clone(), channel.to_owned());
                tokio::spawn(async move {
                    let beat = redis::cmd("PUBLISH").arg(&channel).arg("").clone();
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

/// What `wake.lua` publishes; a beat is empty.
fn pass_on(message: &[u8], wakers: &Wakers) {
    let Some((name, handed)) = message.split_at_checked(NAME) else {
        return;
    };
    let Some(id) = std::str::from_utf8(name)
        .ok()
        .and_then(|it| it.parse().ok())
    else {
        return;
    };
    match Addressed::parse(handed) {
        Some(Addressed { reader, handed }) => wakers.hand(&id, reader, &handed),
        None => wakers.wake(&id),
    }
}

/// Characters of a mailbox's name.
const NAME: usize = 22;

/// A frame, and who has waited for it.
struct Addressed {
    reader: TokenHash,
    handed: Handed,
}

impl Addressed {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (reader, rest) = bytes.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (left, frame) = rest.split_first_chunk()?;
        Some(Self {
            reader: TokenHash::from_bytes(*reader),
            handed: Handed {
                number: FrameNumber::new(u16::from_le_bytes(*number))?,
                frame: Bytes::copy_from_slice(frame),
                expires_in: Duration::from_millis(u64::from_le_bytes(*left)),
            },
        })
    }
}
