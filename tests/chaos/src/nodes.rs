//! Two relays as processes, and a client that goes to the other when one does not answer.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use naru::http::HttpTransport;
use naru_core::{
    client::{Request, Response, Transport, TransportError},
    pairing::Origin,
};

/// The relays.
pub(crate) struct Nodes {
    processes: Mutex<Vec<Child>>,
    origins: Vec<Origin>,
}

impl Nodes {
    pub(crate) async fn start(relay: &Path, store: &str) -> Self {
        let mut processes = Vec::new();
        let mut origins = Vec::new();
        for _ in 0..2 {
            let mut process = Command::new(relay)
                .args(["--listen", "127.0.0.1:0", "--store", store])
                .env("RUST_LOG", "off")
                .stdout(Stdio::piped())
                .spawn()
                .expect("the relay starts");
            let output = process.stdout.take().expect("it is piped");
            let line = BufReader::new(output).lines().map_while(Result::ok).next();
            let line = line.expect("the relay listens");
            let origin = line.rsplit(' ').next().expect("an origin");
            origins.push(origin.parse().expect("an origin"));
            processes.push(process);
        }
        Self {
            processes: Mutex::new(processes),
            origins,
        }
    }

    /// The origin that the two devices agree on, as that of a balancer before the relays.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origins[0]
    }

    /// A client that prefers one of the relays.
    pub(crate) fn client(&self, preferred: usize) -> Client {
        let transports = self.origins.iter().cloned().map(HttpTransport::new);
        Client {
            transports: transports
                .collect::<Result<_, _>>()
                .expect("an HTTP client"),
            turn: Arc::new(AtomicUsize::new(preferred)),
        }
    }

    pub(crate) fn kill_the_first(&self) {
        let mut processes = self.processes.lock().expect("nobody panicked");
        processes[0].kill().expect("it runs");
        processes[0].wait().expect("it ends");
    }

    pub(crate) fn freeze_the_first(&self) {
        naru_tests::freeze(self.first());
    }

    pub(crate) fn thaw_the_first(&self) {
        naru_tests::thaw(self.first());
    }

    fn first(&self) -> u32 {
        self.processes.lock().expect("nobody panicked")[0].id()
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for process in self.processes.get_mut().expect("nobody panicked") {
            // It may be gone already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Goes to the next relay when one does not answer, as a balancer would.
pub(crate) struct Client {
    transports: Vec<HttpTransport>,
    turn: Arc<AtomicUsize>,
}

impl Transport for Client {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let turn = self.turn.load(Ordering::Relaxed) % self.transports.len();
        let answer = self.transports[turn].send(request).await;
        if answer.is_err() {
            self.turn.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
