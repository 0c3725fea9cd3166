//! The relay: the real store in memory, behind the calls of `docs/protocol.md` §5, with followers that
//! lag behind and take over.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
    time::Duration,
};

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::StreamExt;
use naru_core::{
    client::{Method, Request, Response},
    mailbox::{
        self, EXPIRES_IN, FrameNumber, Join, MAX_WAIT, MailboxId, Open, PROBLEM_CODE, Token,
        TokenHash, WRITTEN,
    },
};
use naru_relay::store::{Accepted, Capacity, Store, StoreError, Unread, memory::Memory};
use tokio::{
    task::spawn_local,
    time::{Instant, sleep_until},
};

use crate::{Mistake, world::World};

const CAPACITY: Capacity = Capacity {
    join_ttl: mailbox::JOIN_TTL,
    transfer_ttl: mailbox::TRANSFER_TTL,
    deposit_ttl: Duration::from_secs(7_200),
    lane_frames: mailbox::MAX_LANE_FRAMES,
    mailbox_bytes: mailbox::MAX_MAILBOX_BYTES,
    mailboxes: 100,
    total_bytes: 1 << 24,
};
/// How far each follower is behind the one before it, at most.
const LAG: Duration = Duration::from_secs(2);
const FOLLOWERS: usize = 2;
/// As the relay's own: a waiter reads again after this long, whatever it has heard.
const RECHECK: Duration = Duration::from_secs(5);

/// What changes a store, or may.
#[derive(Clone)]
enum Call {
    Open(MailboxId, Open),
    Join(MailboxId, TokenHash, Join),
    Append(MailboxId, TokenHash, FrameNumber, Vec<u8>),
    Read(MailboxId, TokenHash, u16),
    End(MailboxId, TokenHash),
}

impl Call {
    fn mailbox(&self) -> &MailboxId {
        match self {
            Self::Open(id, _)
            | Self::Join(id, ..)
            | Self::Append(id, ..)
            | Self::Read(id, ..)
            | Self::End(id, _) => id,
        }
    }
}

pub(crate) struct Relay {
    world: Rc<World>,
    /// The store, and after it the followers that have not taken over yet.
    stores: RefCell<Vec<Follower>>,
    /// Nobody is answered before.
    back: Cell<Instant>,
    /// When calls were answered that no follower keeps: after the first moment, up to the second.
    lost: Rc<RefCell<Vec<(Instant, Instant)>>>,
    /// What no follower may miss before it is acknowledged.
    deposits: RefCell<HashSet<MailboxId>>,
}

struct Follower {
    store: Rc<Memory>,
    lag: Duration,
    calls: UnboundedSender<(Instant, Call)>,
}

impl Relay {
    pub(crate) fn new(world: &Rc<World>) -> Rc<Self> {
        let relay = Rc::new(Self {
            world: Rc::clone(world),
            stores: RefCell::default(),
            back: Cell::new(Instant::now()),
            lost: Rc::default(),
            deposits: RefCell::default(),
        });
        relay.forget();
        relay
    }

    /// Restarts with nothing in its memory.
    pub(crate) fn forget(&self) {
        let follower = |lag| {
            let store = Rc::new(Memory::new(CAPACITY));
            let (calls, mut queue) = unbounded::<(Instant, Call)>();
            let (follows, lost) = (Rc::clone(&store), Rc::clone(&self.lost));
            spawn_local(async move {
                while let Some((at, call)) = queue.next().await {
                    sleep_until(at + lag).await;
                    let is_lost = |(after, until): &(Instant, Instant)| at > *after && at <= *until;
                    if !lost.borrow().iter().any(is_lost) {
                        // What the store refused, its follower refuses too.
                        let _ = apply(&follows, call).await;
                    }
                }
            });
            Follower { store, lag, calls }
        };
        let lags = (0..=FOLLOWERS as u32).map(|behind| LAG * behind);
        self.stores.replace(lags.map(follower).collect());
    }

    /// Answers nobody for a while, and loses nothing.
    pub(crate) fn pause(&self, length: Duration) {
        self.back.set(Instant::now() + length);
    }

    /// The next follower takes over, and what it has not heard of is lost.
    pub(crate) fn fail_over(&self) {
        let mut stores = self.stores.borrow_mut();
        if stores.len() > 1 {
            stores.remove(0);
            let now = Instant::now();
            self.lost.borrow_mut().push((now - stores[0].lag, now));
        }
    }

    /// `None`: the connection is refused.
    pub(crate) async fn answer(&self, request: Request) -> Option<Response> {
        if Instant::now() < self.back.get() {
            return match self.world.chance(500) {
                true => None,
                false => Some(problem(503, "store_unavailable")),
            };
        }
        Some(match self.handle(request).await {
            Ok(response) => response,
            Err(error) => refusal(error),
        })
    }

