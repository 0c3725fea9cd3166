//! Reading: scales and thresholds one after the other, until a code is found.

use rxing::{
    common::{BitMatrix, DetectorRXingResult},
    qrcode::cpp_port::{
        decoder::Decode,
        detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR},
    },
};

use super::threshold::Grey;

/// Bounds of a frame full of noise; a real code is among the first of both.
const MAX_FINDERS: usize = 48;
const MAX_TRIPLES: usize = 24;
/// Most pixels on one side of a frame.
const MAX_SIDE: usize = 8_192;

/// The luma plane of a camera's frame or of a picture: one byte a pixel, 0 is black.
#[derive(Clone, Copy)]
pub struct LumaFrame<'a> {
    width: usize,
    height: usize,
    stride: usize,
    pixels: &'a [u8],
}

/// The sizes do not fit the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frame's sizes do not fit its bytes")]
pub struct InvalidFrame;

impl<'a> LumaFrame<'a> {
    /// `stride` is the distance of two rows in bytes; the last row may end with its last pixel.
    /// Sides have 1 to 8,192 pixels.
    pub fn new(
        width: usize,
        height: usize,
        stride: usize,
        pixels: &'a [u8],
    ) -> Result<Self, InvalidFrame> {
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) || stride < width {
            return Err(InvalidFrame);
        }
        let needed = stride
            .checked_mul(height - 1)
            .and_then(|rows| rows.checked_add(width));
        match needed {
            Some(needed) if needed <= pixels.len() => Ok(Self {
                width,
                height,
                stride,
                pixels,
            }),
            _ => Err(InvalidFrame),
        }
    }

    fn rows(&self) -> Vec<&'a [u8]> {
        self.pixels
            .chunks(self.stride)
            .take(self.height)
            .filter_map(|row| row.get(..self.width))
            .collect()
    }
}

/// The text of the first QR code that is found in the frame. Whether it is a pairing code is for
/// [`crate::pairing`] to say.
pub fn read(frame: &LumaFrame<'_>) -> Option<String> {
    let rows = frame.rows();
    let small = || Grey::shrunk(&rows, 3).binarised(8);
    // Whose modules are larger than the box that decides what is black.
    let close = || Grey::shrunk(&rows, 6).binarised(8);
    let closest = || Grey::shrunk(&rows, 12).binarised(8);
    let half = || Grey::shrunk(&rows, 2).binarised(8);
    let inverted = || Grey::shrunk(&rows, 2).inverted().binarised(12);
    let whole = || Grey::shrunk(&rows, 1).binarised(12);
    let passes: [&dyn Fn() -> Option<BitMatrix>; 6] =
        [&small, &close, &half, &closest, &inverted, &whole];
    passes
        .into_iter()
        .find_map(|pass| pass().and_then(|matrix| decode(&matrix)))
}

fn decode(matrix: &BitMatrix) -> Option<String> {
    let mut finders = FindFinderPatterns(matrix, true, 0);
    finders.truncate(MAX_FINDERS);
    GenerateFinderPatternSets(&mut finders)
        .iter()
        .take(MAX_TRIPLES)
        .find_map(|triple| {
            let sampled = SampleQR(matrix, triple).ok()?;
            let decoded = Decode(sampled.getBits()).ok()?;
            // What is no UTF-8 is no pairing code, and the tables of other encodings are large.
            let text = String::from_utf8_lossy(decoded.content().bytes());
            decoded.isValid().then(|| text.into_owned())
        })
}
