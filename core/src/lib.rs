//! Naru moves a certificate and its encrypted private key between two devices over a relay that
//! sees ciphertext only.
//!
//! The crate does no I/O and reads no clock: randomness, time and HTTP are handed in.

extern crate alloc;

#[cfg(feature = "certificate")]
pub mod certificate;
pub mod mailbox;
