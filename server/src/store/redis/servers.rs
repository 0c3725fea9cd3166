//! Reaches the server that takes writes, whatever the topology.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, Pipeline,
    ProtocolVersion, RedisError, RedisResult, TlsCertificates, Value,
    aio::{AsyncPushSender, MultiplexedConnection, PubSub},
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
};
use tokio::time::{sleep, timeout};

use super::{
    ConnectError,
    deployment::{Deployment, Sentinels, Topology},
};

const CONNECT_WITHIN: Duration = Duration::from_millis(500);
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How long one Sentinel may take to name the master.
const NAME_WITHIN: Duration = Duration::from_millis(500);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// The Cluster's own client follows moved slots, and leaves longer troubles to [`super::link`].
const CLUSTER_RETRIES: u32 = 2;
const CLUSTER_ANSWER_WITHIN: Duration = Duration::from_millis(700);
const CLUSTER_PAUSE: Duration = Duration::from_millis(50);

/// A [`Deployment`] that has been made ready to connect to.
pub(super) struct Servers {
    topology: Topology,
    certificates: Option<TlsCertificates>,
    cluster: Option<ClusterClient>,
}

impl Servers {
    pub(super) fn new(deployment: &Deployment) -> Result<Self, ConnectError> {
        let certificates = match &deployment.ca_file {
            None => None,
            Some(path) => Some(TlsCertificates {
                client_tls: None,
                root_cert: Some(std::fs::read(path).map_err(|error| ConnectError::CaFile {
                    path: path.clone(),
                    error,
                })?),
            }),
        };
        let cluster = match &deployment.topology {
            Topology::Single(_) | Topology::Sentinel(_) => None,
            Topology::Cluster(nodes) => {
                let mut builder = ClusterClientBuilder::new(nodes.iter().cloned())
                    .connection_timeout(CONNECT_WITHIN)
                    .response_timeout(CLUSTER_ANSWER_WITHIN)
                    .overall_response_timeout(Some(ANSWER_WITHIN))
                    .retries(CLUSTER_RETRIES)
                    .min_retry_wait(CLUSTER_PAUSE.as_millis() as u64)
                    .max_retry_wait(4 * CLUSTER_PAUSE.as_millis() as u64);
                if let Some(certificates) = &certificates {
                    builder = builder.certs(certificates.clone());
                }
                Some(builder.build()?)
            }
        };
        Ok(Self {
            topology: deployment.topology.clone(),
            certificates,
            cluster,
        })
    }

    /// Connects to the master, or to all of a Cluster's, where nothing is heard.
    pub(super) async fn connect(&self, ear: Option<&Ear>) -> RedisResult<Connection> {
        match (&self.topology, &self.cluster) {
            (Topology::Single(server), _) => self.connect_to(server.clone(), ear).await,
            (Topology::Sentinel(sentinels), _) => {
                let address = self.master(sentinels).await?;
                tokio::select! {
                    connection = self.connect_to_master(sentinels, address.clone(), ear) => connection,
                    // A master that hangs is left as soon as there is another.
                    () = self.renamed(sentinels, &address) => {
                        Err(ErrorKind::MasterNameNotFoundBySentinel.into_error())
                    }
                }
            }
            (Topology::Cluster(_), Some(cluster)) => {
                let connection = cluster.get_async_connection().await?;
                Ok(Connection::Cluster(Box::new(connection)))
            }
            (Topology::Cluster(_), None) => Err(ErrorKind::InvalidClientConfig.into_error()),
        }
    }

    /// Whether the connection still reaches those that take writes.
    pub(super) async fn serves(&self, connection: &Connection) -> bool {
        let asked = async {
            let mut connection = connection.clone();
            if connection.command(&redis::cmd("PING")).await.is_err() {
                return false;
            }
            match (&self.topology, &connection) {
                (Topology::Sentinel(sentinels), Connection::Primary { address, .. }) => {
                    // Sentinels that do not answer say nothing against the master.
                    let named = self.master(sentinels).await;
                    named.map_or(true, |named| named == **address)
                }
                _ => true,
            }
        };
        timeout(ANSWER_WITHIN + NAME_WITHIN, asked)
            .await
            .unwrap_or(false)
    }

    /// A connection of its own for messages: to where `connection` leads, or to a node of the Cluster, in
    /// turn.
    pub(super) async fn subscribe(
        &self,
        connection: &Connection,
        turn: usize,
        channel: &str,
    ) -> RedisResult<PubSub> {
        let server = match (&self.topology, connection) {
            (Topology::Single(server), _) => server.clone(),
            (Topology::Sentinel(sentinels), Connection::Primary { address, .. }) => {
                sentinels.server((**address).clone())?
            }
            (Topology::Cluster(nodes), _) if !nodes.is_empty() => nodes[turn % nodes.len()].clone(),
            _ => return Err(ErrorKind::InvalidClientConfig.into_error()),
        };
        let mut subscription = self.client(server)?.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        Ok(subscription)
    }

