//! Who is at this end of a transfer.

use crate::{device::Device, identity::Identity};

/// This device and, where that is to be proved, whoever is logged in on it. A device by itself is one that
/// proves nothing and asks for no proof.
#[derive(Debug, Clone)]
pub struct Party {
    pub(super) device: Device,
    pub(super) identity: Option<Identity>,
}

impl Party {
    /// With an identity, the transfer fails unless the same person is logged in on the other device.
    pub fn new(device: Device, identity: Option<Identity>) -> Self {
        Self { device, identity }
    }

    /// From now on it proves who is logged in on it, and asks for the same.
    pub fn prove(&mut self, identity: Identity) {
        self.identity = Some(identity);
    }
}

impl From<Device> for Party {
    fn from(device: Device) -> Self {
        Self::new(device, None)
    }
}
