//! A connection for each thread that calls: a thread that has to wake another for every command costs more than a
//! connection, and so does one that is woken by another.

use std::{
    cell::RefCell,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{PushInfo, PushKind, Value};
use tokio::{sync::mpsc, time::timeout};

use super::{
    node::{Node, channel},
    servers::{Connection, Ear, Servers},
};

const MAKE_WITHIN: Duration = Duration::from_secs(3);

/// The connections of all threads, each of which makes its own when it calls.
#[derive(Clone)]
pub(super) struct OwnConnections {
    /// Tells those of a process apart.
    number: u64,
    servers: Arc<Servers>,
    /// Whose messages they hear besides.
    node: Option<Node>,
    complaints: mpsc::Sender<u64>,
}

/// A thread's connection.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) connection: Connection,
    /// The thread's name, where it hears besides what is published for it.
    pub(super) name: Option<Arc<str>>,
}

thread_local! {
    static OWN: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
    static THREAD: u64 = next(&THREADS);
}

static THREADS: AtomicU64 = AtomicU64::new(0);

fn next(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

/// A connection that is made, or will be, for as long as the shared one of this generation is not replaced.
struct Kept {
    number: u64,
    generation: u64,
    own: Arc<OnceLock<Own>>,
}

impl OwnConnections {
    pub(super) fn new(
        servers: Arc<Servers>,
        node: Option<Node>,
        complaints: mpsc::Sender<u64>,
    ) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Self {
            number: next(&NUMBERS),
            servers,
            node,
            complaints,
        }
    }

    /// This thread's connection in the place of a shared one. `None` until it is made, where it cannot be, and to a
    /// Cluster: several clients of a Cluster were seen to learn of a planned failover at different times, and to refuse
    /// calls meanwhile.
    pub(super) fn of_this_thread(&self, generation: u64, shared: &Connection) -> Option<Own> {
        if let Connection::Cluster(_) = shared {
            return None;
        }
        OWN.with_borrow_mut(|all| {
            let known = all
                .iter()
                .find(|kept| kept.number == self.number && kept.generation == generation);
            match known {
                Some(kept) => kept.own.get().cloned(),
                None => {
                    all.retain(|kept| kept.number != self.number);
                    all.push(self.make(generation));
                    None
                }
            }
        })
    }

    fn make(&self, generation: u64) -> Kept {
        let own = Arc::new(OnceLock::new());
        let (servers, made) = (Arc::clone(&self.servers), Arc::clone(&own));
        let name = |node: &Node| node.name_of(THREAD.with(|thread| *thread));
        let name = self.node.as_ref().map(name);
        let ear = self.node.clone().zip(name.as_deref());
        let ear = ear.map(|(node, name)| self.ear(node, name, generation, Arc::downgrade(&own)));
        tokio::spawn(async move {
            let connected = timeout(MAKE_WITHIN, servers.connect(ear.as_ref())).await;
            if let Ok(Ok(connection)) = connected {
                let _ = made.set(Own { connection, name });
            }
        });
        Kept {
            number: self.number,
            generation,
            own,
        }
    }

    /// Hears what is published for those who wait on this thread. A connection that ends while it is in use is complained
    /// of: nobody would notice who only waits.
    fn ear(&self, node: Node, name: &str, generation: u64, own: Weak<OnceLock<Own>>) -> Ear {
        let channel = channel(name);
        let complaints = self.complaints.clone();
        let is_in_use = move || own.upgrade().is_some_and(|own| own.get().is_some());
        let hear = move |push: PushInfo| {
            match (push.kind, push.data.last()) {
                (PushKind::Message, Some(Value::BulkString(message))) => node.hear(message),
                (PushKind::Disconnection, _) if is_in_use() => {
                    // One complaint is as good as many.
                    let _ = complaints.try_send(generation);
                }
                _ => {}
            }
            Ok::<(), ()>(())
        };
        Ear {
            channel,
            hear: Arc::new(hear),
        }
    }
}
