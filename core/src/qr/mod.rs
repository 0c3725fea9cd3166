//! QR codes (ISO/IEC 18004): drawing a text, and reading one from a camera's frame.

#[cfg(feature = "qr-draw")]
mod draw;
#[cfg(feature = "qr-read")]
mod finder;
#[cfg(feature = "qr-read")]
mod grid;
#[cfg(feature = "qr-read")]
mod look;
#[cfg(feature = "qr-read")]
mod read;
#[cfg(feature = "qr-read")]
mod triple;

#[cfg(feature = "qr-draw")]
pub use self::draw::{Modules, TooLong, draw};
#[cfg(feature = "qr-read")]
pub use self::read::{InvalidFrame, LumaFrame, read};
