//! Synthetic frames: a phone looks at a code on a monitor.

use std::{f64::consts::TAU, io::Cursor};

use image::{ExtendedColorType, ImageFormat, codecs::jpeg::JpegEncoder};
use naru_core::qr::{LumaFrame, Modules, draw, read};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

/// What the code says in every frame that has one.
pub const TEXT: &str =
    "NARU:6R7Q4E$%O3 L-3EUC 4*F2FDT.D:35WU1AV2:MEN2P0QIM/Q%9W0E7VTHO+2R:R7PS6LFXH8ZV5LU";

/// What makes a frame hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Nominal,
    Rotation,
    Perspective,
    Small,
    Blur,
    Motion,
    Moire,
    Banding,
    Glare,
    Noise,
    LowContrast,
    Jpeg,
    Inverted,
    Combination,
    /// No code: desks, text, and what looks like a code to a finder.
    Without,
}

/// Every class.
pub const CLASSES: [Class; 15] = [
    Class::Nominal,
    Class::Rotation,
    Class::Perspective,
    Class::Small,
    Class::Blur,
    Class::Motion,
    Class::Moire,
    Class::Banding,
    Class::Glare,
    Class::Noise,
    Class::LowContrast,
    Class::Jpeg,
    Class::Inverted,
    Class::Combination,
    Class::Without,
];

/// A luma picture without gaps between its rows.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

impl Picture {
    pub fn read(&self) -> Option<String> {
        read(&LumaFrame::new(self.width, self.height, self.width, &self.pixels).unwrap())
    }
}

pub struct Random(ChaCha20Rng);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    pub fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / f64::from(u32::MAX)
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0.next_u32() as usize % end
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// How a frame differs from a clean, upright one. Angles are radians, lengths are pixels.
struct Scene {
    module: f64,
    roll: f64,
    pitch: f64,
    yaw: f64,
    dark: f64,
    light: f64,
    /// Standard deviation of the defocus.
    blur: f64,
    /// Length and direction of the hand's movement.
    motion: (f64, f64),
    moire: f64,
    banding: f64,
    /// Share of white at the middle of the reflection; its radius in sides of the code.
    glare: (f64, f64),
    noise: f64,
    jpeg: Option<u8>,
}

impl Scene {
    fn new(class: Class, height: usize, random: &mut Random) -> Self {
        let scale = height as f64 / 720.0;
        let mut scene = Self {
            module: random.between(5.0, 11.0) * scale,
            roll: random.between(-0.1, 0.1),
            pitch: random.between(-0.15, 0.15),
            yaw: random.between(-0.15, 0.15),
            dark: random.between(15.0, 50.0),
            light: random.between(190.0, 245.0),
            blur: random.between(0.4, 0.9),
            motion: (0.0, 0.0),
            moire: 0.0,
            banding: 0.0,
            glare: (0.0, 0.0),
            noise: random.between(1.0, 4.0),
            jpeg: None,
        };
        match class {
            Class::Nominal | Class::Without => {}
            Class::Rotation => scene.roll = random.between(0.0, TAU),
            Class::Perspective => scene.tilt(0.55, 1.05, random),
            Class::Small => scene.module = random.between(1.5, 2.8),
            Class::Blur => scene.blur = scene.module * random.between(0.45, 0.95),
            Class::Motion => {
                let length = scene.module * random.between(0.9, 2.1);
                scene.motion = (length, random.between(0.0, TAU));
            }
            Class::Moire => scene.moire = random.between(15.0, 45.0),
            Class::Banding => scene.banding = random.between(15.0, 60.0),
            Class::Glare => scene.glare = (random.between(0.6, 1.5), random.between(0.12, 0.45)),
            Class::Noise => scene.noise = random.between(18.0, 50.0),
            Class::LowContrast => {
                scene.dark = random.between(20.0, 200.0);
                scene.light = scene.dark + random.between(12.0, 40.0);
            }
            Class::Jpeg => scene.jpeg = Some(random.between(4.0, 25.0) as u8),
            Class::Inverted => std::mem::swap(&mut scene.dark, &mut scene.light),
            Class::Combination => {
                scene.roll = random.between(0.0, TAU);
                scene.tilt(0.0, 0.7, random);
                scene.module = random.between(2.5, 8.0);
                scene.blur = scene.module * random.between(0.1, 0.5);
                scene.noise = random.between(2.0, 18.0);
                scene.light = random.between(scene.dark + 40.0, 240.0);
                scene.moire = random.between(0.0, 20.0);
                scene.banding = random.between(0.0, 25.0);
                if random.unit() < 0.3 {
                    scene.glare = (random.between(0.2, 0.9), random.between(0.1, 0.4));
                }
                if random.unit() < 0.3 {
                    let length = scene.module * random.between(0.2, 1.0);
                    scene.motion = (length, random.between(0.0, TAU));
                }
                if random.unit() < 0.3 {
                    scene.jpeg = Some(random.between(20.0, 70.0) as u8);
                }
            }
        }
        scene
    }

