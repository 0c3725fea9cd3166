//! A Redis with Sentinels, and a Redis Cluster, for one test: real processes on the loopback interface.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use naru_relay::store::StoreUrl;
use redis::{FromRedisValue, Value};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{sleep, timeout},
};

use crate::{
    PATIENCE,
    island::{Island, Place},
    redis::{RunningRedis, connect, free_port, freeze},
};

const MASTER: &str = "mine";
const SENTINELS: usize = 3;
const REPLICAS: usize = 2;
const SHARDS: usize = 3;
const SLOTS: usize = 16_384;
/// How long a server may be silent before it counts as gone.
const SILENCE_MS: &str = "1000";

/// Each is a handful of processes: one at a time, or elections take as long as the machine is busy.
static TURN: Mutex<()> = Mutex::const_new(());

/// How the servers of a Redis work together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One server.
    Single,
    /// A master, two replicas and three Sentinels.
    Sentinel,
    /// Three masters with a replica each.
    Cluster,
}

/// A Redis of which the masters can be taken away.
pub enum Topology {
    /// One server, which comes back as its log has it.
    Single(Box<RunningRedis>),
    /// A master, two replicas and three Sentinels.
    Sentinel(RunningSentinels),
    /// Three masters with a replica each.
    Cluster(RunningCluster),
}

/// Where the servers run.
struct Places {
    /// The first master.
    first: Place,
    /// Everybody else.
    rest: Place,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            first: Place::loopback(),
            rest: Place::loopback(),
        }
    }
}

/// A master with replicas, and the Sentinels that watch them.
pub struct RunningSentinels {
    host: &'static str,
    servers: Vec<RunningRedis>,
    sentinels: Vec<(u16, Child)>,
    _folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// The nodes of a Cluster, first those that began as masters.
pub struct RunningCluster {
    nodes: Vec<RunningRedis>,
    _turn: MutexGuard<'static, ()>,
}

impl RunningSentinels {
    /// Starts all, with further options for the servers, and waits until the Sentinels know each other.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn start(options: &[&str]) -> Self {
        Self::start_in(&Places::default(), options).await
    }

    async fn start_in(places: &Places, options: &[&str]) -> Self {
        let turn = TURN.lock().await;
        let master = RunningRedis::start_in(places.first.clone(), options);
        let (host, of_master) = (places.rest.host, master.host());
        let port = master.port().to_string();
        let follow = [
            "--replicaof",
            of_master,
            &port,
            "--repl-diskless-sync-delay",
            "0",
        ];
        let mut servers = vec![master];
        for _ in 0..REPLICAS {
            let options = [&follow, options].concat();
            servers.push(RunningRedis::start_in(places.rest.clone(), &options));
        }
        let folder = TempDir::new().expect("a folder");
        let sentinels = (0..SENTINELS).map(|_| {
            let own = free_port();
            let file = folder.path().join(format!("{own}.conf"));
            let text = format!(
                "port {own}\nbind {host}\nprotected-mode no\ndir {}\nsentinel monitor {MASTER} {of_master} {port} 2\n\
                 sentinel down-after-milliseconds {MASTER} {SILENCE_MS}\n\
                 sentinel failover-timeout {MASTER} 3000\nsentinel parallel-syncs {MASTER} 2\n",
                folder.path().display()
            );
            std::fs::write(&file, text).expect("a file");
            let file = file.display().to_string();
            (own, launch_sentinel(&file))
        });
        let sentinels = sentinels.collect();
        let all = Self {
            host,
            servers,
            sentinels,
            _folder: folder,
            _turn: turn,
        };
        until("the Sentinels know all", async || {
            for (port, _) in &all.sentinels {
                let others: Vec<Value> = all.ask(*port, "SENTINELS").await;
                let replicas: Vec<Value> = all.ask(*port, "REPLICAS").await;
                if others.len() + 1 < SENTINELS || replicas.len() < REPLICAS {
                    return false;
                }
            }
            connected_replicas(&all.servers[0]).await == REPLICAS
        })
        .await;
        all
    }

    async fn ask<T: FromRedisValue>(&self, port: u16, what: &str) -> T {
        let mut connection = connect(self.host, port).await;
        redis::cmd("SENTINEL")
            .arg(what)
            .arg(MASTER)
            .query_async(&mut connection)
            .await
            .expect("it knows the master")
    }

    /// The setting `store` of a relay.
    ///
    /// # Panics
    /// Never: the address is well formed.
    pub fn url(&self) -> StoreUrl {
        self.address().parse().expect("an address")
    }

    /// The same as text.
    pub fn address(&self) -> String {
        let hosts: Vec<_> = self
            .sentinels
            .iter()
            .map(|(port, _)| format!("{}:{port}", self.host))
            .collect();
        format!("redis+sentinel://{}/{MASTER}", hosts.join(","))
    }

