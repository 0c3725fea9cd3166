//! Finder patterns: 1:1:3:1:1 across, down and along both diagonals.

use super::look::Contrast;

/// How much darker than its surroundings a pixel has to be, so that flat areas stay light.
const MARGIN: i8 = 4;
/// Finder patterns that are kept of one look, and places that are looked at more closely.
const MAX_FINDERS: usize = 32;
const MAX_CANDIDATES: usize = 1_000;

/// A finder pattern in the whole frame's pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Finder {
    pub(super) x: f32,
    pub(super) y: f32,
    /// Pixels a module, roughly.
    pub(super) module: f32,
    /// Rows that saw it.
    pub(super) seen: u32,
}

impl Finder {
    /// Whether a point lies in its centre.
    fn covers(&self, (x, y): (f32, f32)) -> bool {
        (self.x - x).abs() < 1.5 * self.module && (self.y - y).abs() < 1.5 * self.module
    }

    pub(super) fn is_near(&self, other: &Self) -> bool {
        let reach = 2.0 * self.module.max(other.module);
        (self.x - other.x).abs() < reach && (self.y - other.y).abs() < reach
    }
}

/// The finder patterns of a look, those that most rows saw first.
pub(super) fn find(contrast: &Contrast) -> Vec<Finder> {
    let mut found: Vec<Finder> = Vec::new();
    let mut candidates = 0;
    let mut edges = Vec::with_capacity(contrast.width + 1);
    // Three modules of a centre are at least four pixels.
    let step = (contrast.height / 240).clamp(1, 3);
    // From the middle of the frame outwards: what is held to the camera is there.
    let count = contrast.height.div_ceil(step);
    for at in 0..count {
        let half = at.div_ceil(2);
        let index = if at % 2 == 0 {
            count / 2 + half
        } else {
            (count / 2).wrapping_sub(half)
        };
        let y = index.wrapping_mul(step);
        if y >= contrast.height {
            continue;
        }
        let (starts_dark, row) = edges_of(contrast.row(y), &mut edges);
        let first = usize::from(starts_dark);
        for window in (first..row.len().saturating_sub(5)).step_by(2) {
            let Some(window) = row.get(window..window + 6) else {
                break;
            };
            if window[5] - window[0] < 7 || !roughly(window) {
                continue;
            }
            let at = (f32::from(window[2] + window[3]) / 2.0, y as f32 + 0.5);
            if let Some(other) = found.iter_mut().find(|other| other.covers(at)) {
                other.seen += 1;
                continue;
            }
            candidates += 1;
            if candidates > MAX_CANDIDATES {
                break;
            }
            let Some(finder) = confirm(contrast, window, y) else {
                continue;
            };
            let room = found.len() < 4 * MAX_FINDERS;
            match found.iter_mut().find(|other| other.is_near(&finder)) {
                Some(other) => other.seen += 1,
                None if room => found.push(finder),
                None => {}
            }
        }
    }
    found.sort_by(|a, b| b.seen.cmp(&a.seen).then(b.module.total_cmp(&a.module)));
    found.truncate(MAX_FINDERS);
    let factor = contrast.factor as f32;
    for finder in &mut found {
        finder.x *= factor;
        finder.y *= factor;
        finder.module *= factor;
    }
    found
}

/// The places where a row changes between light and dark, and whether it starts dark.
fn edges_of<'a>(row: &[i8], edges: &'a mut Vec<u16>) -> (bool, &'a [u16]) {
    edges.resize(row.len() + 1, 0);
    let starts_dark = row.first().is_some_and(|first| *first > MARGIN);
    let mut count = 0;
    let mut before = starts_dark;
    for (x, value) in row.iter().enumerate() {
        let dark = *value > MARGIN;
        edges[count] = x as u16;
        count += usize::from(dark != before);
        before = dark;
    }
    (starts_dark, edges.get(..count).unwrap_or_default())
}

