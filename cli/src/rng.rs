//! Randomness for one transfer.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::terminal::Failure;

/// Seeds a generator from the system.
pub(crate) fn seeded() -> Result<ChaCha20Rng, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure::other("no_randomness", &error))?;
    Ok(ChaCha20Rng::from_seed(seed))
}
