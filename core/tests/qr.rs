//! Codes on screens, as cameras see them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use naru_core::qr::{InvalidFrame, LumaFrame, Modules, draw, read};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const TEXT: &str =
    "NARU:6R7Q4E$%O3 L-3EUC 4*F2FDT.D:35WU1AV2:MEN2P0QIM/Q%9W0E7VTHO+2R:R7PS6LFXH8ZV5LU";

struct Rand(ChaCha20Rng);

impl Rand {
    fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / f64::from(u32::MAX)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// How one frame differs from a clean, upright one.
#[derive(Clone, Copy)]
struct Scene {
    width: usize,
    height: usize,
    /// Pixels a module.
    module: f64,
    angle: f64,
    /// How much the far edge shrinks.
    tilt: f64,
    dark: f64,
    light: f64,
    blur: usize,
    noise: f64,
    banding: f64,
}

const NOMINAL: Scene = Scene {
    width: 1280,
    height: 720,
    module: 8.0,
    angle: 0.0,
    tilt: 0.0,
    dark: 30.0,
    light: 225.0,
    blur: 0,
    noise: 2.0,
    banding: 0.0,
};

fn render(scene: &Scene, code: &Modules, seed: u64) -> Vec<u8> {
    let mut rand = Rand(ChaCha20Rng::seed_from_u64(seed));
    let (width, height) = (scene.width, scene.height);
    let (center_x, center_y) = (width as f64 / 2.0, height as f64 / 2.0);
    let half = code.width() as f64 / 2.0;
    let (sin, cos) = scene.angle.sin_cos();
    let phase = rand.between(0.0, 6.0);
    let mut pixels = vec![0_f64; width * height];
    for (at, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = (
            (at % width) as f64 + 0.5 - center_x,
            (at / width) as f64 + 0.5 - center_y,
        );
        let (u, v) = (
            (x * cos + y * sin) / scene.module,
            (y * cos - x * sin) / scene.module,
        );
        let depth = 1.0 + scene.tilt * v / half;
        let (u, v) = (u * depth + half, v * depth + half);
        let on_card =
            (-4.0..half * 2.0 + 4.0).contains(&u) && (-4.0..half * 2.0 + 4.0).contains(&v);
        let dark = u >= 0.0 && v >= 0.0 && code.is_dark(u as usize, v as usize);
        let value = match (on_card, dark) {
            (true, true) => scene.dark,
            (true, false) => scene.light,
            (false, _) => (scene.dark + scene.light) / 2.5,
        };
        *pixel = value + scene.banding * (y / 9.0 + phase).sin();
    }
    for _ in 0..scene.blur {
        for row in pixels.chunks_exact_mut(width) {
            smooth(row, 1, width);
        }
        for x in 0..width {
            smooth(&mut pixels[x..], width, height);
        }
    }
    pixels
        .into_iter()
        .map(|pixel| (pixel + rand.between(-scene.noise, scene.noise)).clamp(0.0, 255.0) as u8)
        .collect()
}

/// A running mean of three, in place.
fn smooth(line: &mut [f64], step: usize, count: usize) {
    let mut before = line[0];
    for at in 1..count - 1 {
        let here = line[at * step];
        line[at * step] = (before + here + line[(at + 1) * step]) / 3.0;
        before = here;
    }
}

fn read_scene(scene: &Scene, seed: u64) -> Option<String> {
    let code = draw(TEXT).unwrap();
    let pixels = render(scene, &code, seed);
    read(&LumaFrame::new(scene.width, scene.height, scene.width, &pixels).unwrap())
}

#[test]
fn reads_a_code_that_fills_the_frame_whatever_its_size() {
    for (height, seed) in [(240, 1), (480, 2), (720, 3), (1_080, 4), (2_160, 5)] {
        let module = (height as f64 / 41.0).floor();
        let scene = Scene {
            width: height * 16 / 9,
            height,
            module,
            ..NOMINAL
        };
        assert_eq!(read_scene(&scene, seed).as_deref(), Some(TEXT), "{height}");
    }
    for module in 4..=21 {
        let scene = Scene {
            width: 1_280,
            height: 900,
            module: f64::from(module),
            ..NOMINAL
        };
        assert_eq!(read_scene(&scene, 6).as_deref(), Some(TEXT), "{module}");
    }
}

#[test]
fn a_pairing_code_takes_33_modules_and_its_drawings_agree() {
    let code = draw(TEXT).unwrap();
    assert_eq!(code.width(), 33);
    assert!(!code.is_dark(33, 0) && !code.is_dark(0, 33));
    let dark = (0..33)
        .flat_map(|y| (0..33).map(move |x| (x, y)))
        .filter(|(x, y)| code.is_dark(*x, *y));
    assert_eq!(code.to_svg().matches("h1v1h-1z").count(), dark.count());
    assert!(code.to_svg().contains("viewBox=\"0 0 41 41\""));
    let text = code.to_text();
    assert_eq!(text.lines().count(), 21);
    assert!(text.lines().all(|line| line.chars().count() == 41));
    assert!(draw(&"x".repeat(3_000)).is_err());
}

#[test]
fn reads_every_upright_rotated_inverted_and_banded_code() {
    for size in [(1280, 720), (1920, 1080)] {
        for step in 0..12 {
            let scene = Scene {
                width: size.0,
                height: size.1,
                angle: f64::from(step) * std::f64::consts::FRAC_PI_6,
                ..NOMINAL
            };
            assert_eq!(
                read_scene(&scene, step as u64).as_deref(),
                Some(TEXT),
                "angle {step}"
            );
        }
        let inverted = Scene {
            dark: 225.0,
            light: 30.0,
            ..NOMINAL
        };
        assert_eq!(read_scene(&inverted, 1).as_deref(), Some(TEXT));
        for banding in [10.0, 20.0, 30.0] {
            let banded = Scene { banding, ..NOMINAL };
            assert_eq!(read_scene(&banded, 2).as_deref(), Some(TEXT));
        }
    }
}

#[test]
fn reads_most_of_what_a_hand_held_camera_sees_and_never_a_wrong_text() {
    let mut rand = Rand(ChaCha20Rng::seed_from_u64(99));
    let mut read = 0;
    const FRAMES: u64 = 60;
    for seed in 0..FRAMES {
        let light = rand.between(120.0, 240.0);
        let scene = Scene {
            module: rand.between(3.0, 12.0),
            angle: rand.between(0.0, std::f64::consts::TAU),
            tilt: rand.between(0.0, 0.2),
            dark: rand.between(10.0, light - 60.0),
            light,
            blur: rand.between(0.0, 2.9) as usize,
            noise: rand.between(0.0, 15.0),
            banding: rand.between(0.0, 15.0),
            ..NOMINAL
        };
        if let Some(text) = read_scene(&scene, seed) {
            assert_eq!(text, TEXT);
            read += 1;
        }
    }
    assert!(read * 100 >= FRAMES * 86, "{read} of {FRAMES}");
}

#[test]
fn finds_nothing_where_there_is_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for (width, height) in [(1, 1), (20, 21), (64, 64), (640, 480), (1280, 720)] {
        for level in [0_u8, 128, 255] {
            let flat = vec![level; width * height];
            assert_eq!(
                read(&LumaFrame::new(width, height, width, &flat).unwrap()),
                None
            );
        }
        let mut noise = vec![0; width * height];
        rng.fill_bytes(&mut noise);
        assert_eq!(
            read(&LumaFrame::new(width, height, width, &noise).unwrap()),
            None
        );
    }
}

