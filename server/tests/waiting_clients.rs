//! What becomes of clients that wait when they, or the relay, go.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod program;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use naru_core::mailbox::{CBOR, MailboxId, Open, Token, frames_path, mailbox_path, query};

use self::program::command;

/// How long each would wait.
const WAIT: Duration = Duration::from_secs(25);
const COUNT: u8 = 100;
/// Far less than they would wait; more than a busy machine needs.
const BOUND: Duration = Duration::from_secs(4);

/// A process of its own, so that its figures are no other relay's.
struct Relay {
    process: Child,
    address: String,
}

impl Relay {
    fn start() -> Self {
        let mut process = command(&["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().to_owned();
        Self { process, address }
    }

    fn send(&self, head: &str, body: &[u8]) -> TcpStream {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.set_read_timeout(Some(WAIT)).unwrap();
        let length = body.len();
        let request =
            format!("{head}host: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        connection.write_all(body).unwrap();
        connection
    }

    /// Opens a mailbox, and waits for its first frame.
    fn open(&self, seed: u8, wait: Duration) -> TcpStream {
        let token = Token::from_bytes([seed; 32]);
        let open = Open {
            token: token.hash(),
            join: Token::from_bytes([255; 32]).hash(),
            deposit: None,
        };
        let path = mailbox_path(&MailboxId::from_bytes([seed; 16])) + &query(0, 0, wait);
        let authorization = token.authorization();
        let head = format!(
            "PUT {path} HTTP/1.1\r\nauthorization: {authorization}\r\ncontent-type: {CBOR}\r\n"
        );
        self.send(&head, &open.to_cbor())
    }

    /// Half of them wait at a change, half at a reading.
    fn waiting_clients(&self) -> Vec<TcpStream> {
        let waiting = (0..COUNT).map(|seed| {
            if seed % 2 == 0 {
                return self.open(seed, WAIT);
            }
            let opened = answer(self.open(seed, Duration::ZERO));
            assert!(opened.starts_with("HTTP/1.1 201"), "{opened}");
            let path = frames_path(&MailboxId::from_bytes([seed; 16])) + &query(0, 0, WAIT);
            let authorization = Token::from_bytes([seed; 32]).authorization();
            let head = format!("GET {path} HTTP/1.1\r\nauthorization: {authorization}\r\n");
            self.send(&head, &[])
        });
        let waiting = waiting.collect();
        self.reaches(COUNT);
        waiting
    }

    /// Asks for the figure until it is this one.
    fn reaches(&self, waiters: u8) {
        let began = Instant::now();
        let wanted = format!("naru_waiters {waiters}");
        loop {
            let figures = answer(self.send("GET /metrics HTTP/1.1\r\n", &[]));
            if figures.lines().any(|line| line == wanted) {
                return;
            }
            assert!(began.elapsed() < BOUND, "{wanted} is not in {figures}");
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn answer(mut connection: TcpStream) -> String {
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn clients_that_hang_up_give_their_places_back_at_once() {
    let relay = Relay::start();
    let waiting = relay.waiting_clients();
    drop(waiting);
    relay.reaches(0);
}

#[test]
#[cfg(unix)]
fn everyone_who_waits_is_answered_when_the_relay_is_told_to_stop_and_it_ends() {
    let mut relay = Relay::start();
    let waiting = relay.waiting_clients();
    let id = relay.process.id().to_string();
    let told = Instant::now();
    let kill = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(kill.success());
    for connection in waiting {
        let answer = answer(connection);
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(
            answer.contains("naru-problem: shutting_down\r\n"),
            "{answer}"
        );
        assert!(answer.contains("retry-after: "), "{answer}");
    }
    assert!(relay.process.wait().unwrap().success());
    assert!(told.elapsed() < BOUND, "{:?}", told.elapsed());
}
