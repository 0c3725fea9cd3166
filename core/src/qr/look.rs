//! Looks at a frame: shrunk greys, and how much darker each pixel is than what is around it.

use std::cell::OnceCell;

/// How much a frame is shrunk for its looks.
const FACTORS: [usize; 5] = [1, 2, 3, 6, 12];

/// A frame's greys, each made when it is first asked for.
pub(super) struct Greys<'a> {
    rows: &'a [&'a [u8]],
    greys: [OnceCell<Grey>; FACTORS.len()],
}

impl<'a> Greys<'a> {
    pub(super) fn new(rows: &'a [&'a [u8]]) -> Self {
        Self {
            rows,
            greys: Default::default(),
        }
    }

    /// The frame shrunk by the largest factor that is not above this one.
    pub(super) fn shrunk(&self, factor: usize) -> &Grey {
        let index = FACTORS.iter().rposition(|known| *known <= factor);
        let index = index.unwrap_or(0);
        self.greys[index].get_or_init(|| Grey::shrunk(self.rows, FACTORS[index]))
    }

    /// The smallest grey in which modules of so many pixels are whole.
    pub(super) fn for_module(&self, module: f32) -> &Grey {
        self.shrunk((module / 4.0) as usize)
    }
}

/// A grey picture of one byte a pixel, without gaps between its rows, shrunk by `factor`.
pub(super) struct Grey {
    pub(super) factor: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// Averages squares of `factor` pixels of a frame's rows.
    pub(super) fn shrunk(rows: &[&[u8]], factor: usize) -> Self {
        let width = rows.first().map_or(0, |row| row.len()) / factor;
        let height = rows.len() / factor;
        let mut pixels = Vec::with_capacity(width * height);
        if factor == 1 {
            rows.iter().for_each(|row| pixels.extend_from_slice(row));
        } else {
            let mut sums = vec![0_u16; width * factor];
            let reciprocal = (1 << 20_u32) / (factor * factor) as u32 + 1;
            for square in rows.chunks_exact(factor) {
                sums.fill(0);
                for row in square {
                    for (sum, pixel) in sums.iter_mut().zip(*row) {
                        *sum += u16::from(*pixel);
                    }
                }
                let mean = |block: &[u16]| {
                    let sum: u32 = block.iter().map(|sum| u32::from(*sum)).sum();
                    ((sum * reciprocal) >> 20) as u8
                };
                match factor {
                    2 => pixels.extend(sums.chunks_exact(2).map(mean)),
                    3 => pixels.extend(sums.chunks_exact(3).map(mean)),
                    _ => pixels.extend(sums.chunks_exact(factor).map(mean)),
                }
            }
        }
        Self {
            factor,
            width,
            height,
            pixels,
        }
    }

