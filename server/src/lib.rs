//! The relay: mailboxes that hold ciphertext for a few minutes, and the page that an official opens.

pub mod agencies;
mod application;
pub mod audit;
mod client_network;
mod exchange;
mod failures;
pub mod identity;
mod limits;
mod listener;
mod look_up;
mod page;
mod problem;
mod reference;
pub mod registry;
mod routes;
mod security_headers;
mod settings;
pub mod store;
pub mod telemetry;
mod waiters;

pub use self::{
    application::{Application, StartError, termination},
    limits::Limits,
    look_up::{LookUpError, look_up},
    reference::{InvalidReference, Reference},
    settings::{LogFormat, LookUp, Settings, SettingsError, Task, Tls},
};
