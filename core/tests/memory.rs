//! What hostile files cost at most. The only test of its process, whose memory is measured.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fs, time::Instant};

use naru_core::{
    certificate::{MAX_FILE_BYTES, Password, SourceFile, find},
    qr::{LumaFrame, read},
};
use naru_samples::{PASSWORD, Period, Samples};
use peak_alloc::PeakAlloc;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use tempfile::TempDir;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MOST_BYTES: usize = 64 << 20;
const NOW: u64 = 1_795_000_000;

/// Runs one case, and holds it to a second and 64 MiB beyond its input.
fn bounded(name: &str, case: impl FnOnce()) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let started = Instant::now();
    case();
    let (took, used) = (started.elapsed(), MEMORY.peak_usage() - before);
    assert!(took.as_millis() <= 1_000, "{name} took {took:?}");
    assert!(used <= MOST_BYTES, "{name} took {used} bytes");
}

fn open_all(files: Vec<SourceFile>) {
    for set in find(files).sets {
        // Whether it opens is for other tests.
        let _ = set.check_password(&Password::from(PASSWORD.to_owned()));
    }
}

fn file(path: &str, bytes: Vec<u8>) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        bytes,
    }
}

#[test]
fn hostile_files_take_a_second_and_64_mib_at_most() {
    let folder = TempDir::new().unwrap();
    let mut samples = Samples::new(5, Period::around(NOW));
    let mut paths = samples.gpki(folder.path()).unwrap();
    paths.push(samples.pkcs12(&folder.path().join("a.pfx")).unwrap());
    let originals: Vec<_> = paths
        .iter()
        .map(|path| {
            let below = path.strip_prefix(folder.path()).unwrap();
            file(below.to_str().unwrap(), fs::read(path).unwrap())
        })
        .collect();

    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for round in 0..600 {
        let mut files = originals.clone();
        let at = round % files.len();
        // Lengths and counts stand near the head.
        let head = files[at].bytes.len().min(96);
        for _ in 0..3 {
            let byte = rng.next_u32() as usize % head;
            files[at].bytes[byte] =
                [0xff, 0x84, 0x80, 0x7f, rng.next_u32() as u8][rng.next_u32() as usize % 5];
        }
        bounded(&format!("mutation {round}"), || open_all(files));
    }

    let nested = [0x30, 0x83, 0x07, 0xff, 0x00].repeat(MAX_FILE_BYTES / 5);
    let constructed = [0x24, 0x80].repeat(MAX_FILE_BYTES / 2);
    for (name, bytes) in [("nested", nested), ("indefinite", constructed)] {
        for path in ["a.pfx", "signCert.der", "x_sig.cer"] {
            let key = file("signPri.key", bytes.clone());
            let pair = vec![
                file(path, bytes.clone()),
                key,
                file("x_sig.key", bytes.clone()),
            ];
            bounded(&format!("{name} as {path}"), || open_all(pair));
        }
    }
    let many: Vec<_> = (0..20_000)
        .map(|at| file(&format!("{at}/signCert.der"), vec![0x30, 0x00]))
        .collect();
    bounded("20,000 halves", || open_all(many));

    let (width, height) = (4_096, 3_072);
    let noise: Vec<u8> = (0..width * height).map(|_| rng.next_u32() as u8).collect();
    let frame = LumaFrame::new(width, height, width, &noise).unwrap();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    assert_eq!(read(&frame), None);
    assert!(MEMORY.peak_usage() - before <= MOST_BYTES);
}
