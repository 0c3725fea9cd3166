//! Reading: one look at the frame after the other, until a code is found.

use super::{
    finder::{self, Finder},
    grid::{self, Budget, Candidate},
    look::Greys,
    triple,
};

/// Bounds of a frame full of noise; a real code is among the first of both.
const MAX_FINDERS: usize = 72;
const MAX_TRIPLES: usize = 96;
const MAX_CANDIDATES: usize = 6;
/// Greys that the search for places may look up in one pass, and the reading at them in all.
const SEARCH_SAMPLES: usize = 60_000;
const READ_SAMPLES: usize = 800_000;
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
    let looks = [(3, 8), (2, 8), (6, 8), (1, 6), (12, 8)];
    looks
        .into_iter()
        .find_map(|(factor, radius)| search.pass(factor, radius))
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
            budget: Budget(READ_SAMPLES),
        }
    }

    /// Looks at the frame shrunk by `factor`, its pixels compared with those at most `radius` away.
    fn pass(&mut self, factor: usize, radius: usize) -> Option<String> {
        let grey = self.greys.shrunk(factor);
        if grey.width < 21 || grey.height < 21 {
            return None;
        }
        let mut contrast = grey.contrast(radius);
        [Polarity::Dark, Polarity::Light]
            .into_iter()
            .find_map(|polarity| {
                if polarity == Polarity::Light {
                    contrast.invert();
                }
                let found = finder::find(&contrast);
                self.decode(found, polarity)
            })
    }

    fn decode(&mut self, found: Vec<Finder>, polarity: Polarity) -> Option<String> {
        let (finders, sign) = match polarity {
            Polarity::Dark => (&mut self.dark, 1.0),
            Polarity::Light => (&mut self.light, -1.0),
        };
        let before = finders.len();
        for finder in found {
            let new = !finders.iter().any(|other| other.is_near(&finder));
            if new && finders.len() < MAX_FINDERS {
                finders.push(finder);
            }
        }
        if finders.len() == before {
            return None;
        }
        let mut search = Budget(SEARCH_SAMPLES);
        let mut candidates: Vec<Candidate> = triple::triples(finders, before)
            .iter()
            .take(MAX_TRIPLES)
            .filter_map(|corners| grid::candidate(&self.greys, corners, sign, &mut search))
            .collect();
        candidates.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
        candidates
            .iter()
            .take(MAX_CANDIDATES)
            .find_map(|candidate| grid::read(&self.greys, candidate, sign, &mut self.budget))
    }
}