    fn client(&self, server: ConnectionInfo) -> RedisResult<Client> {
        match &self.certificates {
            None => Client::open(server),
            Some(certificates) => Client::build_with_tls(server, certificates.clone()),
        }
    }

    async fn connect_to(
        &self,
        mut server: ConnectionInfo,
        ear: Option<&Ear>,
    ) -> RedisResult<Connection> {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        if let Some(ear) = ear {
            config = config.set_push_sender(Arc::clone(&ear.hear));
            // The older protocol has answers alone on a connection that takes commands.
            let settings = server.redis_settings().clone();
            server = server.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3));
        }
        let address = Arc::new(server.addr().clone());
        let mut connection = self
            .client(server)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        if let Some(ear) = ear {
            connection.subscribe(&ear.channel).await?;
        }
        Ok(Connection::Primary {
            address,
            connection,
        })
    }

    /// The first answer of a Sentinel; they agree but for the moment of a failover.
    async fn master(&self, sentinels: &Sentinels) -> RedisResult<ConnectionAddr> {
        let mut asked: FuturesUnordered<_> = sentinels
            .sentinels
            .iter()
            .map(|sentinel| timeout(NAME_WITHIN, self.ask(sentinel.clone(), &sentinels.master)))
            .collect();
        while let Some(answer) = asked.next().await {
            if let Ok(Ok(address)) = answer {
                return Ok(address);
            }
        }
        Err(ErrorKind::MasterNameNotFoundBySentinel.into_error())
    }

    /// Resolves when the Sentinels name another master.
    async fn renamed(&self, sentinels: &Sentinels, address: &ConnectionAddr) {
        loop {
            sleep(ASK_AGAIN_AFTER).await;
            if matches!(self.master(sentinels).await, Ok(named) if named != *address) {
                return;
            }
        }
    }

    async fn ask(&self, sentinel: ConnectionInfo, master: &str) -> RedisResult<ConnectionAddr> {
        let encrypted = matches!(sentinel.addr(), ConnectionAddr::TcpTls { .. });
        let mut connection = self
            .client(sentinel)?
            .get_multiplexed_async_connection()
            .await?;
        let (host, port): (String, u16) = redis::cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(master)
            .query_async(&mut connection)
            .await?;
        Ok(match encrypted {
            false => ConnectionAddr::Tcp(host, port),
            true => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
        })
    }

    /// A Sentinel may name a server that has just been demoted.
    async fn connect_to_master(
        &self,
        sentinels: &Sentinels,
        address: ConnectionAddr,
        ear: Option<&Ear>,
    ) -> RedisResult<Connection> {
        let mut connection = self.connect_to(sentinels.server(address)?, ear).await?;
        let role = connection.command(&redis::cmd("ROLE")).await?;
        let is_master = match role {
            Value::Array(parts) => parts
                .into_iter()
                .next()
                .and_then(|role| String::from_utf8(bytes(role)?).ok())
                .is_some_and(|role| role == "master"),
            _ => false,
        };
        match is_master {
            true => Ok(connection),
            false => Err(ErrorKind::MasterNameNotFoundBySentinel.into_error()),
        }
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

impl Sentinels {
    fn server(&self, address: ConnectionAddr) -> RedisResult<ConnectionInfo> {
        let server = redis::IntoConnectionInfo::into_connection_info(address)?;
        Ok(server.set_redis_settings(self.login.clone()))
    }
}

/// What is heard over a connection that takes commands too.
pub(super) struct Ear {
    pub(super) channel: String,
    pub(super) hear: Arc<dyn AsyncPushSender>,
}

/// Where commands go. A clone shares the connection.
#[derive(Clone)]
pub(super) enum Connection {
    Primary {
        /// Shared, because every call takes a clone.
        address: Arc<ConnectionAddr>,
        connection: MultiplexedConnection,
    },
    Cluster(Box<ClusterConnection>),
}

impl Connection {
    pub(super) async fn command(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            // As `query_async` does, without a box.
            Self::Primary { connection, .. } => {
                let answer = connection.send_packed_command(command).await?;
                answer.extract_error()
            }
            Self::Cluster(connection) => command.query_async(&mut **connection).await,
        }
    }

    /// Sends commands of one mailbox together.
    pub(super) async fn pipeline(&mut self, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
        match self {
            Self::Primary { connection, .. } => pipeline.query_async(connection).await,
            Self::Cluster(connection) => pipeline.query_async(&mut **connection).await,
        }
    }
}

/// Errors of ours in the library's terms.
trait IntoError {
    fn into_error(self) -> RedisError;
}

impl IntoError for ErrorKind {
    fn into_error(self) -> RedisError {
        RedisError::from((self, "no master can be reached"))
    }
}