    fn tilt(&mut self, low: f64, high: f64, random: &mut Random) {
        let (tilt, towards) = (random.between(low, high), random.between(0.0, TAU));
        self.pitch = tilt * towards.sin();
        self.yaw = tilt * towards.cos();
    }
}

/// The frame number `seed` of a class.
pub fn frame(class: Class, width: usize, height: usize, seed: u64) -> Picture {
    let mut random = Random::new(seed.wrapping_mul(31).wrapping_add(class as u64));
    if class == Class::Without {
        return without(width, height, &mut random);
    }
    let scene = Scene::new(class, height, &mut random);
    expose(&scene, width, height, &mut random)
}

fn expose(scene: &Scene, width: usize, height: usize, random: &mut Random) -> Picture {
    let code = draw(TEXT).unwrap();
    let mut light = project(scene, &code, width, height, random);
    if scene.motion.0 > 0.0 {
        light = moved(&light, width, height, scene.motion);
    }
    defocus(&mut light, width, height, scene.blur);
    shine(
        &mut light,
        scene,
        code.width() as f64 * scene.module,
        width,
        height,
        random,
    );
    let noise = random.bytes(width * height * 4);
    let pixels = light
        .iter()
        .zip(noise.chunks_exact(4))
        .map(|(value, bytes)| {
            let sum: i32 = bytes.iter().map(|byte| i32::from(*byte)).sum();
            (f64::from(*value) + scene.noise * f64::from(sum - 510) / 147.8) as u8
        })
        .collect();
    let picture = Picture {
        width,
        height,
        pixels,
    };
    match scene.jpeg {
        Some(quality) => compress(&picture, quality),
        None => picture,
    }
}

