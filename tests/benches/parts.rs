//! What a transfer costs on the devices, part by part.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking, and criterion's macros have no documentation"
)]

use std::{fs, hint::black_box, path::PathBuf};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use naru_core::{
    bench::Devices,
    certificate::{CertificateSet, Password, SourceFile, find},
    pairing::Origin,
    qr::{LumaFrame, draw, read},
};
use naru_samples::{PASSWORD, Period, Samples};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use sha1::{Digest, Sha1};
use tempfile::TempDir;

const NOW: u64 = 1_795_000_000;
const WIDTH: usize = 1_280;
const HEIGHT: usize = 720;

fn channel(c: &mut Criterion) {
    let origin: Origin = "https://relay.example".parse().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    c.bench_function("pairing and handshake, both devices", |b| {
        b.iter(|| Devices::pair(&origin, &mut rng).unwrap());
    });
    let message = vec![7; 7_900];
    c.bench_function("seal and open a message of 8 KB", |b| {
        b.iter_batched_ref(
            || Devices::pair(&origin, &mut rng).unwrap(),
            |devices| devices.cross(&message).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

fn npki() -> CertificateSet {
    let folder = TempDir::new().unwrap();
    let paths: Vec<PathBuf> = Samples::new(1, Period::around(NOW))
        .npki(folder.path())
        .unwrap();
    let files = paths.iter().map(|path| SourceFile {
        path: path.file_name().unwrap().to_str().unwrap().to_owned(),
        bytes: fs::read(path).unwrap(),
    });
    find(files.collect()).sets.remove(0)
}

fn key(c: &mut Criterion) {
    let set = npki();
    let mut group = c.benchmark_group("open an NPKI key");
    group.bench_function("whole, with 2,048 rounds of PBKDF1", |b| {
        b.iter(|| {
            set.check_password(&Password::from(PASSWORD.to_owned()))
                .unwrap()
        });
    });
    group.bench_function("the 2,048 rounds of SHA-1 alone", |b| {
        b.iter(|| (0..2_048).fold([0; 20], |digest: [u8; 20], _| Sha1::digest(digest).into()));
    });
    group.finish();
}

fn frame(c: &mut Criterion) {
    let code =
        draw("NARU:6R7Q4E$%O3 L-3EUC 4*F2FDT.D:35WU1AV2:MEN2P0QIM/Q%9W0E7VTHO+2R:R7PS6LFXH8ZV5LU")
            .unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let empty: Vec<u8> = (0..WIDTH * HEIGHT)
        .map(|at| (90 + at % WIDTH / 20 + rng.next_u32() as usize % 8) as u8)
        .collect();
    let mut shown = empty.clone();
    let (left, top, module) = (500, 200, 8);
    for y in 0..41 * module {
        for x in 0..41 * module {
            let inside = |at: usize| (at / module).checked_sub(4);
            let dark = inside(x)
                .zip(inside(y))
                .is_some_and(|(x, y)| x < 33 && y < 33 && code.is_dark(x, y));
            let noise = (rng.next_u32() % 8) as u8;
            shown[(top + y) * WIDTH + left + x] = if dark { 30 + noise } else { 220 + noise };
        }
    }
    let mut group = c.benchmark_group("a frame of 720p");
    for (name, pixels, found) in [("with a code", &shown, true), ("without", &empty, false)] {
        let frame = LumaFrame::new(WIDTH, HEIGHT, WIDTH, pixels).unwrap();
        assert_eq!(read(&frame).is_some(), found);
        group.bench_function(name, |b| b.iter(|| read(black_box(&frame))));
    }
    group.finish();
}

criterion_group!(benches, channel, key, frame);
criterion_main!(benches);
