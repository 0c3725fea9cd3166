//! The store in Redis: survives the relay, and is shared by any number of relays.

mod answer;
mod deployment;
mod frame;
mod link;
mod node;
mod own;
mod script;
mod servers;
mod subscriber;
mod token;

use std::{borrow::Cow, io::Write, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use naru_core::mailbox::{FrameNumber, MailboxId, TokenHash};
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisWrite, ServerErrorKind, Value};
use tokio::task::AbortHandle;

pub use self::deployment::{Deployment, NoRedisUrl};
use self::{
    answer::{Answer, Read, parse, strange},
    frame::{Frame, Way, key_of_frame},
    link::{Link, Request},
    node::Node,
    script::{By, Script, Scripts},
    servers::Servers,
    token::Token,
};
use super::{Capacity, Change, Changed, Outcome, Store, StoreError, Stored, Unread, Wakers, Watch};

/// How long replicas may take to have a change of a deposit.
const REPLICATE_WITHIN: Duration = Duration::from_millis(300);

/// Why the store cannot be used from the start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It does not answer, or refuses.
    #[error("it does not answer: {0}")]
    Unreachable(#[from] RedisError),
    /// It would drop what others have stored.
    #[error("its maxmemory-policy is {0}, which drops stored frames: set it to noeviction")]
    Evicts(String),
    /// The file that `ca_file` names cannot be read.
    #[error("cannot read the certificates in {path}: {error}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The system has no randomness.
    #[error("the system gives no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// A connection to a Redis for other than mailboxes.
pub(crate) struct Connected {
    link: Link,
    keeper: AbortHandle,
}

impl Connected {
    pub(crate) async fn open(deployment: &Deployment) -> Result<Self, ConnectError> {
        // TLS to Redis takes the process's provider; a host that has chosen one keeps it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (link, keeper) = Link::connect(Arc::new(Servers::new(deployment)?), None).await?;
        refuse_eviction(&link).await?;
        Ok(Self { link, keeper })
    }

    pub(crate) async fn command(&self, command: &Cmd) -> Result<Value, RedisError> {
        self.link.command(command).await
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Mailboxes as strings that the scripts read, and their frames as keys beside them. Everything of a mailbox has one hash
/// tag, and a time to live.
pub struct Redis {
    link: Link,
    /// Calls that wait for replicas go their own way, so that nothing waits behind them.
    replicating: Option<Replicating>,
    scripts: Scripts,
    wakers: Wakers,
    capacity: Capacity,
    node: Node,
    tasks: Vec<AbortHandle>,
}

struct Replicating {
    link: Link,
    replicas: u8,
}

/// A call of a script on one mailbox.
struct Call<'c> {
    script: &'c Script,
    mailbox: &'c str,
    by: TokenHash,
    reading: Reading,
    /// What the script takes besides, in its order; numbers have their lowest byte first.
    fields: &'c [&'c [u8]],
    frame: Option<Way<'c>>,
}

/// What a caller reads after its call.
#[derive(Default)]
struct Reading {
    after: u16,
    /// Whoever writes next lets its worker know.
    waits: bool,
}

impl Redis {
    /// Connects, and starts to listen for changes. `mailboxes` and
    /// `total_bytes` of the capacity are left to Redis's own `maxmemory`.
    pub async fn connect(
        deployment: &Deployment,
        capacity: Capacity,
    ) -> Result<Self, ConnectError> {
        let servers = Arc::new(Servers::new(deployment)?);
        let wakers = Wakers::default();
        let node = Node::draw(wakers.clone())?;
        let (link, keeper) = Link::connect(Arc::clone(&servers), Some(node.clone())).await?;
        let mut tasks = vec![keeper];
        refuse_eviction(&link).await?;
        let replicating = match deployment.replicas {
            0 => None,
            replicas => {
                let (link, keeper) = Link::connect(Arc::clone(&servers), None).await?;
                tasks.push(keeper);
                Some(Replicating { link, replicas })
            }
        };
        let listener = subscriber::listen(servers, link.clone(), node.clone());
        tasks.push(tokio::spawn(listener).abort_handle());
        Ok(Self {
            link,
            replicating,
            scripts: Scripts::new(),
            wakers,
            capacity,
            node,
            tasks,
        })
    }

    /// Runs one script.
    async fn run(&self, call: Call<'_>) -> Result<Answer, StoreError> {
        let Call {
            script,
            mailbox,
            by,
            reading,
            fields,
            frame,
        } = call;
        let token = Token::of(&by);
        let request = |by, thread: Option<&str>| {
            let worker = match reading.waits {
                true => thread.unwrap_or(self.node.name()),
                false => "",
            };
            let given = frame.map(Way::given);
            let mut command = script.call(by, mailbox, given.map_or(0, <[u8]>::len));
            {
                let mut packed = command.writer_for_next_arg();
                let mut pack = |field: &[u8]| {
                    // There is always room in memory.
                    let _ = packed.write_all(field);
                };
                pack(&token.0);
                pack(&reading.after.to_le_bytes());
                pack(&[worker.len() as u8]);
                pack(worker.as_bytes());
                fields.iter().copied().for_each(pack);
            }
            if let Some(bytes) = given {
                command.arg(bytes);
            }
            let Some(Way::Stored(frame, bytes)) = frame else {
                return Request::Command(Cow::Owned(command));
            };
            let mut set = Cmd::with_capacity(5, frame.key.len() + bytes.len() + 32);
            set.arg("SET").arg(&frame.key).arg(bytes);
            set.arg("PX").arg(milliseconds(self.capacity.transfer_ttl));
            let mut pipeline = Pipeline::with_capacity(2);
            pipeline.add_command(set).add_command(command);
            Request::Pipeline(pipeline)
        };
        let answer = exchange(&self.link, request).await?;
        parse(answer).map(Answer::new).ok_or_else(strange)
    }

    /// Waits until enough replicas have what has been written for a deposit: whoever made it has gone, and
    /// nobody could write it again after a failover. A change that comes later than that write stands for
    /// it.
    async fn replicate(&self, mailbox: &str) -> Result<(), StoreError> {
        let Some(Replicating { link, replicas }) = &self.replicating else {
            return Ok(());
        };
        let request = |by, _: Option<&str>| {
            let mut pipeline = redis::pipe();
            pipeline
                .add_command(self.scripts.touch.call(by, mailbox, 0))
                .cmd("WAIT")
                .arg(replicas)
                .arg(milliseconds(REPLICATE_WITHIN));
            Request::Pipeline(pipeline)
        };
        let have = exchange(link, request).await?;
        let have: u64 = parse(have).ok_or_else(strange)?;
        match have >= u64::from(*replicas) {
            true => Ok(()),
            false => {
                tracing::warn!("too few replicas have a change of a deposit");
                Err(StoreError::Unavailable)
            }
        }
    }

    /// Runs a change's script, which ends with what its maker reads then.
    async fn run_change(
        &self,
        id: &MailboxId,
        mailbox: &str,
        change: &Change,
        after: u16,
    ) -> Result<Answer, StoreError> {
        let reading = self.reading(id, change.reader(), after);
        let relay = self.node.name().as_bytes();
        let remembered = &milliseconds(self.capacity.transfer_ttl).to_le_bytes();
        let most_bytes = &(self.capacity.mailbox_bytes as u64).to_le_bytes();
        match change {
            Change::Open { open, lifetimes } => {
                let lives = milliseconds(self.capacity.waits(open, *lifetimes));
                let call = Call {
                    script: &self.scripts.open,
                    mailbox,
                    by: open.token,
                    reading,
                    fields: &[
                        &Token::of(&open.join).0,
                        &lives.to_le_bytes(),
                        remembered,
                        &open.deposit.map_or(0, NonZeroU32::get).to_le_bytes(),
                    ],
                    frame: None,
                };
                self.run(call).await
            }
            Change::Join {
                by,
                join,
                lifetimes,
            } => {
                let frame = Frame::new(mailbox, join.token, FrameNumber::FIRST, &join.m1);
                let lives = milliseconds(self.capacity.transfer_ttl.min(lifetimes.transfer));
                let call = Call {
                    script: &self.scripts.join,
                    mailbox,
                    by: *by,
                    reading,
                    fields: &[
                        relay,
                        &Token::of(&join.token).0,
                        &frame.entry,
                        &lives.to_le_bytes(),
                        remembered,
                        most_bytes,
                    ],
                    frame: Some(frame.way(&join.m1)),
                };
                self.run(call).await
            }
            Change::Write {
                by,
                number,
                frame: bytes,
            } => {
                let frame = Frame::new(mailbox, *by, *number, bytes);
                let call = Call {
                    script: &self.scripts.append,
                    mailbox,
                    by: *by,
                    reading,
                    fields: &[
                        relay,
                        &number.get().to_le_bytes(),
                        &frame.entry,
                        &self.capacity.lane_frames.to_le_bytes(),
                        most_bytes,
                    ],
                    frame: Some(frame.way(bytes)),
                };
                self.run(call).await
            }
        }
    }

    /// Waits until a change is as safe as its mailbox needs.
    async fn settle(&self, mailbox: &str, outcome: Outcome) -> Result<(), StoreError> {
        match outcome.is_deposit {
            true => self.replicate(mailbox).await,
            false => Ok(()),
        }
    }

    fn reading(&self, id: &MailboxId, reader: TokenHash, after: u16) -> Reading {
        Reading {
            after,
            waits: self.wakers.is_watched(id, reader),
        }
    }

    /// What a script has found, with its frames.
    async fn complete(
        &self,
        mailbox: &str,
        read: Result<Read, StoreError>,
    ) -> Result<Unread, StoreError> {
        let Read {
            expires_in,
            written,
            frames,
        } = read?;
        Ok(Unread {
            frames: self.gather(mailbox, frames).await?,
            written,
            expires_in,
        })
    }

    /// The bytes of frames of one lane.
    async fn gather(&self, mailbox: &str, frames: Vec<Stored>) -> Result<Vec<Bytes>, StoreError> {
        let beside: Vec<_> = frames
            .iter()
            .filter_map(|frame| match frame {
                Stored::Here(_) => None,
                Stored::Beside(digest) => Some(key_of_frame(mailbox, digest)),
            })
            .collect();
        let mut found: Vec<Option<Bytes>> = Vec::new();
        if !beside.is_empty() {
            let answer = self.link.command(redis::cmd("MGET").arg(beside)).await;
            found = answer
                .map_err(|error| unavailable(&error))
                .and_then(|found| parse(found).ok_or_else(strange))?;
        }
        let mut found = found.into_iter();
        // A lane has no gap: what follows a frame that was taken away meanwhile has to wait.
        let frames = frames.into_iter().map_while(|frame| match frame {
            Stored::Here(bytes) => Some(bytes),
            Stored::Beside(_) => found.next().flatten(),
        });
        Ok(frames.collect())
    }
}

impl Redis {
    /// Wakes everyone who waits for a mailbox on this node.
    pub fn wake_all(&self) {
        self.wakers.wake_all();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Store for Redis {
    async fn read(&self, id: MailboxId, by: TokenHash, after: u16) -> Result<Unread, StoreError> {
        let mailbox = key(&id);
        let call = Call {
            script: &self.scripts.read,
            mailbox: &mailbox,
            by,
            reading: self.reading(&id, by, after),
            fields: &[],
            frame: None,
        };
        let answer = self.run(call).await?;
        self.complete(&mailbox, answer.read()).await
    }

    async fn change(
        &self,
        id: MailboxId,
        change: Change,
        after: u16,
    ) -> Result<Changed, StoreError> {
        let mailbox = key(&id);
        let answer = self.run_change(&id, &mailbox, &change, after).await?;
        let (outcome, read) = answer.change()?;
        let expires_in = read.as_ref().ok().map(|read| read.expires_in);
        self.wakers.tell(&id, &change, outcome.accepted, expires_in);
        self.settle(&mailbox, outcome).await?;
        Ok((outcome, self.complete(&mailbox, read).await))
    }

    async fn close(&self, id: MailboxId, by: TokenHash) -> Result<Outcome, StoreError> {
        let mailbox = key(&id);
        let call = Call {
            script: &self.scripts.end,
            mailbox: &mailbox,
            by,
            reading: Reading::default(),
            fields: &[self.node.name().as_bytes()],
            frame: None,
        };
        let outcome = self.run(call).await?.outcome()?;
        self.wakers.wake(&id);
        self.settle(&mailbox, outcome).await?;
        Ok(outcome)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let ping = self.link.command(&redis::cmd("PING")).await;
        ping.map(drop).map_err(|error| unavailable(&error))
    }

    async fn fetch_named(&self, id: MailboxId, name: [u8; 16]) -> Option<Bytes> {
        let frames = self.gather(&key(&id), vec![Stored::Beside(name)]).await;
        frames.ok()?.pop()
    }

    fn watch(&self, id: MailboxId, reader: TokenHash) -> Watch {
        self.wakers.watch(id, reader)
    }
}

fn key(id: &MailboxId) -> String {
    format!("naru:{{{id}}}")
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A Redis that does not know a script is given it, with everything before it once more.
async fn exchange(
    link: &Link,
    request: impl Fn(By, Option<&str>) -> Request<'static>,
) -> Result<Value, StoreError> {
    let mut answer = link.send(|thread| request(By::Hash, thread)).await;
    if matches!(&answer, Err(error) if has_no_script(error)) {
        answer = link.send(|thread| request(By::Text, thread)).await;
    }
    answer.map_err(|error| unavailable(&error))
}

fn has_no_script(error: &RedisError) -> bool {
    any_server_error(error, |error| {
        error.kind() == Some(ServerErrorKind::NoScript)
    })
}

/// Redis's words may quote a command: the log gets only its kind.
fn unavailable(error: &RedisError) -> StoreError {
    if any_server_error(error, |error| error.code() == "OOM") {
        return StoreError::Full;
    }
    let kind: ErrorKind = error.kind();
    tracing::warn!(?kind, "the store does not answer");
    StoreError::Unavailable
}

/// A pipeline's error holds those of its commands.
fn any_server_error(error: &RedisError, is: impl Fn(&redis::ServerError) -> bool) -> bool {
    let errors = error.clone().into_server_errors();
    errors.is_some_and(|errors| errors.iter().any(|(_, error)| is(error)))
}

/// Asks every master.
async fn refuse_eviction(link: &Link) -> Result<(), ConnectError> {
    let memory = link.command(redis::cmd("INFO").arg("memory")).await?;
    let texts: Vec<String> = match memory {
        Value::Map(nodes) => nodes
            .into_iter()
            .filter_map(|(_, text)| parse(text))
            .collect(),
        text => parse(text).into_iter().collect(),
    };
    for policy in texts.iter().filter_map(|text| policy(text)) {
        if policy != "noeviction" {
            return Err(ConnectError::Evicts(policy.to_owned()));
        }
    }
    Ok(())
}

fn policy(memory: &str) -> Option<&str> {
    let mut lines = memory.lines();
    lines
        .find_map(|line| line.strip_prefix("maxmemory_policy:"))
        .map(str::trim)
}
