//! The state changes, each one script that Redis runs atomically.

use redis::Cmd;

/// A call of a script has so many at most, and seldom more bytes besides a frame's.
const ARGUMENTS: usize = 6;
const BYTES: usize = 256;

/// A script as the relay keeps it: Redis is given its text only where it does not know it.
pub(super) struct Script {
    text: &'static str,
    known: redis::Script,
}

/// How a script is named in a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Hash,
    Text,
}

impl Script {
    fn new(text: &'static str) -> Self {
        Self {
            text,
            known: redis::Script::new(text),
        }
    }

    /// A call of the script on one mailbox; its arguments are appended, a frame of so many bytes among them.
    pub(super) fn call(&self, by: By, mailbox: &str, frame_bytes: usize) -> Cmd {
        let mut command = Cmd::with_capacity(ARGUMENTS, BYTES + frame_bytes);
        match by {
            By::Hash => command.arg("EVALSHA").arg(self.known.get_hash()),
            By::Text => command.arg("EVAL").arg(self.text),
        };
        command.arg(1).arg(mailbox);
        command
    }
}

/// The scripts by what they do.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) join: Script,
    pub(super) append: Script,
    pub(super) read: Script,
    pub(super) end: Script,
    pub(super) touch: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        macro_rules! script {
            ($($part:literal),+) => {
                Script::new(concat!($(include_str!(concat!("lua/", $part, ".lua"))),+))
            };
        }
        Self {
            open: script!(
                "mailbox", "open", "side", "lanes", "unread", "pack", "answer"
            ),
            join: script!(
                "mailbox", "scanner", "lanes", "join", "frame", "wake", "unread", "pack", "answer"
            ),
            append: script!(
                "mailbox", "side", "lanes", "append", "frame", "wake", "unread", "pack", "answer"
            ),
            read: script!(
                "mailbox", "side", "lanes", "read", "unread", "pack", "answer"
            ),
            end: script!("mailbox", "side", "lanes", "end", "pack", "answer"),
            touch: script!("touch"),
        }
    }
}