/// In whole pixels, with the tolerance that they need.
fn roughly(edges: &[u16]) -> bool {
    let run = |at: usize| i32::from(edges[at + 1] - edges[at]);
    let center = run(2);
    let total = i32::from(edges[5] - edges[0]);
    center >= run(1).max(run(3))
        && center * 4 > total
        && 7 * center < 5 * total
        && run(0).max(run(4)) <= center
        && {
            let ends = i32::from(edges[2] - edges[0]) - i32::from(edges[5] - edges[3]);
            ends.abs() * 6 <= total + 12
        }
}

/// Edges at places between pixels, from the centre outwards: three before it and three behind it.
fn cross(
    contrast: &Contrast,
    center: (f32, f32),
    step: (f32, f32),
    module: f32,
) -> Option<[f32; 6]> {
    let limit = (module * 9.0) as usize + 4;
    let before = ray(contrast, center, (-step.0, -step.1), limit)?;
    let behind = ray(contrast, center, step, limit)?;
    Some([
        -before[2], -before[1], -before[0], behind[0], behind[1], behind[2],
    ])
}

/// Distances, in steps, of the first three changes from dark to light and back.
fn ray(contrast: &Contrast, from: (f32, f32), step: (f32, f32), limit: usize) -> Option<[f32; 3]> {
    let mut found = [0.0; 3];
    let mut count = 0;
    let margin = f32::from(MARGIN);
    let mut before = contrast.at(from.0, from.1)?;
    if before <= margin {
        return None;
    }
    for at in 1..=limit {
        let here = contrast.at(from.0 + step.0 * at as f32, from.1 + step.1 * at as f32)?;
        if (here > margin) != (before > margin) {
            found[count] = at as f32 - 1.0 + (margin - before) / (here - before);
            count += 1;
            if count == 3 {
                return Some(found);
            }
        }
        before = here;
    }
    None
}

/// Distances of like edges keep their measure when a picture's dark spreads or shrinks: 2:4:4:2.
fn module_of(edges: &[f32; 6], tolerance: f32) -> Option<f32> {
    let spans = [
        edges[2] - edges[0],
        edges[3] - edges[1],
        edges[4] - edges[2],
        edges[5] - edges[3],
    ];
    let module = spans.iter().sum::<f32>() / 12.0;
    let fits = |span: f32, modules: f32| {
        (span - modules * module).abs() < tolerance * module * (modules / 2.0).sqrt()
    };
    let fits = module > 0.8
        && fits(spans[0], 2.0)
        && fits(spans[1], 4.0)
        && fits(spans[2], 4.0)
        && fits(spans[3], 2.0);
    fits.then_some(module)
}

fn middle(edges: &[f32; 6]) -> f32 {
    edges.iter().sum::<f32>() / 6.0
}

fn confirm(contrast: &Contrast, window: &[u16], y: usize) -> Option<Finder> {
    let tolerance = 1.0;
    let mut center = (f32::from(window[2] + window[3]) / 2.0, y as f32 + 0.5);
    let rough = f32::from(window[5] - window[0]) / 7.0;
    let down = cross(contrast, center, (0.0, 1.0), rough * 1.5)?;
    let tall = module_of(&down, tolerance)?;
    center.1 += middle(&down);
    let across = cross(contrast, center, (1.0, 0.0), rough)?;
    let wide = module_of(&across, tolerance)?;
    center.0 += middle(&across);
    if wide > tall * 3.0 || tall > wide * 3.0 {
        return None;
    }
    let down = cross(contrast, center, (0.0, 1.0), tall)?;
    center.1 += middle(&down);
    // Every line through the centre crosses the squares in the same proportions.
    for slope in [1.0, -1.0] {
        let edges = cross(contrast, center, (0.7, 0.7 * slope), tall.max(wide) * 2.0)?;
        module_of(&edges, 1.2)?;
    }
    Some(Finder {
        x: center.0,
        y: center.1,
        module: (tall * wide).sqrt(),
        seen: 1,
    })
}
