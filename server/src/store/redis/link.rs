//! Connections that are replaced when one of them has failed: one to look after, and one for each thread
//! that calls.

use std::{borrow::Cow, sync::Arc, time::Duration};

use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

use super::{
    any_server_error,
    node::Node,
    own::{Own, OwnConnections},
    servers::{Connection, Servers},
};

/// How long a call is tried again before its caller hears that the store does not answer.
const PATIENCE: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(100);
const CHECK_EVERY: Duration = Duration::from_secs(1);
const RENEW_WITHIN: Duration = Duration::from_secs(3);

/// Connections to those that take writes. Every call may be repeated, and is: what has been sent over
/// a connection that broke may have been done.
#[derive(Clone)]
pub(super) struct Link {
    current: watch::Receiver<Current>,
    own: OwnConnections,
    complaints: mpsc::Sender<u64>,
}

#[derive(Clone)]
pub(super) struct Current {
    /// Counts the connections.
    pub(super) generation: u64,
    pub(super) connection: Connection,
}

impl Link {
    /// Connects, and goes on to look after the connection until the handle is used. The threads' connections hear what is
    /// published for the node.
    pub(super) async fn connect(
        servers: Arc<Servers>,
        node: Option<Node>,
    ) -> RedisResult<(Self, AbortHandle)> {
        metrics::counter!("naru_store_reconnects_total").increment(0);
        let connection = servers.connect(None).await?;
        let first = Current {
            generation: 0,
            connection,
        };
        let (sender, current) = watch::channel(first);
        let (complaints, queue) = mpsc::channel(1);
        let keeper = tokio::spawn(keep(Arc::clone(&servers), sender, queue)).abort_handle();
        let link = Self {
            current,
            own: OwnConnections::new(servers, node, complaints.clone()),
            complaints,
        };
        Ok((link, keeper))
    }

    /// Follows the connection's replacements.
    pub(super) fn follow(&self) -> watch::Receiver<Current> {
        self.current.clone()
    }

    pub(super) async fn command(&self, command: &Cmd) -> RedisResult<Value> {
        self.send(|_| Request::Command(Cow::Borrowed(command)))
            .await
    }

    /// Yields the last answer. A request may say on which thread its client waits, where its connection hears of that.
    pub(super) async fn send<'r>(
        &self,
        request: impl Fn(Option<&str>) -> Request<'r>,
    ) -> RedisResult<Value> {
        let deadline = Instant::now() + PATIENCE;
        let mut current = self.current.clone();
        loop {
            let (generation, own) = {
                let Current {
                    generation,
                    connection,
                } = &*current.borrow_and_update();
                let own = self.own.of_this_thread(*generation, connection);
                let shared = || Own {
                    connection: connection.clone(),
                    name: None,
                };
                (*generation, own.unwrap_or_else(shared))
            };
            let Own {
                mut connection,
                name,
            } = own;
            let request = request(name.as_deref());
            let sent = async {
                match &request {
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
            // Most of these say what a server will say again, over whatever connection: that it is full, for instance.
            ErrorKind::Extension => Self::by_code(error),
            ErrorKind::Server(_)
            | ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig => None,
            _ => Some(Self::Lost),
        }
    }

    fn by_code(error: &RedisError) -> Option<Self> {
        let is = |codes: &[&str]| any_server_error(error, |error| codes.contains(&error.code()));
        if is(&["BUSY", "NOREPLICAS"]) {
            return Some(Self::Passing);
        }
        // It waited at a master that is none any more.
        is(&["UNBLOCKED"]).then_some(Self::Lost)
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
            match timeout(RENEW_WITHIN, servers.connect(None)).await {
                Ok(Ok(connection)) => break connection,
                Ok(Err(_)) | Err(_) => sleep(PAUSE).await,
            }
        };
        tracing::info!("connected to the store again");
        current.send_replace(Current {
            generation: generation + 1,
            connection,
        });
        // One that is lost as soon as it is made does not keep the servers busy.
        sleep(PAUSE).await;
        checks.reset();
    }
}
