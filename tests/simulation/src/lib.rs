//! Whole transfers in a world that a seed decides: the network, the relay, the devices and the people
//! fail and dawdle as it says, on a clock of its own. One seed always gives the same run.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a simulation fails by panicking"
)]

mod disk;
mod materials;
mod network;
mod people;
mod relay;
mod run;
mod sign;
mod world;

pub use self::{
    materials::Materials,
    run::{Ending, Violation, simulate},
};

/// A mistake to make on purpose, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// The relay forgets what it hands out, as `GETDEL` would, and waits for no acknowledgement.
    ForgetsWhatItHandsOut,
    /// The giver deletes the original when it has sent it.
    DeletesBeforeTheReceipt,
    /// The receiver writes its receipt before it stores.
    ReceiptBeforeStoring,
    /// What has to be sent again is sealed anew under the same number.
    SealsAgain,
    /// The receiver writes its receipt when the first file is stored.
    StoresHalf,
    /// Who fetched a deposit too late keeps what another has fetched since.
    KeepsWhatAnotherHas,
    /// The store acknowledges a deposit, a claim or a receipt before its followers have it.
    AcknowledgesTooEarly,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ForgetsWhatItHandsOut,
        Self::DeletesBeforeTheReceipt,
        Self::ReceiptBeforeStoring,
        Self::SealsAgain,
        Self::StoresHalf,
        Self::KeepsWhatAnotherHas,
        Self::AcknowledgesTooEarly,
    ];
}
