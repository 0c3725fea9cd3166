//! The log in a Redis Stream, shared by any number of relays.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, FromRedisValue, Value};

use super::{
    chain::{Entry, Link},
    event::Event,
    store::{AuditError, AuditStore},
};
use crate::{
    reference::Reference,
    store::redis::{Connected, Deployment},
};

/// All keys are in one slot of a Cluster.
const ENTRIES: &str = "naru:{audit}:entries";
const ENDS: &str = "naru:{audit}:ends";
const INDEX: &str = "naru:{audit}:reference:";
/// Somewhat longer than anything is kept: the index goes by itself.
const INDEX_KEPT: Duration = Duration::from_secs(750 * 86_400);

/// Appends where the chain still ends with what the caller has seen; answers with where it ends.
const APPEND: &str = "
local sequence, hash = unpack(redis.call('HMGET', KEYS[2], 'head_sequence', 'head_hash'))
sequence, hash = sequence or '0', hash or ARGV[3]
if hash ~= ARGV[1] then
  return { sequence, hash }
end
for at = 5, #ARGV, 4 do
  redis.call('XADD', KEYS[1], ARGV[at] .. '-0', 'line', ARGV[at + 1])
  if ARGV[at + 3] ~= '' then
    redis.call('RPUSH', ARGV[at + 3], ARGV[at] .. '-0')
    redis.call('EXPIRE', ARGV[at + 3], ARGV[2])
  end
  sequence, hash = ARGV[at], ARGV[at + 2]
end
redis.call('HSET', KEYS[2], 'head_sequence', sequence, 'head_hash', hash)
return { sequence, hash }
";

/// A stream, and where its chain begins and ends.
pub struct RedisAudit(Connected);

impl RedisAudit {
    /// Connects.
    pub async fn connect(deployment: &Deployment) -> Result<Self, AuditError> {
        Ok(Self(Connected::open(deployment).await?))
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, AuditError> {
        let value = self.0.command(command).await?;
        T::from_redis_value(value).map_err(|_| AuditError::Strange)
    }
}

impl AuditStore for RedisAudit {
    async fn append(&self, events: &[Event]) -> Result<Vec<Arc<Entry>>, AuditError> {
        let (_, mut head) = self.ends().await?;
        loop {
            let entries = Entry::chain(&head, events);
            let Some(last) = entries.last() else {
                return Ok(entries);
            };
            let mut script = redis::cmd("EVAL");
            script.arg(APPEND).arg(2).arg(ENTRIES).arg(ENDS);
            script.arg(&head.hash).arg(INDEX_KEPT.as_secs());
            script.arg(Link::start().hash).arg("");
            for entry in &entries {
                let reference = entry.event.reference;
                script
                    .arg(entry.sequence)
                    .arg(entry.line())
                    .arg(&entry.hash)
                    .arg(reference.map_or_else(String::new, |it| format!("{INDEX}{it}")));
            }
            let (sequence, hash): (u64, String) = self.run(&script).await?;
            // A call that was repeated finds what it has written the first time.
            if hash == last.hash {
                return Ok(entries);
            }
            head = Link { sequence, hash };
        }
    }

    async fn lines(&self, after: u64, most: usize) -> Result<Vec<String>, AuditError> {
        let mut range = redis::cmd("XRANGE");
        range.arg(ENTRIES).arg(format!("({after}-0")).arg("+");
        range.arg("COUNT").arg(most);
        lines(self.run(&range).await?)
    }

    async fn find(&self, reference: Reference) -> Result<Vec<String>, AuditError> {
        let mut index = redis::cmd("LRANGE");
        index.arg(format!("{INDEX}{reference}")).arg(0).arg(-1);
        let ids: Vec<String> = self.run(&index).await?;
        let mut found = Vec::new();
        for id in ids {
            let mut range = redis::cmd("XRANGE");
            range.arg(ENTRIES).arg(&id).arg(&id);
            found.extend(lines(self.run(&range).await?)?);
        }
        Ok(found)
    }

    async fn ends(&self) -> Result<(Link, Link), AuditError> {
        let mut ends = redis::cmd("HMGET");
        ends.arg(ENDS);
        ends.arg("anchor_sequence").arg("anchor_hash");
        ends.arg("head_sequence").arg("head_hash");
        type End = (Option<u64>, Option<String>);
        let (anchor, anchor_hash, head, head_hash): (_, _, Option<u64>, Option<String>) =
            self.run(&ends).await?;
        let link = |(sequence, hash): End| match (sequence, hash) {
            (Some(sequence), Some(hash)) => Link { sequence, hash },
            _ => Link::start(),
        };
        Ok((link((anchor, anchor_hash)), link((head, head_hash))))
    }

    async fn forget(&self, link: &Link) -> Result<(), AuditError> {
        let mut trim = redis::cmd("XTRIM");
        trim.arg(ENTRIES).arg("MINID");
        trim.arg(format!("{}-0", link.sequence + 1));
        let _: Value = self.run(&trim).await?;
        let mut anchor = redis::cmd("HSET");
        anchor.arg(ENDS).arg("anchor_sequence").arg(link.sequence);
        anchor.arg("anchor_hash").arg(&link.hash);
        let _: Value = self.run(&anchor).await?;
        Ok(())
    }
}

/// A stream's entries have one field each.
fn lines(entries: Vec<(String, Vec<String>)>) -> Result<Vec<String>, AuditError> {
    let lines = entries.into_iter().map(|(_, fields)| fields);
    let lines = lines.map(|fields| fields.into_iter().nth(1).ok_or(AuditError::Strange));
    lines.collect()
}
