//! How many frames of each kind are read, and that none makes the reader fail.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "a test fails by panicking"
)]

use naru_core::qr::{LumaFrame, read};

mod frames;

use self::frames::{Class, Random, TEXT, frame, static_noise, stripes, tiling};

/// How many of four frames have to be read.
const FLOORS: [(Class, usize); 14] = [
    (Class::Nominal, 4),
    (Class::Rotation, 4),
    (Class::Perspective, 3),
    (Class::Small, 1),
    (Class::Blur, 1),
    (Class::Motion, 2),
    (Class::Moire, 4),
    (Class::Banding, 4),
    (Class::Glare, 2),
    (Class::Noise, 4),
    (Class::LowContrast, 4),
    (Class::Jpeg, 4),
    (Class::Inverted, 4),
    (Class::Combination, 2),
];

#[test]
fn reads_as_many_frames_of_each_class_as_it_should() {
    for (class, floor) in FLOORS {
        let texts = (0..4).filter_map(|seed| frame(class, 1_280, 720, seed).read());
        let texts: Vec<String> = texts.collect();
        assert!(texts.iter().all(|text| text == TEXT), "{class:?}");
        assert!(texts.len() >= floor, "{class:?}: {} of 4", texts.len());
    }
}

#[test]
fn finds_no_code_where_there_is_none() {
    for seed in 0..4 {
        assert_eq!(
            frame(Class::Without, 1_280, 720, seed).read(),
            None,
            "{seed}"
        );
    }
    for module in [1, 2, 3, 7] {
        assert_eq!(tiling(400, 300, module).read(), None);
        assert_eq!(stripes(400, 300, module).read(), None);
        assert_eq!(static_noise(400, 300, module, 3).read(), None);
    }
}

#[test]
fn survives_any_bytes_sizes_and_strides() {
    let mut random = Random::new(11);
    let code = frame(Class::Nominal, 360, 300, 1);
    for round in 0..300_usize {
        let (width, height) = (1 + random.below(120), 1 + random.below(120));
        let stride = width + random.below(9);
        let length = stride * (height - 1) + width + random.below(5);
        let pixels: Vec<u8> = match round % 4 {
            0 => random.bytes(length),
            1 => tiling(stride, height, 1 + random.below(4)).pixels,
            2 => stripes(stride, height, 1 + random.below(4)).pixels,
            // Rows of a code at a stride that is not its own.
            _ => code.pixels[random.below(300)..][..length].to_vec(),
        };
        if let Some(text) = read(&LumaFrame::new(width, height, stride, &pixels).unwrap()) {
            assert_eq!(text, TEXT);
        }
    }
}
