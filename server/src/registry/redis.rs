//! The registry in Redis, shared by any number of relays: a key for each value.

use std::time::Duration;

use redis::{Cmd, FromRedisValue};

use super::{Registry, RegistryError};
use crate::store::redis::{Connected, Deployment};

/// ARGV: whether a value is expected, and which; whether one is put, and which; its milliseconds.
const SWAP: &str = "
local there = redis.call('GET', KEYS[1])
if there ~= (ARGV[1] == '1' and ARGV[2]) then
  return 0
end
if ARGV[3] ~= '1' then
  redis.call('UNLINK', KEYS[1])
elseif ARGV[5] == '0' then
  redis.call('SET', KEYS[1], ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1
";

/// A Redis.
pub struct RedisRegistry(Connected);

impl RedisRegistry {
    /// Connects.
    pub async fn connect(deployment: &Deployment) -> Result<Self, RegistryError> {
        Ok(Self(Connected::open(deployment).await?))
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RegistryError> {
        let value = self
            .0
            .command(command)
            .await
            .map_err(|error| failed(&error))?;
        T::from_redis_value(value).map_err(|_| RegistryError::Busy)
    }
}

fn failed(error: &redis::RedisError) -> RegistryError {
    RegistryError::Redis(error.kind())
}

fn named(key: &str) -> String {
    format!("naru:registry:{key}")
}

impl Registry for RedisRegistry {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        self.run(redis::cmd("GET").arg(named(key))).await
    }

    /// A call that was repeated because its answer was lost says `false`: nobody gets twice what can be taken
    /// once.
    async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Option<Duration>,
    ) -> Result<bool, RegistryError> {
        let mut script = redis::cmd("EVAL");
        script.arg(SWAP).arg(1).arg(named(key));
        for value in [expected, new] {
            script.arg(u8::from(value.is_some()));
            script.arg(value.unwrap_or_default());
        }
        let ttl = ttl.map_or(0, |ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        script.arg(ttl.min(1 << 50));
        self.run(&script).await
    }
}
