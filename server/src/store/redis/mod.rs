//! The store in Redis: survives the relay, and is shared by any number of relays.

mod script;
mod subscriber;

use std::time::Duration;

use naru_core::mailbox::{FrameNumber, Join, MailboxId, Open, TokenHash};
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, ServerErrorKind, Value,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use sha2::{Digest, Sha256};
use tokio::task::AbortHandle;

use self::{
    script::{Scripts, call},
    subscriber::CHANNEL,
};
use super::{Accepted, Capacity, Store, StoreError, Unread, Wakers, Watch};

const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);
const RECONNECT_PAUSE_AT_MOST: Duration = Duration::from_millis(500);

/// Why the store cannot be used from the start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It does not answer, or refuses.
    #[error("it does not answer: {0}")]
    Unreachable(#[from] RedisError),
    /// It would drop what others have stored.
    #[error("its maxmemory-policy is {0}, which drops stored frames: set it to noeviction")]
    Evicts(String),
}

/// Mailboxes as hashes, and their frames as keys beside them. Everything of a mailbox has one hash
/// tag, and a time to live.
pub struct Redis {
    connection: ConnectionManager,
    scripts: Scripts,
    wakers: Wakers,
    capacity: Capacity,
    listener: AbortHandle,
}

impl Redis {
    /// Connects, and starts to listen for changes. `mailboxes` and
    /// `total_bytes` of the capacity are left to Redis's own `maxmemory`.
    pub async fn connect(client: Client, capacity: Capacity) -> Result<Self, ConnectError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_number_of_retries(2)
            .set_min_delay(RECONNECT_PAUSE)
            .set_max_delay(RECONNECT_PAUSE_AT_MOST);
        let mut connection = ConnectionManager::new_with_config(client.clone(), config).await?;
        refuse_eviction(&mut connection).await?;
        let scripts = Scripts::new();
        scripts.load(&mut connection).await?;
        let wakers = Wakers::default();
        let listener = tokio::spawn(subscriber::listen(client, wakers.clone())).abort_handle();
        Ok(Self {
            connection,
            scripts,
            wakers,
            capacity,
            listener,
        })
    }

    /// Runs one script.
    async fn run(&self, command: Cmd) -> Result<Answer, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.add_command(command);
        self.exchange(pipeline).await
    }

    /// Stores a frame's bytes and runs the script that makes them part of a lane, or forgets them.
    async fn run_with_frame(
        &self,
        frame: &Frame,
        bytes: &[u8],
        command: Cmd,
    ) -> Result<Answer, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("SET")
            .arg(&frame.key)
            .arg(bytes)
            .arg("PX")
            .arg(milliseconds(self.capacity.transfer_ttl))
            .ignore()
            .add_command(command);
        self.exchange(pipeline).await
    }

    /// A Redis that was restarted has no scripts; it gets them, and the pipeline again.
    async fn exchange(&self, pipeline: Pipeline) -> Result<Answer, StoreError> {
        let mut connection = self.connection.clone();
        let mut result = pipeline.query_async(&mut connection).await;
        if matches!(&result, Err(error) if has_no_script(error)) {
            self.scripts
                .load(&mut connection)
                .await
                .map_err(|error| unavailable(&error))?;
            result = pipeline.query_async(&mut connection).await;
        }
        let (answer,): (Vec<Value>,) = result.map_err(|error| unavailable(&error))?;
        Answer::parse(answer)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Store for Redis {
    async fn open(&self, id: MailboxId, open: Open) -> Result<Accepted, StoreError> {
        let mut command = call(&self.scripts.open, &key(&id));
        let deposit = open.deposit.map(|seconds| seconds.to_string());
        command
            .arg(open.token.as_bytes())
            .arg(open.join.as_bytes())
            .arg(milliseconds(self.capacity.waits(&open)))
            .arg(milliseconds(self.capacity.transfer_ttl))
            .arg(deposit.unwrap_or_default());
        self.run(command).await?.accepted()
    }

    async fn join(&self, id: MailboxId, by: TokenHash, join: Join) -> Result<Accepted, StoreError> {
        let mailbox = key(&id);
        let frame = Frame::new(&mailbox, join.token, FrameNumber::FIRST, &join.m1);
        let mut command = call(&self.scripts.join, &mailbox);
        command
            .arg(by.as_bytes())
            .arg(join.token.as_bytes())
            .arg(&frame.entry)
            .arg(milliseconds(self.capacity.transfer_ttl))
            .arg(milliseconds(self.capacity.transfer_ttl))
            .arg(self.capacity.mailbox_bytes)
            .arg(CHANNEL)
            .arg(id.to_string());
        self.run_with_frame(&frame, &join.m1, command)
            .await?
            .accepted()
    }

    async fn append(
        &self,
        id: MailboxId,
        by: TokenHash,
        number: FrameNumber,
        bytes: Vec<u8>,
    ) -> Result<Accepted, StoreError> {
        let mailbox = key(&id);
        let frame = Frame::new(&mailbox, by, number, &bytes);
        let mut command = call(&self.scripts.append, &mailbox);
        command
            .arg(by.as_bytes())
            .arg(number.get())
            .arg(&frame.entry)
            .arg(self.capacity.lane_frames)
            .arg(self.capacity.mailbox_bytes)
            .arg(CHANNEL)
            .arg(id.to_string());
        self.run_with_frame(&frame, &bytes, command)
            .await?
            .accepted()
    }

    async fn read(&self, id: MailboxId, by: TokenHash, after: u16) -> Result<Unread, StoreError> {
        let mut command = call(&self.scripts.read, &key(&id));
        command.arg(by.as_bytes()).arg(after);
        let (left, keys) = self.run(command).await?.unread()?;
        let expires_in = Duration::from_millis(left);
        if keys.is_empty() {
            let frames = Vec::new();
            return Ok(Unread { frames, expires_in });
        }
        let found: Vec<Option<Vec<u8>>> = redis::cmd("MGET")
            .arg(keys)
            .query_async(&mut self.connection.clone())
            .await
            .map_err(|error| unavailable(&error))?;
        // A lane has no gap: what follows a frame that was taken away meanwhile has to wait.
        let frames = found.into_iter().map_while(|frame| frame).collect();
        Ok(Unread { frames, expires_in })
    }

    async fn end(&self, id: MailboxId, by: TokenHash) -> Result<(), StoreError> {
        let mut command = call(&self.scripts.end, &key(&id));
        command.arg(by.as_bytes()).arg(CHANNEL).arg(id.to_string());
        self.run(command).await?.accepted().map(drop)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        redis::cmd("PING")
            .exec_async(&mut self.connection.clone())
            .await
            .map_err(|error| unavailable(&error))
    }

    fn watch(&self, id: MailboxId) -> Watch {
        self.wakers.watch(id)
    }
}

/// A frame as the scripts know it.
struct Frame {
    key: Vec<u8>,
    /// Its digest and its length.
    entry: Vec<u8>,
}

impl Frame {
    /// The digest names the writer too, so that a refused call forgets nobody else's frame.
    fn new(mailbox: &str, writer: TokenHash, number: FrameNumber, bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(writer.as_bytes())
            .chain_update(number.get().to_be_bytes())
            .chain_update(bytes)
            .finalize()
            .into();
        Self {
            key: [mailbox.as_bytes(), b":", &digest].concat(),
            entry: [&digest[..], bytes.len().to_string().as_bytes()].concat(),
        }
    }
}

/// What a script says: a word, and what belongs to it.
struct Answer {
    word: String,
    details: Vec<Value>,
}

impl Answer {
    fn parse(values: Vec<Value>) -> Result<Self, StoreError> {
        let mut values = values.into_iter();
        let word = values.next().and_then(read).ok_or_else(strange)?;
        Ok(Self {
            word,
            details: values.collect(),
        })
    }

    fn accepted(self) -> Result<Accepted, StoreError> {
        match self.word.as_str() {
            "new" => Ok(Accepted::New),
            "again" => Ok(Accepted::Again),
            _ => Err(self.refusal()),
        }
    }

    /// Milliseconds to live, and the keys of the frames.
    fn unread(self) -> Result<(u64, Vec<Vec<u8>>), StoreError> {
        if self.word != "unread" {
            return Err(self.refusal());
        }
        let mut details = self.details.into_iter();
        let left = details.next().and_then(read).ok_or_else(strange)?;
        let keys = details.map(|key| read(key).ok_or_else(strange));
        Ok((left, keys.collect::<Result<_, _>>()?))
    }

    fn refusal(self) -> StoreError {
        match self.word.as_str() {
            "unknown" => StoreError::Unknown,
            "expired" => StoreError::Expired,
            "ended" => StoreError::Ended,
            "exists" => StoreError::Exists,
            "already_joined" => StoreError::AlreadyJoined,
            "not_joined" => StoreError::NotJoined,
            "conflict" => StoreError::Conflict,
            "acknowledged" => StoreError::Acknowledged,
            "mailbox_full" => StoreError::MailboxFull,
            "full" => StoreError::Full,
            "gap" => match self.details.into_iter().next().and_then(read) {
                Some(expected) => StoreError::Gap { expected },
                None => strange(),
            },
            _ => strange(),
        }
    }
}

fn read<T: FromRedisValue>(value: Value) -> Option<T> {
    T::from_redis_value(value).ok()
}

/// An answer that no script of ours gives.
fn strange() -> StoreError {
    tracing::error!("the store's answer makes no sense");
    StoreError::Unavailable
}

fn key(id: &MailboxId) -> String {
    format!("naru:{{{id}}}")
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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

async fn refuse_eviction(connection: &mut ConnectionManager) -> Result<(), ConnectError> {
    let memory: String = redis::cmd("INFO")
        .arg("memory")
        .query_async(connection)
        .await?;
    let policy = memory
        .lines()
        .find_map(|line| line.strip_prefix("maxmemory_policy:"));
    match policy.map(str::trim) {
        None | Some("noeviction") => Ok(()),
        Some(policy) => Err(ConnectError::Evicts(policy.to_owned())),
    }
}
