//! Pairing codes, as cameras see them and as texts.

use naru_core::{
    pairing::{Direction, Pairing, PairingCode, PairingCodeError},
    qr::{LumaFrame, read},
};

use crate::{failure::Failure, naru::Naru};

/// What a camera's frame shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FrameContent {
    /// No QR code that can be read: wait for the next frame.
    NotFound,
    /// A QR code of something else: say so, and go on.
    NotOurs,
    /// A pairing code, for [`Naru::inspect`]. Secret until it has been used.
    Code {
        /// Its text.
        text: String,
    },
}

/// Looks for a pairing code in the luma plane of a camera's frame (on Android the Y plane, on iOS the
/// first plane of a bi-planar pixel buffer): one byte a pixel, rows `row_stride` bytes apart. A frame
/// whose sizes do not fit its bytes shows nothing. Takes some milliseconds: not for the main thread.
#[uniffi::export]
pub fn read_frame(luma: &[u8], width: u32, height: u32, row_stride: u32) -> FrameContent {
    let frame = LumaFrame::new(width as usize, height as usize, row_stride as usize, luma);
    let Some(text) = frame.ok().and_then(|frame| read(&frame)) else {
        return FrameContent::NotFound;
    };
    match text.parse::<PairingCode>() {
        Err(PairingCodeError::NotNaru) => FrameContent::NotOurs,
        // Why a code of Naru's cannot be used is for `inspect` to say.
        _ => FrameContent::Code { text },
    }
}

/// What a pairing code is for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PairingCodeInfo {
    /// What this device would do.
    pub direction: PairingCodeDirection,
    /// The relay that both devices use, one of the app's own.
    pub relay: String,
}

/// What this device would do with a pairing code that it has scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PairingCodeDirection {
    /// Receive a certificate.
    Receive,
    /// Give one away: the dangerous direction, which the person has to be asked about.
    Give,
}

#[uniffi::export]
impl Naru {
    /// What a pairing code is for, asked before anything is sent. Fails for a code of something else,
    /// of another agency's relay, or of a later version. How long it lasts is known once a transfer has
    /// begun.
    pub fn inspect(&self, code: &str) -> Result<PairingCodeInfo, Failure> {
        let pairing = Pairing::scan(code, &self.context.relays)?;
        Ok(PairingCodeInfo {
            direction: match pairing.direction() {
                Direction::DisplayerGives => PairingCodeDirection::Receive,
                Direction::ScannerGives => PairingCodeDirection::Give,
            },
            relay: pairing.origin().as_str().to_owned(),
        })
    }
}
