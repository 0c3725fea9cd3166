//! The measurements.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use naru_core::mailbox::{
    CBOR, FrameNumber, Join, MailboxId, OCTET_STREAM, Open, Token, frame_path, frames_path,
    join_path, mailbox_path, query,
};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    client::{Call, Client},
    peers,
    server::{Redis, Server},
};

const WAIT: Duration = Duration::from_secs(25);
const NOTHING: Duration = Duration::ZERO;
/// What is not a bundle is small.
pub(crate) const SMALL: usize = 1_000;
/// Requests of one transfer, by the bytes that come and go.
const REQUESTS: usize = 8;

pub(crate) struct Load {
    pub(crate) transfers: usize,
    pub(crate) at_once: usize,
    pub(crate) bytes: usize,
    pub(crate) waiters: usize,
    pub(crate) notifications: usize,
}

#[derive(Default)]
pub(crate) struct Cost {
    pub(crate) rate: f64,
    pub(crate) cpu: f64,
    pub(crate) redis_cpu: f64,
}

/// What a server is asked to do for one transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// As many requests and bytes, to a server that keeps nothing.
    Floor,
    Relay,
    Nchan,
    Wormhole,
}

/// Whole transfers between two devices at one server.
pub(crate) async fn transfers(
    server: &Server,
    redis: Option<&Redis>,
    way: Way,
    load: &Load,
) -> Cost {
    let next = Arc::new(AtomicUsize::new(0));
    let before = (server.cpu(), redis.map_or(0.0, Redis::cpu));
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..load.at_once {
        let (next, address) = (Arc::clone(&next), server.address.clone());
        let (transfers, bytes) = (load.transfers, load.bytes);
        workers.spawn(async move {
            let mut ours = Client::connect(&address).await;
            let mut theirs = Client::connect(&address).await;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= transfers {
                    return;
                }
                let unique = number as u64;
                match way {
                    Way::Floor => nothing(&mut ours, bytes).await,
                    Way::Relay => {
                        let transfer = Transfer::new(unique);
                        transfer.cross(&mut ours, &mut theirs, bytes).await;
                    }
                    Way::Nchan => peers::nchan(&mut ours, &mut theirs, unique, bytes).await,
                    Way::Wormhole => peers::wormhole(&address, unique, bytes).await,
                }
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.expect("it does not panic");
    }
    let count = load.transfers as f64;
    Cost {
        rate: count / began.elapsed().as_secs_f64(),
        cpu: (server.cpu() - before.0) / count,
        redis_cpu: (redis.map_or(0.0, Redis::cpu) - before.1) / count,
    }
}

async fn nothing(client: &mut Client, bytes: usize) {
    let body = vec![0; bytes.max(SMALL)];
    for request in 0..REQUESTS {
        let (sent, got) = match request {
            4 => (SMALL, bytes),
            5 => (bytes, SMALL),
            _ => (SMALL, SMALL),
        };
        let path = format!("/?bytes={got}");
        client
            .call(&Call {
                method: "PUT",
                path: &path,
                authorization: "Bearer x",
                media_type: OCTET_STREAM,
                body: &body[..sent],
            })
            .await;
    }
}

/// The names and tokens of one transfer.
struct Transfer {
    id: MailboxId,
    displayer: Token,
    join: Token,
    scanner: Token,
}

impl Transfer {
    fn new(number: u64) -> Self {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        // Runs of one process do not share mailboxes.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        id[8..].copy_from_slice(&(now.map_or(0, |now| now.as_nanos()) as u64).to_be_bytes());
        let token = |byte| Token::from_bytes([byte; 32]);
        Self {
            id: MailboxId::from_bytes(id),
            displayer: token(1),
            join: token(2),
            scanner: token(3),
        }
    }

    async fn open(&self, client: &mut Client) {
        let open = Open {
            token: self.displayer.hash(),
            join: self.join.hash(),
            deposit: None,
        };
        let path = mailbox_path(&self.id) + &query(0, 0, NOTHING);
        self.call(client, "PUT", &path, &self.displayer, CBOR, &open.to_cbor())
            .await;
    }

    async fn join(&self, client: &mut Client, wait: Duration) {
        let join = Join {
            token: self.scanner.hash(),
            m1: vec![1; 80],
        };
        let path = join_path(&self.id) + &query(0, 0, wait);
        self.call(client, "POST", &path, &self.join, CBOR, &join.to_cbor())
            .await;
    }

    async fn write(
        &self,
        client: &mut Client,
        by: &Token,
        number: u16,
        bytes: usize,
        then: (u16, Duration),
    ) {
        let number = FrameNumber::new(number).expect("from 1");
        let path = frame_path(&self.id, number) + &query(then.0, 0, then.1);
        self.call(client, "PUT", &path, by, OCTET_STREAM, &vec![7; bytes])
            .await;
    }

    async fn read(&self, client: &mut Client, by: &Token, after: u16) {
        let path = frames_path(&self.id) + &query(after, 0, WAIT);
        self.call(client, "GET", &path, by, OCTET_STREAM, &[]).await;
    }

    async fn call(
        &self,
        client: &mut Client,
        method: &str,
        path: &str,
        by: &Token,
        media_type: &str,
        body: &[u8],
    ) {
        let authorization = by.authorization();
        client
            .call(&Call {
                method,
                path,
                authorization: &authorization,
                media_type,
                body,
            })
            .await;
    }

    /// Eight requests, five of which wait for the other side.
    async fn cross(&self, ours: &mut Client, theirs: &mut Client, bytes: usize) {
        self.open(ours).await;
        let giver = async {
            self.read(ours, &self.displayer, 0).await;
            self.write(ours, &self.displayer, 1, 64, (1, WAIT)).await;
            self.write(ours, &self.displayer, 2, bytes, (2, WAIT)).await;
        };
        let receiver = async {
            self.join(theirs, WAIT).await;
            self.write(theirs, &self.scanner, 2, SMALL, (1, WAIT)).await;
            self.write(theirs, &self.scanner, 3, SMALL, (2, NOTHING))
                .await;
        };
        tokio::join!(giver, receiver);
        let path = mailbox_path(&self.id);
        self.call(theirs, "DELETE", &path, &self.scanner, CBOR, &[])
            .await;
    }
}

/// From the moment at which one side writes until the other has it, in microseconds: p50 and p99.
pub(crate) async fn notifications(writer: &Server, reader: &Server, load: &Load) -> [u128; 2] {
    const LANE: usize = 30;
    let (mut ours, mut theirs) = (
        Client::connect(&writer.address).await,
        Client::connect(&reader.address).await,
    );
    let mut took = Vec::new();
    for number in 0..load.notifications.div_ceil(LANE) {
        let transfer = Transfer::new(number as u64);
        transfer.open(&mut ours).await;
        transfer.join(&mut theirs, NOTHING).await;
        for frame in 1..=LANE as u16 {
            let path = frames_path(&transfer.id) + &query(frame - 1, 0, WAIT);
            let authorization = transfer.scanner.authorization();
            let call = Call {
                method: "GET",
                path: &path,
                authorization: &authorization,
                media_type: OCTET_STREAM,
                body: &[],
            };
            theirs.send(&call).await;
            // Until it is parked.
            sleep(Duration::from_millis(2)).await;
            let began = Instant::now();
            let written = transfer.write(&mut ours, &transfer.displayer, frame, 100, (0, NOTHING));
            let heard = async {
                assert_eq!(theirs.answer().await, 200);
                began.elapsed().as_micros()
            };
            took.push(tokio::join!(written, heard).1);
        }
    }
    took.sort_unstable();
    [took[took.len() / 2], took[took.len() * 99 / 100]]
}

/// KiB that one client costs which waits.
pub(crate) async fn idle(server: &Server, load: &Load) -> f64 {
    let is_floor = Client::connect(&server.address)
        .await
        .answers("/?bytes=1")
        .await;
    let before = server.memory();
    let mut waiting = Vec::new();
    for number in 0..load.waiters {
        let mut client = Client::connect(&server.address).await;
        let transfer = Transfer::new(number as u64);
        let path = match is_floor {
            true => "/?wait=25".to_owned(),
            false => {
                transfer.open(&mut client).await;
                frames_path(&transfer.id) + &query(0, 0, WAIT)
            }
        };
        let authorization = transfer.displayer.authorization();
        let call = Call {
            method: "GET",
            path: &path,
            authorization: &authorization,
            media_type: OCTET_STREAM,
            body: &[],
        };
        client.send(&call).await;
        waiting.push(client);
    }
    sleep(Duration::from_secs(1)).await;
    (server.memory() - before) / load.waiters as f64
}
