//! Reading: one look at the frame after the other, until a code is found.

use super::{
    finder::{self, Finder},
    grid::{self, Budget, Candidate},
    look::Greys,
    triple,
};

/// Bounds of a frame full of noise; a real code is among the first of both.
const MAX_TRIPLES: usize = 96;
const MAX_CANDIDATES: usize = 6;
const SAMPLES_A_PASS: usize = 400_000;
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
    let mut search = Search::new(&rows);
    // Shrunk pictures first: they cost least and are free of noise and moiré.
    search
        .pass(3, 8, &[Polarity::Dark])
        .or_else(|| search.pass(2, 8, &[Polarity::Dark, Polarity::Light]))
        .or_else(|| search.pass(6, 8, &[Polarity::Dark, Polarity::Light]))
        .or_else(|| search.pass(12, 8, &[Polarity::Dark, Polarity::Light]))
        .or_else(|| search.pass(1, 12, &[Polarity::Dark, Polarity::Light]))
}

/// Whether the code's modules are dark on light, or light on dark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Polarity {
    Dark,
    Light,
}

/// What the looks at a frame have shown.
struct Search<'a> {
    greys: Greys<'a>,
    dark: Vec<Finder>,
    light: Vec<Finder>,
    budget: Budget,
}

impl<'a> Search<'a> {
    fn new(rows: &'a [&'a [u8]]) -> Self {
        Self {
            greys: Greys::new(rows),
            dark: Vec::new(),
            light: Vec::new(),
            budget: Budget(0),
        }
    }

    /// Looks at the frame shrunk by `factor`, its pixels compared with those at most `radius` away.
    fn pass(&mut self, factor: usize, radius: usize, polarities: &[Polarity]) -> Option<String> {
        let grey = self.greys.shrunk(factor);
        if grey.width < 21 || grey.height < 21 {
            return None;
        }
        let mut contrast = grey.contrast(radius);
        self.budget.0 += SAMPLES_A_PASS;
        polarities.iter().find_map(|polarity| {
            if *polarity == Polarity::Light {
                contrast.invert();
            }
            let found = finder::find(&contrast);
            self.decode(found, *polarity)
        })
    }

    fn decode(&mut self, found: Vec<Finder>, polarity: Polarity) -> Option<String> {
        let (finders, sign) = match polarity {
            Polarity::Dark => (&mut self.dark, 1.0),
            Polarity::Light => (&mut self.light, -1.0),
        };
        let before = finders.len();
        for finder in found {
            if !finders.iter().any(|other| other.is_near(&finder)) {
                finders.push(finder);
            }
        }
        if finders.len() == before {
            return None;
        }
        let mut candidates: Vec<Candidate> = triple::triples(finders, before)
            .iter()
            .take(MAX_TRIPLES)
            .flat_map(|corners| grid::candidates(&self.greys, corners, sign, &mut self.budget))
            .collect();
        candidates.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        candidates
            .iter()
            .take(MAX_CANDIDATES)
            .find_map(|candidate| grid::read(&self.greys, candidate, sign, &mut self.budget))
    }
}
