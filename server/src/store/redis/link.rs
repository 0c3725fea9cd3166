//! Connections that are replaced when one of them has failed: one to look after, and one for each thread
//! that calls, because a thread that has to wake another for every command costs more than a connection.

use std::{
    borrow::Cow,
    cell::RefCell,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

use super::servers::{Connection, Servers};

/// How long a call is tried again before its caller hears that the store does not answer.
const PATIENCE: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(100);
const CHECK_EVERY: Duration = Duration::from_secs(1);
const RENEW_WITHIN: Duration = Duration::from_secs(3);

/// Connections to those that take writes. Every call may be repeated, and is: what has been sent over
/// a connection that broke may have been done.
#[derive(Clone)]
pub(super) struct Link {
    /// Tells the links of a process apart.
    number: u64,
    servers: Arc<Servers>,
    current: watch::Receiver<Current>,
    complaints: mpsc::Sender<u64>,
}

#[derive(Clone)]
pub(super) struct Current {
    /// Counts the connections.
    pub(super) generation: u64,
    pub(super) connection: Connection,
}

impl Link {
    /// Connects, and goes on to look after the connection until the handle is used.
    pub(super) async fn connect(servers: Arc<Servers>) -> RedisResult<(Self, AbortHandle)> {
        metrics::counter!("naru_store_reconnects_total").increment(0);
        let connection = servers.connect().await?;
        let first = Current {
            generation: 0,
            connection,
        };
        let (sender, current) = watch::channel(first);
        let (complaints, queue) = mpsc::channel(1);
        let keeper = tokio::spawn(keep(Arc::clone(&servers), sender, queue)).abort_handle();
        static LINKS: AtomicU64 = AtomicU64::new(0);
        let link = Self {
            number: LINKS.fetch_add(1, Ordering::Relaxed),
            servers,
            current,
            complaints,
        };
        Ok((link, keeper))
    }

    /// Follows the connection's replacements.
    pub(super) fn follow(&self) -> watch::Receiver<Current> {
        self.current.clone()
    }

    pub(super) async fn command(&self, command: &Cmd) -> RedisResult<Value> {
        self.send(&Request::Command(Cow::Borrowed(command))).await
    }

    /// Yields the last answer.
    pub(super) async fn send(&self, request: &Request<'_>) -> RedisResult<Value> {
        let deadline = Instant::now() + PATIENCE;
        let mut current = self.current.clone();
        loop {
            let (generation, mut connection) = {
                let shared = current.borrow_and_update();
                let own = self.own(&shared);
                let connection = own.unwrap_or_else(|| shared.connection.clone());
                (shared.generation, connection)
            };
            let sent = async {
                match request {
                    Request::Command(command) => connection.command(command).await,
                    Request::Pipeline(pipeline) => {
                        let mut answers = connection.pipeline(pipeline).await?;
                        Ok(answers.pop().unwrap_or(Value::Nil))
                    }
                }
            };
            let may_renew = Instant::now() < deadline;
            let renewed = current.wait_for(|current| current.generation > generation);
            let result = tokio::select! {
                result = sent => result,
                // The old master may hang: what was sent there is sent again.
                Ok(_) = renewed, if may_renew => continue,
            };
            let error = match result {
                Err(error) => error,
                done => return done,
            };
            let Some(trouble) = Trouble::of(&error) else {
                return Err(error);
            };
            if Instant::now() + PAUSE >= deadline {
                return Err(error);
            }
            match trouble {
                Trouble::Passing => sleep(PAUSE).await,
                Trouble::Lost => {
                    // One complaint is as good as many.
                    let _ = self.complaints.try_send(generation);
                    tokio::select! {
                        renewed = current.wait_for(|current| current.generation > generation) => {
                            if renewed.is_err() {
                                return Err(error);
                            }
                        }
                        () = sleep_until(deadline) => return Err(error),
                    }
                }
            }
        }
    }
}

thread_local! {
    /// This thread's connections, one for each link.
    static OWN: RefCell<Vec<Own>> = const { RefCell::new(Vec::new()) };
}

struct Own {
    link: u64,
    generation: u64,
    connection: Arc<OnceLock<Connection>>,
}

impl Link {
    /// This thread's connection. `None` until it is made, where it cannot be, and to a Cluster: several clients of a
    /// Cluster were seen to learn of a planned failover at different times, and to refuse calls meanwhile.
    fn own(&self, shared: &Current) -> Option<Connection> {
        if let Connection::Cluster(_) = shared.connection {
            return None;
        }
        OWN.with_borrow_mut(|all| {
            let known = all
                .iter()
                .find(|own| own.link == self.number && own.generation == shared.generation);
            match known {
                Some(own) => own.connection.get().cloned(),
                None => {
                    all.retain(|own| own.link != self.number);
                    all.push(self.make_own(shared.generation));
                    None
                }
            }
        })
    }

    fn make_own(&self, generation: u64) -> Own {
        let connection = Arc::new(OnceLock::new());
        let (servers, made) = (Arc::clone(&self.servers), Arc::clone(&connection));
        tokio::spawn(async move {
            if let Ok(Ok(connection)) = timeout(RENEW_WITHIN, servers.connect()).await {
                let _ = made.set(connection);
            }
        });
        Own {
            link: self.number,
            generation,
            connection,
        }
    }
}

/// What is sent together.
pub(super) enum Request<'c> {
    Command(Cow<'c, Cmd>),
    /// About one mailbox.
    Pipeline(Pipeline),
}

/// What another try may mend.
enum Trouble {
    /// By the same connection.
    Passing,
    /// By another one.
    Lost,
}

impl Trouble {
    fn of(error: &RedisError) -> Option<Self> {
        use ServerErrorKind::{
            Ask, BusyLoading, ClusterDown, MasterDown, Moved, ReadOnly, TryAgain,
        };
        match error.kind() {
            ErrorKind::Server(ReadOnly | MasterDown) => Some(Self::Lost),
            ErrorKind::Server(BusyLoading | ClusterDown | TryAgain | Moved | Ask) => {
                Some(Self::Passing)
            }
            ErrorKind::Server(_)
            | ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig => None,
            _ => Some(Self::Lost),
        }
    }
}

/// Replaces the connection when somebody complains, or when it no longer reaches those that take
/// writes. The old one stays until then: in a Cluster it may still serve most.
async fn keep(
    servers: Arc<Servers>,
    current: watch::Sender<Current>,
    mut complaints: mpsc::Receiver<u64>,
) {
    let mut checks = interval(CHECK_EVERY);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let Current {
            generation,
            connection,
        } = current.borrow().clone();
        tokio::select! {
            complaint = complaints.recv() => match complaint {
                None => return,
                Some(about) if about < generation => continue,
                Some(_) => {}
            },
            _ = checks.tick() => {
                if servers.serves(&connection).await {
                    continue;
                }
            }
        }
        tracing::warn!("the connection to the store was lost");
        metrics::counter!("naru_store_reconnects_total").increment(1);
        let connection = loop {
            match timeout(RENEW_WITHIN, servers.connect()).await {
                Ok(Ok(connection)) => break connection,
                Ok(Err(_)) | Err(_) => sleep(PAUSE).await,
            }
        };
        tracing::info!("connected to the store again");
        current.send_replace(Current {
            generation: generation + 1,
            connection,
        });
        checks.reset();
    }
}
