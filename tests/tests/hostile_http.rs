//! What no client of ours would send.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use naru_core::mailbox::{
    FrameNumber, Join, MailboxId, Open, Token, frame_path, frames_path, join_path, mailbox_path,
};
use naru_tests::{RunningRelay, http_client};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

const ROUNDS: u64 = 2_400;
const AT_ONCE: usize = 48;
const DEADLINE: Duration = Duration::from_secs(1);

/// A request as a client of ours sends it: its head, and its body.
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn new(call: &str, token: &Token, media_type: &str, body: Vec<u8>) -> Self {
        let head = format!(
            "{call} HTTP/1.1\r\nhost: relay.example\r\nauthorization: {}\r\n\
             content-type: {media_type}\r\nconnection: close\r\ncontent-length: ",
            token.authorization()
        );
        Self { head, body }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}{}\r\n\r\n", self.head, self.body.len()).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn requests() -> Vec<Request> {
    let [displayer, join, scanner] = [1, 2, 3].map(|byte| Token::from_bytes([byte; 32]));
    let id = MailboxId::from_bytes([7; 16]);
    let opening = Open {
        token: displayer.hash(),
        join: join.hash(),
        deposit: None,
    };
    let joining = Join {
        token: scanner.hash(),
        m1: vec![5; 96],
    };
    let second = frame_path(&id, FrameNumber::new(2).unwrap());
    vec![
        Request::new(
            &format!("PUT {}?after=0&wait=0", mailbox_path(&id)),
            &displayer,
            "application/cbor",
            opening.to_cbor(),
        ),
        Request::new(
            &format!("POST {}", join_path(&id)),
            &join,
            "application/cbor",
            joining.to_cbor(),
        ),
        Request::new(
            &format!("PUT {second}?after=1&wait=0"),
            &scanner,
            "application/octet-stream",
            vec![6; 1_000],
        ),
        Request::new(
            &format!("GET {}?after=0", frames_path(&id)),
            &displayer,
            "text/plain",
            vec![],
        ),
    ]
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    for _ in 0..=rng.next_u32() % 4 {
        let at = rng.next_u32() as usize % (bytes.len() + 1);
        match rng.next_u32() % 5 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.next_u32() as u8),
            2 if at < bytes.len() => bytes[at] = rng.next_u32() as u8,
            3 if at < bytes.len() => bytes[at] ^= 1 << (rng.next_u32() % 8),
            _ => {
                let again = bytes[at.saturating_sub(16)..at].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_mutated_requests_are_answered_or_closed_and_hurt_nobody() {
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&panics);
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::SeqCst);
        default_hook(info);
    }));
    let relay = RunningRelay::start(|settings| settings.request_deadline = DEADLINE).await;
    let address: Arc<str> = relay.origin.as_str().trim_start_matches("http://").into();
    for request in requests() {
        let answer = exchange(&address, &request.bytes()).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut exchanges = JoinSet::new();
    for round in 0..ROUNDS {
        let mut rng = ChaCha20Rng::seed_from_u64(round);
        let mut all = requests();
        let mut request = all.swap_remove(round as usize % all.len());
        let bytes = if round % 2 == 0 {
            mutate(&mut request.body, &mut rng);
            request.bytes()
        } else {
            let mut bytes = request.bytes();
            mutate(&mut bytes, &mut rng);
            bytes
        };
        let permit = Arc::clone(&permits).acquire_owned().await.unwrap();
        let address = Arc::clone(&address);
        exchanges.spawn(async move {
            let answer = exchange(&address, &bytes).await;
            drop(permit);
            (round, answer)
        });
    }
    let mut answered = 0;
    while let Some(done) = exchanges.join_next().await {
        let (round, answer) = done.unwrap();
        let answer = answer.unwrap_or_else(|| panic!("round {round} hangs"));
        assert!(!answer.starts_with("HTTP/1.1 5"), "round {round}: {answer}");
        answered += usize::from(answer.starts_with("HTTP/1.1 "));
    }
    assert!(answered as u64 > ROUNDS / 2, "{answered}");
    assert_eq!(panics.load(Ordering::SeqCst), 0);
    let alive = http_client()
        .get(format!("{}/readyz", relay.origin))
        .send()
        .await
        .unwrap();
    assert_eq!(alive.status(), 200);
    relay.stop().await;
}

/// The answer, empty where the relay just closes; `None` where it does neither in time.
async fn exchange(address: &str, request: &[u8]) -> Option<String> {
    let mut connection = TcpStream::connect(address).await.unwrap();
    // The relay may close before it has read everything.
    let _ = connection.write_all(request).await;
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    let in_time = timeout(DEADLINE * 5, read).await.is_ok();
    let answered = in_time || answer.starts_with(b"HTTP/1.1 ");
    answered.then(|| String::from_utf8_lossy(&answer).into_owned())
}
