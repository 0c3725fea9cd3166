//! The relay: mailboxes that hold ciphertext for a few minutes, and the page that an official opens.

pub mod agencies;
mod application;
mod client_network;
mod limits;
mod page;
mod problem;
mod reference;
mod routes;
mod security_headers;
mod settings;
pub mod store;
pub mod telemetry;

pub use self::{
    application::{Application, StartError, termination},
    limits::Limits,
    reference::{InvalidReference, Reference},
    settings::{LogFormat, Settings, SettingsError, Tls},
};
