//! The state changes, each one script that Redis runs atomically.

use redis::{Cmd, RedisResult, Script, aio::ConnectionManager};

/// The scripts by what they do.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) join: Script,
    pub(super) append: Script,
    pub(super) read: Script,
    pub(super) end: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        macro_rules! script {
            ($name:literal) => {
                Script::new(concat!(
                    include_str!("lua/prelude.lua"),
                    include_str!(concat!("lua/", $name, ".lua"))
                ))
            };
        }
        Self {
            open: script!("open"),
            join: script!("join"),
            append: script!("append"),
            read: script!("read"),
            end: script!("end"),
        }
    }

    /// Hands the scripts to a Redis that has not seen them, or has forgotten them.
    pub(super) async fn load(&self, connection: &mut ConnectionManager) -> RedisResult<()> {
        for script in [&self.open, &self.join, &self.append, &self.read, &self.end] {
            script.load_async(connection).await?;
        }
        Ok(())
    }
}

/// A call of a script on one mailbox; its arguments are appended.
pub(super) fn call(script: &Script, mailbox: &str) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(script.get_hash()).arg(1).arg(mailbox);
    command
}
