//! A real Redis for one test.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use futures_util::StreamExt;
use naru_relay::store::StoreUrl;
use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};
use tempfile::TempDir;

use crate::{PATIENCE, island::Place};

/// A redis-server on the loopback interface that keeps nothing on the disk unless it is told to; killed
/// when dropped.
pub struct RunningRedis {
    place: Place,
    port: u16,
    options: Vec<String>,
    process: Child,
    folder: TempDir,
}

impl RunningRedis {
    /// Starts one on a free port, with further options as `redis-server` takes them.
    ///
    /// # Panics
    /// When there is no redis-server, or it does not start.
    pub fn start(options: &[&str]) -> Self {
        Self::start_in(Place::loopback(), options)
    }

    /// The same elsewhere.
    ///
    /// # Panics
    /// When there is no redis-server, or it does not start.
    pub fn start_in(place: Place, options: &[&str]) -> Self {
        let port = free_port();
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let folder = TempDir::new().expect("a folder");
        let process = launch(&place, port, folder.path(), &options);
        Self {
            place,
            port,
            options,
            process,
            folder,
        }
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
        format!("redis://{}:{}", self.place.host, self.port)
    }

    /// Where it runs.
    pub fn host(&self) -> &'static str {
        self.place.host
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Starts one that speaks TLS, and without it to the test.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_tls(options: &[&str]) -> Self {
        let port = free_port().to_string();
        Self::start(&[&["--tls-port", &port], options].concat())
    }

    /// Where it speaks TLS.
    ///
    /// # Panics
    /// When it does not.
    pub fn tls_port(&self) -> u16 {
        let at = self
            .options
            .iter()
            .position(|option| option == "--tls-port");
        let port = at.and_then(|at| self.options.get(at + 1));
        port.and_then(|port| port.parse().ok()).expect("TLS")
    }

    /// A connection of the test's own.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn connect(&self) -> MultiplexedConnection {
        connect(self.place.host, self.port).await
    }

    /// The names of all its keys; there is at least one.
    ///
    /// # Panics
    /// When it has none, or does not answer.
    pub async fn keys(&self) -> Vec<Vec<u8>> {
        let mut connection = self.connect().await;
        let keys = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut connection)
            .await;
        let keys: Vec<Vec<u8>> = keys.expect("it answers");
        assert!(!keys.is_empty());
        keys
    }

    /// Records every command from now on.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn monitor(&self) -> Monitor {
        let lines = Client::open((self.place.host, self.port))
            .expect("an address")
            .get_async_monitor()
            .await
            .expect("it answers");
        Monitor {
            lines,
            marker: self.connect().await,
        }
    }

    /// Kills it, and starts it again without anything in it.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn restart_empty(&mut self) {
        self.kill();
        self.process = launch(&self.place, self.port, self.folder.path(), &self.options);
    }

    /// Kills it, and starts it again with what it has on the disk.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn crash(&mut self) {
        self.restart_empty();
    }

    /// Shuts it down as an operator would, and starts it again with what it has on the disk.
    ///
    /// # Panics
    /// When it does not end or start again.
    pub async fn restart(&mut self) {
        // It closes the connection instead of answering.
        let _ = redis::cmd("SHUTDOWN")
            .exec_async(&mut self.connect().await)
            .await;
        self.process.wait().expect("it ends");
        self.process = launch(&self.place, self.port, self.folder.path(), &self.options);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a Redis was told.
pub struct Monitor {
    lines: redis::aio::Monitor,
    marker: MultiplexedConnection,
}

impl Monitor {
    /// The arguments of every command so far, those that scripts have given included.
    ///
    /// # Panics
    /// When Redis is gone.
    pub async fn arguments(mut self) -> Vec<Vec<u8>> {
        const MARK: &str = "that was all";
        redis::cmd("ECHO")
            .arg(MARK)
            .exec_async(&mut self.marker)
            .await
            .expect("it answers");
        let mut arguments = Vec::new();
        let mut lines = self.lines.into_on_message::<String>();
        while let Some(line) = lines.next().await {
            if line.contains(MARK) {
                return arguments;
            }
            arguments.extend(quoted(line.as_bytes()));
        }
        panic!("Redis is gone");
    }
}

/// The quoted strings of a line, their escapes undone.
fn quoted(line: &[u8]) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (&mut open, byte) {
            (None, b'"') => open = Some(Vec::new()),
            (None, _) => {}
            (Some(_), b'"') => strings.extend(open.take()),
            (Some(string), b'\\') => string.push(match bytes.next() {
                Some(b'x') => {
                    let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                    u8::from_str_radix(&digits, 16).expect("two digits")
                }
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'a') => 7,
                Some(b'b') => 8,
                Some(other) => other,
                None => return strings,
            }),
            (Some(string), byte) => string.push(byte),
        }
    }
    strings
}

impl Drop for RunningRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection that waits for a busy machine's server.
pub(crate) async fn connect(host: &str, port: u16) -> MultiplexedConnection {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    Client::open((host, port))
        .expect("an address")
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .expect("it answers")
}

/// A port that nobody has right now, below those that the system gives away, and never given twice: what
/// still calls a server that is gone must not reach another test's.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = TAKEN.fetch_add(1, Ordering::Relaxed);
        assert!(next < COUNT, "no port is free");
        let port = FIRST + (std::process::id() * 97 + next) % COUNT;
        let port = u16::try_from(port).expect("below 30,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Stops a process of ours in the middle of whatever it does.
///
/// # Panics
/// When it has ended.
pub fn freeze(process: u32) {
    signal(process, "STOP");
}

/// Lets a process of ours go on that has been frozen.
///
/// # Panics
/// When it has ended.
pub fn thaw(process: u32) {
    signal(process, "CONT");
}

/// Sends a signal to a process of ours.
fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "it is gone");
}

fn launch(place: &Place, port: u16, folder: &Path, options: &[String]) -> Child {
    let mut process = place
        .command("redis-server")
        .arg("--dir")
        .arg(folder)
        .args(["--port", &port.to_string(), "--bind", place.host])
        // Nobody else is in the network.
        .args(["--protected-mode", "no"])
        .args(["--save", "", "--appendonly", "no"])
        .args(options)
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server starts: `cargo xtask test` installs it");
    let output = process.stdout.take().expect("it is piped");
    let ready = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("Ready to accept connections"));
    assert!(ready, "redis-server ended before it was ready");
    process
}
