//! The servers that are measured, as processes.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::redis::Redis;

/// So many connections reach every worker of a peer, as good as surely.
const CONNECTIONS: usize = 64;

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
            .env("RUST_LOG", "warn,naru_relay::application=error");
        Self::start(command)
    }

    pub(crate) fn floor() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("floor");
        Self::start(command)
    }

    /// nginx with nchan's module, as many workers as there are processors.
    pub(crate) fn nchan(folder: &Path, redis: Option<&Redis>) -> Self {
        let port = free_port();
        let (upstream, pass) = redis.map_or_else(Default::default, |redis| {
            let upstream = format!("upstream stored {{ nchan_redis_server {}; }}", redis.url());
            (upstream, "nchan_redis_pass stored;")
        });
        let channel = format!("nchan_channel_id $arg_id; nchan_message_timeout 20s; {pass}");
        let text = format!(
            "daemon off; worker_processes auto; error_log stderr emerg; pid {folder}/nginx.pid;
            load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
            events {{ worker_connections 20000; }}
            http {{
              access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
              client_body_buffer_size 64k; nchan_max_reserved_memory 2048M; {upstream}
              server {{
                listen 127.0.0.1:{port};
                location = /pub {{ nchan_publisher; {channel} }}
                location = /sub {{
                  nchan_subscriber longpoll; nchan_subscriber_first_message oldest; {channel}
                }}
              }}
            }}",
            folder = folder.display(),
        );
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, text).expect("a folder to write to");
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-c").arg(configuration);
        let server = Self::listening(command, port);
        // It listens before each worker has reached its Redis, and loses every message of a channel that was used before.
        for first in (0..).step_by(CONNECTIONS) {
            if takes_messages(&server.address, first) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// magic-wormhole's mailbox server, from PyPI.
    pub(crate) fn wormhole(twist: &Path, folder: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new(twist);
        command
            .current_dir(folder)
            .args(["--log-level", "error", "wormhole-mailbox"])
            .arg(format!("--port=tcp:{port}:interface=127.0.0.1"));
        Self::listening(command, port)
    }

    /// A server that does not say when it listens.
    fn listening(mut command: Command, port: u16) -> Self {
        let process = command.stdout(Stdio::null()).spawn().expect("it starts");
        let address = format!("127.0.0.1:{port}");
        while TcpStream::connect(&address).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }

    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let output = process.stdout.take().expect("it is piped");
        let line = BufReader::new(output).lines().map_while(Result::ok).next();
        let line = line.expect("it listens");
        let address = line.rsplit('/').next().expect("an address").to_owned();
        Self { process, address }
    }

    /// Microseconds of processor time so far, its workers' included.
    pub(crate) fn cpu(&self) -> f64 {
        let own = self.process.id();
        let of_workers = children(own).into_iter().map(cpu).sum::<f64>();
        cpu(own) + of_workers
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Tells it to stop, as an operator does, and waits until it has ended.
    pub(crate) fn terminate(mut self) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|it| it.success()), "it runs");
        let ended = self.process.wait();
        assert!(ended.is_ok_and(|it| it.success()), "it ends well");
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
        for process in children(self.process.id()) {
            let _ = Command::new("kill").arg(process.to_string()).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The fields of a process's state, from the third; the name before them may hold anything.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields = text.rsplit(')').next()?.split_whitespace();
    Some(fields.map(str::to_owned).collect())
}

fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("processes");
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers
        .filter(|process| stat(*process).is_some_and(|fields| fields[1] == parent.to_string()))
        .collect()
}

pub(crate) fn cpu(process: u32) -> f64 {
    let fields = stat(process).expect("it runs");
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) * 10_000.0
}

/// Whether whoever accepts these connections, which may be any of its workers, gives a message back.
fn takes_messages(address: &str, first_channel: usize) -> bool {
    let connections = [(); CONNECTIONS].map(|()| TcpStream::connect(address).expect("it listens"));
    let mut numbered = (first_channel..).zip(connections);
    numbered.all(|(number, mut connection)| {
        let patience = Some(Duration::from_secs(1));
        connection.set_read_timeout(patience).expect("a socket");
        let publish =
            format!("POST /pub?id=ready{number} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx");
        let subscribe = format!("GET /sub?id=ready{number} HTTP/1.1\r\nhost: x\r\n\r\n");
        [publish, subscribe].iter().all(|request| {
            connection.write_all(request.as_bytes()).expect("it reads");
            let mut answer = [0; 4_096];
            let read = connection.read(&mut answer);
            read.is_ok_and(|read| answer[..read].starts_with(b"HTTP/1.1 2"))
        })
    })
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port()
}
