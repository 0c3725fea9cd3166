//! What happened, for whoever has to answer for it: an append-only log whose entries are chained, so that a
//! changed, removed or reordered one is seen. It holds no token, code, mailbox or frame.

mod chain;
mod event;
mod export;
mod memory;
mod redis;
mod sqlite;
mod store;
mod syslog;
mod writer;

pub use self::{
    chain::{Break, Entry, Link},
    event::{Event, Kind},
    export::{Export, ExportTarget},
    memory::MemoryAudit,
    redis::RedisAudit,
    sqlite::SqliteAudit,
    store::{AuditError, AuditStore, AuditUrl, Trail, UnknownAudit, verify},
    syslog::{SyslogAddress, UnknownSyslog},
    writer::{Audit, Retention},
};
