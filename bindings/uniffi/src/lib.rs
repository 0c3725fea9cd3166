//! The core in phone apps: types cross, logic does not. The libraries for Kotlin and Swift are made of
//! what is generated from this crate, and apps see those.

#[cfg(all(feature = "unwinder", target_os = "android"))]
extern crate unwinding as _;

mod certificates;
mod deposits;
mod display;
mod events;
mod failure;
mod frame;
mod giving;
mod host;
mod identity;
mod live;
mod lock;
mod log;
mod login;
mod naru;
mod receiving;
mod relay;
mod signal;
mod storage;
mod wording;

pub use self::{
    certificates::{
        Certificate, CertificateFormat, CertificateHolder, CertificateReport, CertificateSummary,
        CertificateValidity, ChainCheck, FileProblem, FoundCertificates, KeyCheck,
    },
    deposits::{DepositStatus, Depositing, DepositingEvent},
    display::QrCode,
    failure::{Failure, FailureKind, LocalisedText, RuleRefusal, SupportDesk},
    frame::{FrameContent, PairingCodeDirection, PairingCodeInfo, read_frame},
    giving::{Giving, GivingEvent},
    host::{
        CertificateFile, CertificateStore, HttpHeader, HttpRequest, HttpResponse, Login,
        LoginError, StoreError, StoredCertificate, Transport, TransportError, UserVerification,
        VerificationError, VerificationPurpose,
    },
    identity::{Identity, IdentityKey},
    live::live_objects,
    log::{LogEntry, LogLevel, LogSink},
    naru::{Naru, Options, PasswordPolicy, Peer},
    receiving::{OriginalFate, Receiving, ReceivingEvent},
};

uniffi::setup_scaffolding!("naru");