    /// Freezes the replicas; their processes, to thaw.
    ///
    /// # Panics
    /// When one has ended.
    pub async fn freeze_replicas(&self) -> Vec<u32> {
        let master = self.master().await;
        let servers = self.servers.iter().enumerate();
        let replicas = servers.filter(|(at, _)| *at != master);
        replicas
            .map(|(_, replica)| {
                replica.freeze();
                replica.process()
            })
            .collect()
    }

    async fn master(&self) -> usize {
        let (_, port): (String, u16) = self
            .ask(self.sentinels[0].0, "GET-MASTER-ADDR-BY-NAME")
            .await;
        self.servers
            .iter()
            .position(|server| server.port() == port)
            .expect("one of ours")
    }
}

impl Drop for RunningSentinels {
    fn drop(&mut self) {
        for (_, sentinel) in &mut self.sentinels {
            let _ = sentinel.kill();
            let _ = sentinel.wait();
        }
    }
}

fn launch_sentinel(file: &str) -> Child {
    let mut process = Command::new("redis-server")
        .args([file, "--sentinel"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server starts: `cargo xtask test` installs it");
    let output = process.stdout.take().expect("it is piped");
    let watches = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("+monitor"));
    assert!(watches, "a Sentinel ended before it watched");
    process
}

impl RunningCluster {
    /// Starts all nodes, with further options, and waits until they are one Cluster.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn start(options: &[&str]) -> Self {
        Self::start_in(&Places::default(), options).await
    }

    async fn start_in(places: &Places, options: &[&str]) -> Self {
        let turn = TURN.lock().await;
        let mut nodes = Vec::new();
        let mut buses = Vec::new();
        for node in 0..2 * SHARDS {
            let bus = free_port().to_string();
            let file = format!("nodes-{node}.conf");
            let own = [
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                &file,
                "--cluster-port",
                &bus,
                "--cluster-node-timeout",
                SILENCE_MS,
                "--repl-diskless-sync-delay",
                "0",
            ];
            let place = match node {
                0 => &places.first,
                _ => &places.rest,
            };
            nodes.push(RunningRedis::start_in(
                place.clone(),
                &[&own, options].concat(),
            ));
            buses.push(bus);
        }
        let mut ids = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let mut connection = node.connect().await;
            let mut cluster = redis::cmd("CLUSTER");
            let id: String = cluster
                .clone()
                .arg("MYID")
                .query_async(&mut connection)
                .await
                .expect("an id");
            ids.push(id);
            let epoch = cluster.clone().arg("SET-CONFIG-EPOCH").arg(at + 1).clone();
            epoch.exec_async(&mut connection).await.expect("an epoch");
            if at < SHARDS {
                // The first has nearly all: what is done to it is done to what a test looks at.
                let slots = match at {
                    0 => [0, SLOTS - SHARDS],
                    _ => [SLOTS - SHARDS + at; 2],
                };
                cluster.arg("ADDSLOTSRANGE").arg(&slots);
                cluster.exec_async(&mut connection).await.expect("slots");
            } else {
                cluster
                    .arg("MEET")
                    .arg(nodes[0].host())
                    .arg(nodes[0].port())
                    .arg(&buses[0]);
                cluster
                    .exec_async(&mut connection)
                    .await
                    .expect("a meeting");
            }
            if (1..SHARDS).contains(&at) {
                let mut meet = redis::cmd("CLUSTER");
                meet.arg("MEET")
                    .arg(nodes[0].host())
                    .arg(nodes[0].port())
                    .arg(&buses[0]);
                meet.exec_async(&mut connection).await.expect("a meeting");
            }
        }
        let all = Self { nodes, _turn: turn };
        until("all nodes know each other", async || {
            for node in &all.nodes {
                if !info(node, "INFO").await.contains("cluster_known_nodes:6") {
                    return false;
                }
            }
            true
        })
        .await;
        for (node, master) in all.nodes[SHARDS..].iter().zip(&ids) {
            let mut follow = redis::cmd("CLUSTER");
            follow.arg("REPLICATE").arg(master);
            follow
                .exec_async(&mut node.connect().await)
                .await
                .expect("a master");
        }
        until("the Cluster serves", async || {
            for (at, node) in all.nodes.iter().enumerate() {
                let serves = info(node, "INFO").await.contains("cluster_state:ok");
                if !serves || (at < SHARDS && connected_replicas(node).await != 1) {
                    return false;
                }
            }
            true
        })
        .await;
        all
    }

    /// The setting `store` of a relay.
    ///
    /// # Panics
    /// Never: the address is well formed.
    pub fn url(&self) -> StoreUrl {
        self.address().parse().expect("an address")
    }

    /// The same as text.
    pub fn address(&self) -> String {
        let hosts: Vec<_> = self
            .nodes
            .iter()
            .map(|node| format!("{}:{}", node.host(), node.port()))
            .collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// The numbers of the nodes that are masters.
    async fn masters(&self) -> Vec<usize> {
        let mut masters = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            if is_master(node).await {
                masters.push(at);
            }
        }
        masters
    }
}