    /// The grey at a place of the whole frame, between its four nearest pixels; the rim goes on
    /// outside.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let scale = 1.0 / self.factor as f32;
        let x = (x * scale - 0.5).clamp(0.0, (self.width - 1) as f32 - 0.001);
        let y = (y * scale - 0.5).clamp(0.0, (self.height - 1) as f32 - 0.001);
        let (left, top) = (x as usize, y as usize);
        let (right, below) = (x - left as f32, y - top as f32);
        let from = top * self.width + left;
        let Some([a, b]) = self.pixels.get(from..from + 2) else {
            return 0.0;
        };
        let Some([c, d]) = self.pixels.get(from + self.width..from + self.width + 2) else {
            return 0.0;
        };
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
        mix(
            mix(f32::from(*a), f32::from(*b), right),
            mix(f32::from(*c), f32::from(*d), right),
            below,
        )
    }

    /// How much darker each pixel is than the mean of the box of `radius` around it.
    pub(super) fn contrast(&self, radius: usize) -> Contrast {
        let (width, height) = (self.width, self.height);
        let rows: Vec<&[u8]> = self.pixels.chunks_exact(width).collect();
        let mut columns = vec![0_u32; width];
        for row in rows.iter().take(radius) {
            add(&mut columns, row);
        }
        let mut prefix = vec![0_u32; width + 1];
        let mut sums = vec![0_u32; width];
        let mut reciprocals = vec![0_u32; width];
        let mut tall_before = 0;
        let mut darker = Vec::with_capacity(width * height);
        for (y, row) in rows.iter().enumerate() {
            if let Some(entering) = rows.get(y + radius) {
                add(&mut columns, entering);
            }
            if let Some(leaving) = y.checked_sub(radius + 1).and_then(|at| rows.get(at)) {
                for (sum, pixel) in columns.iter_mut().zip(*leaving) {
                    *sum -= u32::from(*pixel);
                }
            }
            let tall = (y + radius + 1).min(height) - y.saturating_sub(radius);
            if tall != tall_before {
                for (x, reciprocal) in reciprocals.iter_mut().enumerate() {
                    let wide = (x + radius + 1).min(width) - x.saturating_sub(radius);
                    *reciprocal = (1 << 20) / (tall * wide) as u32;
                }
                tall_before = tall;
            }
            let mut sum = 0;
            for (end, column) in prefix.iter_mut().skip(1).zip(&columns) {
                sum += column;
                *end = sum;
            }
            let wide = 2 * radius + 1;
            if width > wide {
                for (x, sum) in sums.iter_mut().enumerate().take(radius) {
                    *sum = prefix[x + radius + 1];
                }
                let ends = prefix.iter().zip(&prefix[wide..]);
                for (sum, (start, end)) in sums.iter_mut().skip(radius).zip(ends) {
                    *sum = end - start;
                }
                for x in width - radius..width {
                    sums[x] = prefix[width] - prefix[x - radius];
                }
            } else {
                for (x, sum) in sums.iter_mut().enumerate() {
                    let right = (x + radius + 1).min(width);
                    *sum = prefix[right] - prefix[x.saturating_sub(radius)];
                }
            }
            darker.extend(row.iter().zip(&sums).zip(&reciprocals).map(
                |((pixel, sum), reciprocal)| {
                    let mean = ((sum * reciprocal) >> 20) as i16;
                    (mean - i16::from(*pixel)).clamp(-127, 127) as i8
                },
            ));
        }
        Contrast {
            factor: self.factor,
            width,
            height,
            darker,
        }
    }
}

fn add(columns: &mut [u32], row: &[u8]) {
    for (sum, pixel) in columns.iter_mut().zip(row) {
        *sum += u32::from(*pixel);
    }
}

/// How much darker each pixel of a look is than what is around it.
pub(super) struct Contrast {
    pub(super) factor: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    darker: Vec<i8>,
}

impl Contrast {
    /// Light becomes dark.
    pub(super) fn invert(&mut self) {
        self.darker.iter_mut().for_each(|value| *value = -*value);
    }

    pub(super) fn row(&self, y: usize) -> &[i8] {
        let from = y * self.width;
        self.darker.get(from..from + self.width).unwrap_or_default()
    }

    /// Between the four nearest pixels; `None` at the rim and outside.
    pub(super) fn at(&self, x: f32, y: f32) -> Option<f32> {
        let (x, y) = (x - 0.5, y - 0.5);
        if x < 0.0 || y < 0.0 || x >= (self.width - 1) as f32 {
            return None;
        }
        let (left, top) = (x as usize, y as usize);
        let (right, below) = (x - left as f32, y - top as f32);
        let from = top * self.width + left;
        let [a, b] = self.darker.get(from..from + 2)? else {
            return None;
        };
        let [c, d] = self.darker.get(from + self.width..from + self.width + 2)? else {
            return None;
        };
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
        Some(mix(
            mix(f32::from(*a), f32::from(*b), right),
            mix(f32::from(*c), f32::from(*d), right),
            below,
        ))
    }
}
