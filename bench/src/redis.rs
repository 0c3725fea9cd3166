//! A Redis of the measurement's own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{
    resp::Connection,
    server::{cpu, free_port},
};

pub(crate) struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let port = free_port();
        let mut process = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server starts");
        let output = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("Ready to accept")));
        Self { process, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn cpu(&self) -> f64 {
        cpu(self.process.id())
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.port)
    }

    /// A figure of `INFO`.
    pub(crate) fn info(&self, name: &str) -> f64 {
        let text = self.connect().text(&[b"INFO"]);
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let value = lines.find(|(its, _)| *its == name).map(|(_, value)| value);
        value.and_then(|it| it.parse().ok()).expect("a figure")
    }

    /// How many keys there are.
    pub(crate) fn keys(&self) -> usize {
        self.connect().number(&[b"DBSIZE"])
    }

    /// Forgets everything but scripts.
    pub(crate) fn empty(&self) {
        self.connect().call(&[b"FLUSHALL", b"SYNC"]);
    }

    /// Microseconds of processor time so far, by Redis's own more exact word.
    pub(crate) fn own_cpu(&self) -> f64 {
        (self.info("used_cpu_sys") + self.info("used_cpu_user")) * 1e6
    }

    pub(crate) fn benchmark(&self, bytes: usize) -> String {
        let port = self.port.to_string();
        let size = bytes.to_string();
        let output = Command::new("redis-benchmark")
            .args([
                "-p",
                &port,
                "-d",
                &size,
                "-n",
                "50000",
                "-t",
                "set,get,publish",
                "--csv",
            ])
            .output()
            .expect("redis-benchmark runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
