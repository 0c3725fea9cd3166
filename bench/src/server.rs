//! The servers that are measured, as processes.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn relay(program: &Path, store: &str) -> Self {
        let mut command = Command::new(program);
        command
            .args(["--listen", "127.0.0.1:0", "--store", store])
            .args([
                "--network-mailboxes",
                "1000000000",
                "--network-joins",
                "1000000000",
            ])
            .args(["--network-waiters", "1000000", "--mailboxes", "10000000"])
            .env("RUST_LOG", "warn");
        Self::start(command)
    }

    pub(crate) fn floor() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("floor");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let output = process.stdout.take().expect("it is piped");
        let line = BufReader::new(output).lines().map_while(Result::ok).next();
        let line = line.expect("it listens");
        let address = line.rsplit('/').next().expect("an address").to_owned();
        Self { process, address }
    }

    /// Microseconds of processor time so far.
    pub(crate) fn cpu(&self) -> f64 {
        cpu(self.process.id())
    }

    /// KiB of memory.
    pub(crate) fn memory(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let text = text.expect("it runs");
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).expect("KiB")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cpu(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    // The name of the program, in parentheses, may hold anything.
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) * 10_000.0
}

pub(crate) struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
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
