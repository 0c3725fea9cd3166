//! Naru moves a certificate and its encrypted private key between two devices over a relay that
//! sees ciphertext only.
//!
//! The crate does no I/O and reads no clock: randomness, time and HTTP are handed in.

// minicbor's derive names it.
#[cfg(feature = "transfer")]
extern crate alloc;

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
#[cfg(feature = "certificate")]
pub mod certificate;
#[cfg(feature = "transfer")]
mod channel;
#[cfg(feature = "transfer")]
pub mod client;
#[cfg(feature = "transfer")]
pub mod connection_number;
#[cfg(feature = "transfer")]
mod crypto;
#[cfg(feature = "transfer")]
pub mod deposit;
#[cfg(feature = "transfer")]
pub mod device;
#[cfg(feature = "transfer")]
pub mod device_key;
#[cfg(feature = "transfer")]
pub mod giver;
#[cfg(feature = "transfer")]
pub mod handshake;
#[cfg(feature = "transfer")]
pub mod identity;
#[cfg(feature = "transfer")]
mod key_schedule;
pub mod mailbox;
#[cfg(feature = "transfer")]
mod message;
#[cfg(feature = "transfer")]
mod origin;
#[cfg(feature = "transfer")]
pub mod pairing;
#[cfg(any(feature = "qr-draw", feature = "qr-read"))]
pub mod qr;
#[cfg(feature = "transfer")]
mod receipt;
#[cfg(feature = "transfer")]
pub mod receiver;
#[cfg(feature = "transfer")]
mod recognition;
pub mod rules;
#[cfg(feature = "transfer")]
mod session;
#[cfg(all(test, feature = "transfer"))]
mod transcript;