async fn info(node: &RunningRedis, what: &str) -> String {
    redis::cmd("CLUSTER")
        .arg(what)
        .query_async(&mut node.connect().await)
        .await
        .expect("it answers")
}

async fn is_master(node: &RunningRedis) -> bool {
    let role: Vec<Value> = redis::cmd("ROLE")
        .query_async(&mut node.connect().await)
        .await
        .expect("it answers");
    let role = role.into_iter().next().map(String::from_redis_value);
    matches!(role, Some(Ok(role)) if role == "master")
}

async fn connected_replicas(node: &RunningRedis) -> usize {
    let text: String = redis::cmd("INFO")
        .arg("replication")
        .query_async(&mut node.connect().await)
        .await
        .expect("it answers");
    text.matches("state=online").count()
}

/// Servers tell nobody when they have found each other: asks again and again.
async fn until(what: &str, reached: impl AsyncFn() -> bool) {
    let asked = async {
        while !reached().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"));
}

impl Topology {
    /// Starts all servers; a single one writes everything down.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn start(kind: Kind) -> Self {
        Self::start_in(kind, &Places::default()).await
    }

    /// The same, with the first master on an island.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn start_with(kind: Kind, island: &Island) -> Self {
        let places = Places {
            first: island.place(),
            rest: island.mainland(),
        };
        Self::start_in(kind, &places).await
    }

    async fn start_in(kind: Kind, places: &Places) -> Self {
        match kind {
            Kind::Single => {
                let log = ["--appendonly", "yes", "--appendfsync", "always"];
                let redis = RunningRedis::start_in(places.first.clone(), &log);
                Self::Single(Box::new(redis))
            }
            Kind::Sentinel => Self::Sentinel(RunningSentinels::start_in(places, &[]).await),
            Kind::Cluster => Self::Cluster(RunningCluster::start_in(places, &[]).await),
        }
    }

    /// The setting `store` of a relay, as text.
    pub fn address(&self) -> String {
        match self {
            Self::Single(redis) => redis.address(),
            Self::Sentinel(sentinels) => sentinels.address(),
            Self::Cluster(cluster) => cluster.address(),
        }
    }

    /// The setting `store` of a relay.
    ///
    /// # Panics
    /// Never: the address is well formed.
    pub fn url(&self) -> StoreUrl {
        self.address().parse().expect("an address")
    }

    /// The masters, of which there is one but in a Cluster.
    pub async fn masters(&mut self) -> Vec<&mut RunningRedis> {
        match self {
            Self::Single(redis) => vec![redis],
            Self::Sentinel(sentinels) => {
                let master = sentinels.master().await;
                vec![&mut sentinels.servers[master]]
            }
            Self::Cluster(cluster) => {
                let masters = cluster.masters().await;
                let nodes = cluster.nodes.iter_mut().enumerate();
                nodes
                    .filter(|(at, _)| masters.contains(at))
                    .map(|(_, node)| node)
                    .collect()
            }
        }
    }

    /// Moves every master's work to a replica, as an operator does before an upgrade; one server alone is
    /// shut down and started again.
    ///
    /// # Panics
    /// When nobody takes over.
    pub async fn fail_over(&mut self) {
        match self {
            Self::Single(redis) => redis.restart().await,
            Self::Sentinel(sentinels) => {
                let (old, port) = (sentinels.master().await, sentinels.sentinels[0].0);
                let _: Value = sentinels.ask(port, "FAILOVER").await;
                let asked = async {
                    while sentinels.master().await == old {
                        sleep(Duration::from_millis(20)).await;
                    }
                };
                timeout(PATIENCE, asked).await.expect("a failover");
            }
            Self::Cluster(cluster) => {
                for node in &cluster.nodes {
                    if !is_master(node).await {
                        let mut command = redis::cmd("CLUSTER");
                        command.arg("FAILOVER");
                        command
                            .exec_async(&mut node.connect().await)
                            .await
                            .expect("a failover");
                    }
                }
            }
        }
    }
}

impl RunningRedis {
    /// Stops it in the middle of whatever it does: connections stay open, and nobody answers.
    ///
    /// # Panics
    /// When it has ended.
    pub fn freeze(&self) {
        freeze(self.process());
    }
}
