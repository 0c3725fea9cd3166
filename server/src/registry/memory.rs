//! The registry in the process: gone with it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Registry, RegistryError};

/// How many values there are before those whose time is over are looked for.
const TIDY_FROM: usize = 1_024;

/// Values in memory.
#[derive(Default)]
pub struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    values: HashMap<String, Value>,
    tidy_at: usize,
}

struct Value {
    bytes: Vec<u8>,
    ends: Option<Instant>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn live(&self, key: &str) -> Option<&[u8]> {
        let value = self.values.get(key)?;
        let is_over = value.ends.is_some_and(|ends| ends <= Instant::now());
        (!is_over).then_some(&*value.bytes)
    }

    fn tidy(&mut self) {
        if self.values.len() < self.tidy_at.max(TIDY_FROM) {
            return;
        }
        let now = Instant::now();
        self.values
            .retain(|_, value| value.ends.is_none_or(|ends| ends > now));
        self.tidy_at = self.values.len() * 2;
    }
}

impl Registry for Memory {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        Ok(self.state().live(key).map(<[u8]>::to_vec))
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Option<Duration>,
    ) -> Result<bool, RegistryError> {
        let mut state = self.state();
        if state.live(key) != expected {
            return Ok(false);
        }
        match new {
            None => {
                state.values.remove(key);
            }
            Some(bytes) => {
                let value = Value {
                    bytes: bytes.to_vec(),
                    ends: ttl.map(|ttl| Instant::now() + ttl),
                };
                state.values.insert(key.to_owned(), value);
                state.tidy();
            }
        }
        Ok(true)
    }
}
