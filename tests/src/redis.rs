//! A real Redis for one test.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

/// A redis-server on the loopback interface that keeps nothing on the disk; killed when dropped.
pub struct RunningRedis {
    port: u16,
    options: Vec<String>,
    process: Child,
}

impl RunningRedis {
    /// Starts one on a free port, with further options as `redis-server` takes them.
    ///
    /// # Panics
    /// When there is no redis-server, or it does not start.
    pub fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let process = launch(port, &options);
        Self {
            port,
            options,
            process,
        }
    }

    /// The setting `store` of a relay.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it, and starts it again without anything in it.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn restart_empty(&mut self) {
        self.kill();
        self.process = launch(self.port, &self.options);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for RunningRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn launch(port: u16, options: &[String]) -> Child {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
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