/// A page with the code's card in its middle, as a pinhole camera sees it.
fn project(
    scene: &Scene,
    code: &Modules,
    width: usize,
    height: usize,
    random: &mut Random,
) -> Vec<f32> {
    let side = code.width() as f64;
    let (sr, cr) = scene.roll.sin_cos();
    let (sp, cp) = scene.pitch.sin_cos();
    let (sy, cy) = scene.yaw.sin_cos();
    // The columns of Ry·Rx·Rz that the plane's two axes take.
    let u = [cy * cr + sy * sp * sr, cp * sr, -sy * cr + cy * sp * sr];
    let v = [-cy * sr + sy * sp * cr, cp * cr, sy * sr + cy * sp * cr];
    let focal = width as f64 * 0.9;
    let distance = focal / scene.module;
    let room = (height as f64 - side * scene.module * 1.1).max(0.0) / 2.5;
    let middle = (
        width as f64 / 2.0 + random.between(-room, room),
        height as f64 / 2.0 + random.between(-room, room),
    );
    // (x, y, 1) ~ [u v t](a, b, 1): solved for (a, b) by Cramer's rule at every pixel.
    let locate = |x: f64, y: f64| {
        let (p, q) = ((x - middle.0) / focal, (y - middle.1) / focal);
        let (a1, b1, c1) = (u[0] - p * u[2], v[0] - p * v[2], p * distance);
        let (a2, b2, c2) = (u[1] - q * u[2], v[1] - q * v[2], q * distance);
        let determinant = a1 * b2 - a2 * b1;
        (
            (c1 * b2 - c2 * b1) / determinant + side / 2.0,
            (a1 * c2 - a2 * c1) / determinant + side / 2.0,
        )
    };
    let ground = scene.dark + (scene.light - scene.dark) * random.between(0.3, 0.9);
    let ink = scene.dark + (scene.light - scene.dark) * random.between(0.0, 0.3);
    let page = random.bytes(4_096);
    let shade = |x: f64, y: f64| {
        let (a, b) = locate(x, y);
        if a >= 0.0 && b >= 0.0 && code.is_dark(a as usize, b as usize) {
            scene.dark
        } else if a > -5.0 && b > -5.0 && a < side + 5.0 && b < side + 5.0 {
            scene.light
        } else {
            // Lines of text, and the frame of the monitor far out.
            let (column, line) = ((a / 0.7).floor() as i64, (b / 0.9).floor() as i64);
            let letter = page[(column * 37 + line * 101).rem_euclid(4_096) as usize];
            let far = a.abs().max(b.abs()) > 90.0;
            match (line.rem_euclid(3), letter > 150, far) {
                (_, _, true) => ink,
                (0, true, false) => ink,
                _ => ground,
            }
        }
    };
    let steps = if scene.module < 4.0 { 3 } else { 2 };
    let mut light = Vec::with_capacity(width * height);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let (a, b) = locate(x as f64, y as f64);
        let close = a > -7.0 && b > -7.0 && a < side + 7.0 && b < side + 7.0;
        let steps = if close { steps } else { 1 };
        let mut sum = 0.0;
        for (dy, dx) in (0..steps).flat_map(|dy| (0..steps).map(move |dx| (dy, dx))) {
            let at =
                |pixel: usize, step: i32| pixel as f64 + (f64::from(step) + 0.5) / f64::from(steps);
            sum += shade(at(x, dx), at(y, dy));
        }
        light.push((sum / f64::from(steps * steps)) as f32);
    }
    light
}

/// The mean along the way that the hand moved.
fn moved(light: &[f32], width: usize, height: usize, motion: (f64, f64)) -> Vec<f32> {
    let count = (motion.0.ceil() as usize).max(2) * 2;
    let mut sums = vec![0_f32; light.len()];
    for step in 0..count {
        let along = motion.0 * (step as f64 / (count - 1) as f64 - 0.5);
        let dx = (along * motion.1.cos()).round() as isize;
        let dy = (along * motion.1.sin()).round() as isize;
        for y in 0..height {
            let from = y.saturating_add_signed(dy).min(height - 1) * width;
            let row = &light[from..from + width];
            for (x, sum) in sums[y * width..(y + 1) * width].iter_mut().enumerate() {
                *sum += row[x.saturating_add_signed(dx).min(width - 1)];
            }
        }
    }
    sums.iter_mut().for_each(|sum| *sum /= count as f32);
    sums
}

/// Convolves with a Gaussian, first along the rows and then along the columns.
fn defocus(light: &mut [f32], width: usize, height: usize, deviation: f64) {
    let reach = (deviation * 2.5).ceil() as isize;
    let weight = |at: isize| (-0.5 * (at as f64 / deviation).powi(2)).exp();
    let total: f64 = (-reach..=reach).map(weight).sum();
    let kernel: Vec<(isize, f32)> = (-reach..=reach)
        .map(|at| (at, (weight(at) / total) as f32))
        .collect();
    let source = light.to_vec();
    for (row, into) in source
        .chunks_exact(width)
        .zip(light.chunks_exact_mut(width))
    {
        into.fill(0.0);
        for (at, weight) in &kernel {
            for (x, value) in into.iter_mut().enumerate() {
                *value += weight * row[x.saturating_add_signed(*at).min(width - 1)];
            }
        }
    }
    let source = light.to_vec();
    for (y, into) in light.chunks_exact_mut(width).enumerate() {
        into.fill(0.0);
        for (at, weight) in &kernel {
            let from = y.saturating_add_signed(*at).min(height - 1) * width;
            for (value, before) in into.iter_mut().zip(&source[from..from + width]) {
                *value += weight * before;
            }
        }
    }
}

