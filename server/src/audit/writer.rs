//! Takes events from requests, which do not wait for the log.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    chain::Entry,
    event::Event,
    export::Export,
    store::{AuditStore, Trail},
};

/// How many events may wait while the store does not answer.
const WAITING: usize = 20_000;
const BATCH: usize = 2_000;
/// How long the writer lets events gather: to be woken by each of them costs more than to write it.
const GATHER: Duration = Duration::from_millis(20);
const RETRY_AFTER: Duration = Duration::from_secs(1);
const REMOVE_EVERY: Duration = Duration::from_secs(3_600);

/// How long entries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Deserialize)]
pub enum Retention {
    /// 365 days.
    #[default]
    #[value(name = "1")]
    #[serde(rename = "1")]
    OneYear,
    /// 730 days.
    #[value(name = "2")]
    #[serde(rename = "2")]
    TwoYears,
}

impl Retention {
    /// As a length of time.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::OneYear => 365 * 24,
            Self::TwoYears => 730 * 24,
        })
    }
}

/// Where requests leave their events.
#[derive(Clone)]
pub struct Audit {
    trail: Arc<Trail>,
    messages: mpsc::Sender<Message>,
}

enum Message {
    Event(Box<Event>),
    Flush(oneshot::Sender<()>),
}

impl Audit {
    /// Starts to write into the store.
    pub fn start(trail: Trail, exports: Vec<Export>, retention: Retention) -> Self {
        let trail = Arc::new(trail);
        let (messages, queue) = mpsc::channel(WAITING);
        tokio::spawn(write(Arc::clone(&trail), exports, queue));
        tokio::spawn(remove(Arc::clone(&trail), retention, messages.downgrade()));
        Self { trail, messages }
    }

    /// The log itself.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Leaves an event. One for which there is no room is counted and lost.
    pub fn record(&self, event: Event) {
        if self
            .messages
            .try_send(Message::Event(Box::new(event)))
            .is_err()
        {
            metrics::counter!("naru_audit_lost_total").increment(1);
            tracing::error!("the audit's store does not keep up: an event is lost");
        }
    }

    /// Resolves when everything that was left before is written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.messages.send(Message::Flush(done)).await.is_ok() {
            // The writer ends with the process only.
            let _ = written.await;
        }
    }
}

async fn write(trail: Arc<Trail>, mut exports: Vec<Export>, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::new();
    while queue.recv_many(&mut messages, BATCH).await > 0 {
        sleep(GATHER).await;
        while messages.len() < BATCH
            && let Ok(message) = queue.try_recv()
        {
            messages.push(message);
        }
        let mut events = Vec::new();
        let mut waiting = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Event(event) => events.push(*event),
                Message::Flush(done) => waiting.push(done),
            }
        }
        if !events.is_empty() {
            let entries = loop {
                match trail.append(&events).await {
                    Ok(entries) => break entries,
                    Err(error) => {
                        tracing::error!(%error, "the audit cannot be written");
                        sleep(RETRY_AFTER).await;
                    }
                }
            };
            metrics::counter!("naru_audit_entries_total").increment(entries.len() as u64);
            exports = export(exports, entries).await;
        }
        for done in waiting {
            // Whoever asked has gone.
            let _ = done.send(());
        }
    }
}

/// Hands entries on, beside everything else: a disk or a server may be slow.
async fn export(mut exports: Vec<Export>, entries: Vec<Arc<Entry>>) -> Vec<Export> {
    if exports.is_empty() {
        return exports;
    }
    let written = spawn_blocking(move || {
        for export in &mut exports {
            if let Err(error) = export.write(&entries) {
                metrics::counter!("naru_audit_not_exported_total").increment(entries.len() as u64);
                tracing::error!(%error, "the audit is not exported");
            }
        }
        exports
    });
    // Only a process that ends takes the task away.
    written.await.unwrap_or_default()
}

/// Removes what is old enough, as long as somebody writes.
async fn remove(trail: Arc<Trail>, retention: Retention, alive: mpsc::WeakSender<Message>) {
    let mut ticks = interval(REMOVE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if alive.upgrade().is_none() {
            return;
        }
        let Ok(oldest) = Timestamp::now().checked_sub(retention.duration()) else {
            return;
        };
        match trail.remove_before(oldest).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old entries of the audit are removed"),
            Err(error) => tracing::error!(%error, "old entries of the audit stay"),
        }
    }
}
