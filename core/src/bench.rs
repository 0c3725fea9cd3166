//! What the benchmarks measure and no host needs.

use rand_core::CryptoRng;

use crate::{
    channel::Channel,
    device::Device,
    pairing::{Direction, Origin, Pairing, Role},
    session::{AwaitsM1, ScannerAwaitsM2},
};

/// Two devices with an open channel between them.
pub struct Devices {
    displayer: Channel,
    scanner: Channel,
}

impl Devices {
    /// Both sides of a pairing and its handshake; `None` never comes of a sound generator.
    pub fn pair(origin: &Origin, rng: &mut impl CryptoRng) -> Option<Self> {
        let shown = Pairing::display(origin, Direction::DisplayerGives, rng);
        let text = shown.code().to_string();
        let scanned = Pairing::scan(&text, std::slice::from_ref(origin)).ok()?;
        let (prologue, device) = (scanned.prologue(), Device::new("", ""));
        let (own, key) = (scanned.derive(), scanned.code.static_key());
        let (scanner, m1) =
            ScannerAwaitsM2::new(&prologue, &key, &own.psk, device.clone(), rng).ok()?;
        let psk = shown.derive().psk;
        let Role::Displayer { static_key, .. } = shown.role else {
            return None;
        };
        let displayer = AwaitsM1::new(prologue, psk, static_key, device);
        let (displayer, m2) = displayer.read(&m1, rng).ok()?;
        let (scanner, reveal) = scanner.read(&m2.bytes, None).ok()?;
        let displayer = displayer.read(&reveal.first()?.bytes).ok()?;
        Some(Self {
            displayer: displayer.channel,
            scanner: scanner.channel,
        })
    }

    /// Seals a message and opens it on the other side; yields its length there.
    pub fn cross(&mut self, message: &[u8]) -> Option<usize> {
        let frames = self.displayer.seal(message).ok()?;
        let mut arrived = None;
        for frame in frames {
            arrived = self.scanner.open(&frame.bytes).ok()?;
        }
        arrived.map(|message| message.len())
    }
}