#[test]
fn survives_codes_that_are_cut_covered_and_scrambled() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let code = draw(TEXT).unwrap();
    let scene = Scene {
        width: 320,
        height: 320,
        module: 5.0,
        ..NOMINAL
    };
    let clean = render(&scene, &code, 1);
    for round in 0..300_usize {
        let mut pixels = clean.clone();
        for _ in 0..=round % 40 {
            let (x, y) = (rng.next_u32() as usize % 300, rng.next_u32() as usize % 300);
            let value = rng.next_u32() as u8;
            for row in y..y + 20 {
                pixels[row * 320 + x..row * 320 + x + 20].fill(value);
            }
        }
        if let Some(text) = read(&LumaFrame::new(320, 320, 320, &pixels).unwrap()) {
            assert_eq!(text, TEXT);
        }
    }
}

#[test]
fn takes_rows_with_gaps_and_refuses_sizes_that_do_not_fit() {
    let code = draw(TEXT).unwrap();
    let scene = Scene {
        width: 400,
        height: 400,
        ..NOMINAL
    };
    let mut padded = Vec::new();
    for row in render(&scene, &code, 3).chunks(400) {
        padded.extend_from_slice(row);
        padded.extend_from_slice(&[0xaa; 24]);
    }
    padded.truncate(padded.len() - 24);
    let frame = LumaFrame::new(400, 400, 424, &padded).unwrap();
    assert_eq!(read(&frame).as_deref(), Some(TEXT));
    for (width, height, stride) in [
        (0, 1, 1),
        (1, 0, 1),
        (401, 400, 400),
        (400, 402, 424),
        (9_000, 1, 9_000),
        (2, usize::MAX, 2),
    ] {
        assert_eq!(
            LumaFrame::new(width, height, stride, &padded).err(),
            Some(InvalidFrame)
        );
    }
}
