//! The relay: mailboxes that hold ciphertext for a few minutes, and the page that an official opens.

mod application;
mod client_network;
mod limits;
mod listener;
mod page;
mod problem;
mod routes;
mod security_headers;
mod settings;
pub mod store;
pub mod telemetry;
mod waiters;

pub use self::{
    application::{Application, StartError, termination},
    limits::Limits,
    settings::{LogFormat, Settings, SettingsError, Tls},
};