    async fn handle(&self, request: Request) -> Result<Response, StoreError> {
        let token = Token::from_authorization(&request.authorization).expect("a bearer token");
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let mut names = path.trim_start_matches("/v1/mailboxes/").split('/');
        let id: MailboxId = names.next().expect("an id").parse().expect("an id");
        let by = token.hash();
        let (call, reader) = match (request.method, names.next(), names.next()) {
            (Method::Put, None, None) => {
                let open = Open::from_cbor(&request.body).expect("a body");
                (Some(Call::Open(id, open)), by)
            }
            (Method::Post, Some("join"), None) => {
                let join = Join::from_cbor(&request.body).expect("a body");
                let reader = join.token;
                (Some(Call::Join(id, by, join)), reader)
            }
            (Method::Put, Some("frames"), Some(number)) => {
                let number = number.parse().ok().and_then(FrameNumber::new);
                let number = number.expect("a frame's number");
                (Some(Call::Append(id, by, number, request.body)), by)
            }
            (Method::Get, Some("frames"), None) => (None, by),
            (Method::Delete, None, None) => {
                self.call(Call::End(id, by)).await?;
                let nothing = Unread {
                    frames: Vec::new(),
                    written: 0,
                    expires_in: Duration::ZERO,
                };
                return Ok(success(204, &nothing));
            }
            _ => panic!("no client sends {:?} {path}", request.method),
        };
        let mut accepted = Accepted::Again;
        if let Some(call) = call {
            accepted = self.call(call).await?.0;
        }
        let unread = self.wait(id, reader, query).await?;
        let status = if accepted == Accepted::New { 201 } else { 200 };
        Ok(success(status, &unread))
    }

    async fn wait(&self, id: MailboxId, by: TokenHash, query: &str) -> Result<Unread, StoreError> {
        let number = |name: &str| -> u16 {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value);
            value.and_then(|value| value.parse().ok()).unwrap_or(0)
        };
        let (after, written) = (number("after"), number("written"));
        let wait = Duration::from_secs(number("wait").into());
        let deadline = Instant::now() + wait.min(MAX_WAIT);
        loop {
            let store = self.store();
            let watch = store.watch(id, by);
            let unread = self.call(Call::Read(id, by, after)).await?.1;
            let unread = unread.expect("a read");
            let now = Instant::now();
            if !unread.frames.is_empty() || unread.written < written || now >= deadline {
                if self.world.makes(Mistake::ForgetsWhatItHandsOut) {
                    let seen = after + unread.frames.len() as u16;
                    self.call(Call::Read(id, by, seen)).await?;
                }
                return Ok(unread);
            }
            let again = deadline.min(now + unread.expires_in).min(now + RECHECK);
            let changed = std::pin::pin!(watch.changed());
            futures_util::future::select(changed, std::pin::pin!(sleep_until(again))).await;
        }
    }

    fn store(&self) -> Rc<Memory> {
        Rc::clone(&self.stores.borrow()[0].store)
    }

    /// Runs a call, and lets the followers hear of it.
    async fn call(&self, call: Call) -> Result<(Accepted, Option<Unread>), StoreError> {
        if let Call::Open(
            id,
            Open {
                deposit: Some(_), ..
            },
        ) = &call
        {
            self.deposits.borrow_mut().insert(*id);
        }
        if self.deposits.borrow().contains(call.mailbox())
            && !self.world.makes(Mistake::AcknowledgesTooEarly)
        {
            let stores: Vec<_> = self
                .stores
                .borrow()
                .iter()
                .map(|it| Rc::clone(&it.store))
                .collect();
            for follower in stores.iter().skip(1) {
                // What the store refuses, its follower refuses too.
                let _ = apply(follower, call.clone()).await;
            }
            return apply(&stores[0], call).await;
        }
        let store = {
            let stores = self.stores.borrow();
            for follower in stores.iter().skip(1) {
                // A follower listens until it takes over.
                let _ = follower
                    .calls
                    .unbounded_send((Instant::now(), call.clone()));
            }
            Rc::clone(&stores[0].store)
        };
        apply(&store, call).await
    }
}

async fn apply(store: &Memory, call: Call) -> Result<(Accepted, Option<Unread>), StoreError> {
    Ok(match call {
        Call::Open(id, open) => (store.open(id, open).await?, None),
        Call::Join(id, by, join) => (store.join(id, by, join).await?, None),
        Call::Append(id, by, number, frame) => (store.append(id, by, number, frame).await?, None),
        Call::Read(id, by, after) => {
            let unread = store.read(id, by, after).await?;
            (Accepted::Again, Some(unread))
        }
        Call::End(id, by) => {
            store.end(id, by).await?;
            (Accepted::New, None)
        }
    })
}

fn success(status: u16, unread: &Unread) -> Response {
    let expires_in = unread.expires_in.as_secs().to_string();
    Response {
        status,
        headers: vec![
            (EXPIRES_IN.into(), expires_in),
            (WRITTEN.into(), unread.written.to_string()),
        ],
        body: mailbox::frames_to_cbor(&unread.frames),
    }
}

fn problem(status: u16, code: &str) -> Response {
    Response {
        status,
        headers: vec![(PROBLEM_CODE.into(), code.into())],
        body: Vec::new(),
    }
}

fn refusal(error: StoreError) -> Response {
    let (status, code) = match error {
        StoreError::Unknown => (404, "mailbox_unknown"),
        StoreError::Expired => (410, "mailbox_expired"),
        StoreError::Ended => (410, "mailbox_ended"),
        StoreError::Exists => (409, "mailbox_exists"),
        StoreError::AlreadyJoined => (409, "already_joined"),
        StoreError::NotJoined => (409, "not_joined"),
        StoreError::Conflict => (409, "frame_conflict"),
        StoreError::Gap { .. } => (409, "frame_gap"),
        StoreError::Acknowledged => (409, "frames_acknowledged"),
        StoreError::MailboxFull => (413, "mailbox_full"),
        StoreError::Full => (503, "relay_full"),
        StoreError::Unavailable => (503, "store_unavailable"),
    };
    problem(status, code)
}