/// What the screen and the room add: moiré, the shutter's bands, a reflection.
fn shine(
    light: &mut [f32],
    scene: &Scene,
    side: f64,
    width: usize,
    height: usize,
    random: &mut Random,
) {
    let waves: Vec<(f64, f64, f64)> = (0..2)
        .map(|_| {
            let (period, way) = (random.between(2.5, 9.0), random.between(0.0, TAU));
            (
                TAU * way.cos() / period,
                TAU * way.sin() / period,
                random.between(0.0, TAU),
            )
        })
        .collect();
    let (period, phase) = (random.between(20.0, 160.0), random.between(0.0, TAU));
    let spot = (
        width as f64 / 2.0 + random.between(-side, side) / 2.0,
        height as f64 / 2.0 + random.between(-side, side) / 2.0,
    );
    for (at, value) in light.iter_mut().enumerate() {
        let (x, y) = ((at % width) as f64, (at / width) as f64);
        if scene.moire > 0.0 {
            for (a, b, c) in &waves {
                *value += (scene.moire / 2.0 * (a * x + b * y + c).sin()) as f32;
            }
        }
        if scene.banding > 0.0 {
            *value += (scene.banding * (TAU * y / period + phase).sin()) as f32;
        }
        if scene.glare.0 > 0.0 {
            let (dx, dy) = ((x - spot.0) / side, (y - spot.1) / side);
            let fall = (-0.5 * (dx * dx + dy * dy) / scene.glare.1.powi(2)).exp();
            *value += (255.0 * scene.glare.0 * fall) as f32;
        }
    }
}

fn compress(picture: &Picture, quality: u8) -> Picture {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&picture.pixels, width, height, ExtendedColorType::L8)
        .unwrap();
    let decoded = image::load(Cursor::new(bytes), ImageFormat::Jpeg).unwrap();
    Picture {
        pixels: decoded.into_luma8().into_raw(),
        ..*picture
    }
}

/// What looks like the code's finder patterns and is none.
pub fn tiling(width: usize, height: usize, module: usize) -> Picture {
    let pixels = (0..width * height)
        .map(|at| {
            let (x, y) = (at % width / module % 9, at / width / module % 9);
            let ring = x.abs_diff(3).max(y.abs_diff(3));
            if ring == 2 || ring > 3 { 230 } else { 20 }
        })
        .collect();
    Picture {
        width,
        height,
        pixels,
    }
}

/// Stripes of the finder pattern's widths.
pub fn stripes(width: usize, height: usize, module: usize) -> Picture {
    let pixels = (0..width * height)
        .map(|at| match at % width / module % 9 {
            1 | 5 | 7 | 8 => 230,
            _ => 20,
        })
        .collect();
    Picture {
        width,
        height,
        pixels,
    }
}

/// Black and white at random.
pub fn static_noise(width: usize, height: usize, square: usize, seed: u64) -> Picture {
    let across = width.div_ceil(square);
    let bytes = Random::new(seed).bytes(across * height.div_ceil(square));
    let pixels = (0..width * height)
        .map(|at| bytes[at / width / square * across + at % width / square])
        .map(|byte| {
            if square == 1 {
                byte
            } else {
                byte / 128 * 200 + 20
            }
        })
        .collect();
    Picture {
        width,
        height,
        pixels,
    }
}

fn without(width: usize, height: usize, random: &mut Random) -> Picture {
    let size = random.between(1.0, 8.0) as usize;
    match random.below(8) {
        0 => tiling(width, height, size),
        1 => stripes(width, height, size),
        2 => static_noise(width, height, size, random.below(1_000) as u64),
        // The page beside the code, in every state of the camera.
        _ => {
            let mut scene = Scene::new(Class::Combination, height, random);
            scene.module = random.between(3.0, 9.0);
            let mut picture = expose(&scene, width, height, random);
            let level = random.below(256) as u8;
            cover(&mut picture, level);
            picture
        }
    }
}

/// Covers all but a strip at the left and one at the bottom.
fn cover(picture: &mut Picture, level: u8) {
    let (width, height) = (picture.width, picture.height);
    for row in picture
        .pixels
        .chunks_exact_mut(width)
        .skip(height / 10)
        .take(height * 8 / 10)
    {
        row[width / 5..width * 4 / 5].fill(level);
    }
}
