//! From grey to black and white: a pixel is black when it is darker than what is around it.

use rxing::common::BitMatrix;

/// How much darker than its surroundings a pixel has to be, so that flat areas stay white.
const MARGIN: u32 = 4;

/// A grey picture of one byte a pixel, without gaps between its rows.
pub(super) struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// Copies a frame row by row, averaging squares of `factor` pixels.
    pub(super) fn shrunk(rows: &[&[u8]], factor: usize) -> Self {
        let width = rows.first().map_or(0, |row| row.len()) / factor;
        let height = rows.len() / factor;
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for square in rows.chunks_exact(factor) {
            sums.fill(0);
            for row in square {
                for (sum, block) in sums.iter_mut().zip(row.chunks_exact(factor)) {
                    *sum += block.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            let area = (factor * factor) as u32;
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    pub(super) fn inverted(mut self) -> Self {
        self.pixels.iter_mut().for_each(|pixel| *pixel = !*pixel);
        self
    }

    /// Black is what is darker than the mean of the box of `radius` around it; `None` where the
    /// picture is too small to hold a code.
    pub(super) fn binarised(&self, radius: usize) -> Option<BitMatrix> {
        let (width, height) = (self.width, self.height);
        if width < 21 || height < 21 {
            return None;
        }
        let mut matrix = BitMatrix::new(width as u32, height as u32).ok()?;
        let rows: Vec<&[u8]> = self.pixels.chunks_exact(width).collect();
        let mut columns = vec![0_u32; width];
        for row in rows.iter().take(radius) {
            add(&mut columns, row);
        }
        let mut prefix = vec![0_u32; width + 1];
        for (y, row) in rows.iter().enumerate() {
            if let Some(entering) = rows.get(y + radius) {
                add(&mut columns, entering);
            }
            if let Some(leaving) = y.checked_sub(radius + 1).and_then(|at| rows.get(at)) {
                columns
                    .iter_mut()
                    .zip(*leaving)
                    .for_each(|(sum, pixel)| *sum -= u32::from(*pixel));
            }
            let tall = (y + radius + 1).min(height) - y.saturating_sub(radius);
            for (x, column) in columns.iter().enumerate() {
                prefix[x + 1] = prefix[x] + column;
            }
            for (x, pixel) in row.iter().enumerate() {
                let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(width));
                let area = (tall * (right - left)) as u32;
                if (u32::from(*pixel) + MARGIN) * area < prefix[right] - prefix[left] {
                    matrix.set(x as u32, y as u32);
                }
            }
        }
        Some(matrix)
    }
}

fn add(columns: &mut [u32], row: &[u8]) {
    columns
        .iter_mut()
        .zip(row)
        .for_each(|(sum, pixel)| *sum += u32::from(*pixel));
}
