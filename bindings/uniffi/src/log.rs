//! What the library reports of its doings: fixed texts and codes, so that no secret can be among them.

use std::sync::Arc;

/// Takes what the library reports, for the app's own log.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// Takes one entry; is called on any thread, and has to return soon.
    fn log(&self, entry: LogEntry);
}

/// One thing that has happened. Never holds anything of a person, a device or a certificate.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogEntry {
    /// How much it matters.
    pub level: LogLevel,
    /// A stable name.
    pub code: String,
    /// The same in English.
    pub message: String,
}

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// As it should be.
    Info,
    /// It goes on all the same.
    Warning,
    /// Something ended without success.
    Error,
}

/// The sink, where the app has one.
#[derive(Clone)]
pub(crate) struct Log(pub(crate) Option<Arc<dyn LogSink>>);

impl Log {
    pub(crate) fn info(&self, code: &'static str, message: &'static str) {
        self.write(LogLevel::Info, code, message);
    }

    pub(crate) fn warning(&self, code: &'static str, message: &'static str) {
        self.write(LogLevel::Warning, code, message);
    }

    pub(crate) fn error(&self, code: &'static str, message: &'static str) {
        self.write(LogLevel::Error, code, message);
    }

    fn write(&self, level: LogLevel, code: &'static str, message: &'static str) {
        if let Some(sink) = &self.0 {
            sink.log(LogEntry {
                level,
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}
