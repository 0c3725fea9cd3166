//! From three finder patterns to modules: where they are, and which of them are dark.

use rxing::{common::BitMatrix, qrcode::cpp_port::decoder::Decode};

use super::{
    finder::Finder,
    look::{Grey, Greys},
};

/// A point of the frame, or of the code in modules.
type Point = (f32, f32);

/// Below it a place is given up; codes that can be read have more than ten.
const MIN_EVIDENCE: f32 = 7.0;

/// What is left of the samples that one frame may cost.
pub(super) struct Budget(pub(super) usize);

impl Budget {
    fn take(&mut self, samples: usize) -> bool {
        let left = self.0.checked_sub(samples);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Three finder patterns in the corners of a code, and what is known of the perspective.
pub(super) struct Corners {
    pub(super) top_left: Finder,
    pub(super) top_right: Finder,
    pub(super) bottom_left: Finder,
}

/// A perspective from modules to the frame's pixels.
#[derive(Clone, Copy)]
struct Perspective([f32; 8]);

impl Perspective {
    /// From a unit square, whose corners are in the order (0,0), (1,0), (1,1), (0,1).
    fn from_square(p: [Point; 4]) -> Option<Self> {
        let sum = |a: f32, b: f32, c: f32, d: f32| a - b + c - d;
        let (sx, sy) = (
            sum(p[0].0, p[1].0, p[2].0, p[3].0),
            sum(p[0].1, p[1].1, p[2].1, p[3].1),
        );
        let (dx1, dx2) = (p[1].0 - p[2].0, p[3].0 - p[2].0);
        let (dy1, dy2) = (p[1].1 - p[2].1, p[3].1 - p[2].1);
        let determinant = dx1 * dy2 - dx2 * dy1;
        if determinant.abs() < 1e-3 {
            return None;
        }
        let g = (sx * dy2 - dx2 * sy) / determinant;
        let h = (dx1 * sy - sx * dy1) / determinant;
        if g < -0.95 || h < -0.95 || g + h < -0.95 {
            return None;
        }
        Some(Self([
            p[1].0 - p[0].0 + g * p[1].0,
            p[3].0 - p[0].0 + h * p[3].0,
            p[0].0,
            p[1].1 - p[0].1 + g * p[1].1,
            p[3].1 - p[0].1 + h * p[3].1,
            p[0].1,
            g,
            h,
        ]))
    }

    fn at(&self, u: f32, v: f32) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let w = 1.0 / (g * u + h * v + 1.0);
        ((a * u + b * v + c) * w, (d * u + e * v + f) * w)
    }
}

/// A code's place: its side in modules, and the frame's points of the centres of the three finder
/// patterns and of the point as far from the lower right corner (top left, top right, lower right,
/// bottom left).
#[derive(Clone, Copy)]
struct Place {
    side: usize,
    points: [Point; 4],
    perspective: Perspective,
}

impl Place {
    fn new(side: usize, points: [Point; 4]) -> Option<Self> {
        let perspective = Perspective::from_square(points)?;
        Some(Self {
            side,
            points,
            perspective,
        })
    }

    /// With the lower right point moved so that the module at (u, v) lies on `to`.
    fn through(&self, (u, v): Point, to: Point) -> Option<Self> {
        let mut place = *self;
        for _ in 0..3 {
            let at = place.at(u, v);
            let share = (u - 3.5) * (v - 3.5) / ((self.side - 7) as f32).powi(2);
            let mut points = place.points;
            points[2].0 += (to.0 - at.0) / share;
            points[2].1 += (to.1 - at.1) / share;
            place = Self::new(self.side, points)?;
        }
        Some(place)
    }

    fn at(&self, u: f32, v: f32) -> Point {
        let span = (self.side - 7) as f32;
        self.perspective.at((u - 3.5) / span, (v - 3.5) / span)
    }

    /// Pixels a module in the middle of the code.
    fn module(&self) -> f32 {
        let half = self.side as f32 / 2.0;
        let (a, b, c) = (
            self.at(half, half),
            self.at(half + 1.0, half),
            self.at(half, half + 1.0),
        );
        let area = (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
        area.abs().sqrt()
    }
}

/// Where a code can be.
pub(super) struct Candidate {
    place: Place,
    /// How many pixels of the frame a module takes at its smallest, roughly.
    module: f32,
    /// How far from chance the finder and timing patterns are seen, in standard deviations.
    pub(super) evidence: f32,
}

/// Where the code is likeliest to be of which `corners` are the finder patterns. `sign` is -1 where
/// the code is inverted, and 1 otherwise.
pub(super) fn candidate(
    greys: &Greys<'_>,
    corners: &Corners,
    sign: f32,
    budget: &mut Budget,
) -> Option<Candidate> {
    let module = corners
        .top_left
        .module
        .min(corners.top_right.module)
        .min(corners.bottom_left.module);
    let view = View {
        grey: greys.for_module(module),
        sign,
    };
    let (place, evidence) = view.place(corners, budget)?;
    Some(Candidate {
        place,
        module,
        evidence,
    })
}

/// Reads the code at a place.
pub(super) fn read(
    greys: &Greys<'_>,
    candidate: &Candidate,
    sign: f32,
    budget: &mut Budget,
) -> Option<String> {
    let view = View {
        grey: greys.for_module(candidate.module),
        sign,
    };
    let place = view.aligned(&candidate.place, budget);
    let area = place.side * place.side;
    if !budget.take(area * 20) {
        return None;
    }
    if let Some(text) = view.modules(&place).decode(place.side) {
        return Some(text);
    }
    if !budget.take(2_000 * 60 + area * 16) {
        return None;
    }
    let place = view.climbed(place);
    view.modules(&place).decode(place.side)
}

/// A grey in which dark is high.
#[derive(Clone, Copy)]
struct View<'a> {
    grey: &'a Grey,
    sign: f32,
}

impl View<'_> {
    fn at(&self, (x, y): Point) -> f32 {
        -self.sign * self.grey.at(x, y)
    }

    /// Pixels a module at a finder pattern, towards another point.
    fn reach(&self, from: &Finder, to: &Finder) -> Option<f32> {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let distance = (dx * dx + dy * dy).sqrt();
        let step = (from.module / 6.0).max(0.25);
        let (dx, dy) = (dx / distance * step, dy / distance * step);
        let count = ((from.module * 8.0).min(distance * 0.7) / step) as usize;
        let light: Vec<f32> = (0..count)
            .map(|at| self.at((from.x + dx * at as f32, from.y + dy * at as f32)))
            .collect();
        // Halfway between the centre's dark and the ring's light.
        let near = &light[..count.min(24)];
        let (low, high) = near
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        let middle = (low + high) / 2.0;
        let mut edges = [0.0; 3];
        let mut found = 0;
        for (at, pair) in light.windows(2).enumerate() {
            if (pair[0] > middle) != (pair[1] > middle) {
                edges[found] = at as f32 + (middle - pair[0]) / (pair[1] - pair[0]);
                found += 1;
                if found == 3 {
                    let [a, b, c] = edges;
                    return Some((a + 2.0 * b + c) / 10.0 * step);
                }
            }
        }
        None
    }

    fn place(&self, corners: &Corners, budget: &mut Budget) -> Option<(Place, f32)> {
        let Corners {
            top_left,
            top_right,
            bottom_left,
        } = corners;
        if !budget.take(200) {
            return None;
        }
        let along = |from: &Finder, to: &Finder| {
            let near = self.reach(from, to).unwrap_or(from.module);
            let far = self.reach(to, from).unwrap_or(to.module);
            let distance = (to.x - from.x).hypot(to.y - from.y);
            (
                distance / (near * far).sqrt(),
                (near / far).sqrt().clamp(0.6, 1.6),
            )
        };
        let (across, shrink_across) = along(top_left, top_right);
        let (down, shrink_down) = along(top_left, bottom_left);
        let about = (across * down).sqrt() + 7.0;
        if !(17.0..=190.0).contains(&about) || across > down * 1.6 || down > across * 1.6 {
            return None;
        }
        let version = ((about - 17.0) / 4.0).round() as i32;
        let mut best: Option<(Place, f32)> = None;
        for version in [version, version - 1, version + 1] {
            if !(1..=40).contains(&version) {
                continue;
            }
            let side = version as usize * 4 + 17;
            for perspective in [true, false] {
                let (g, h) = match perspective {
                    true => (shrink_across - 1.0, shrink_down - 1.0),
                    false => (0.0, 0.0),
                };
                // The lower right point from the two ratios (see `Perspective::from_square`).
                let w = 1.0 + g + h;
                if w < 0.2 {
                    continue;
                }
                let fourth = |tl: f32, tr: f32, bl: f32| ((1.0 + g) * tr + (1.0 + h) * bl - tl) / w;
                let points = [
                    (top_left.x, top_left.y),
                    (top_right.x, top_right.y),
                    (
                        fourth(top_left.x, top_right.x, bottom_left.x),
                        fourth(top_left.y, top_right.y, bottom_left.y),
                    ),
                    (bottom_left.x, bottom_left.y),
                ];
                let Some(place) = Place::new(side, points) else {
                    continue;
                };
                // Most places are given up at their first finder pattern.
                if !budget.take(60) {
                    return None;
                }
                let Some(evidence) = self.evidence(&place) else {
                    continue;
                };
                if best.is_none_or(|(_, best)| evidence > best) {
                    best = Some((place, evidence));
                }
            }
        }
        best
    }

    /// How far from chance the finder and timing patterns are seen, in standard deviations.
    /// `None` where it is no code.
    fn evidence(&self, place: &Place) -> Option<f32> {
        let far = (place.side - 7) as f32;
        let mut right = 0.0;
        for (left, top) in [(0.0, 0.0), (far, 0.0), (0.0, far)] {
            let here = self.finder(place, left, top);
            if here < 20.0 {
                return None;
            }
            right += here;
        }
        let evidence = (2.0 * right - 120.0) / 120_f32.sqrt() + self.timing(place);
        (evidence > MIN_EVIDENCE).then_some(evidence)
    }

    /// How many of the forty modules of a finder pattern's two rings are as they should be: light,
    /// then dark.
    fn finder(&self, place: &Place, left: f32, top: f32) -> f32 {
        let ring = |radius: i8| {
            (-radius..=radius)
                .flat_map(move |y| (-radius..=radius).map(move |x| (x, y)))
                .filter(move |(x, y)| x.abs().max(y.abs()) == radius)
                .map(|(x, y)| {
                    self.at(place.at(left + 3.5 + f32::from(x), top + 3.5 + f32::from(y)))
                })
        };
        let center = (self.at(place.at(left + 3.5, top + 3.5)) + ring(1).sum::<f32>()) / 9.0;
        let light = ring(2).sum::<f32>() / 16.0;
        let middle = (center + light) / 2.0;
        let right = ring(2).filter(|value| *value < middle).count()
            + ring(3).filter(|value| *value > middle).count();
        right as f32
    }

    /// By how many standard deviations the timing patterns' modules differ from their neighbours
    /// as they should.
    fn timing(&self, place: &Place) -> f32 {
        let mut right = 0;
        let mut count = 0;
        for across in [true, false] {
            let line: Vec<f32> = (7..=place.side - 8)
                .map(|at| match (across, at as f32 + 0.5) {
                    (true, at) => self.at(place.at(at, 6.5)),
                    (false, at) => self.at(place.at(6.5, at)),
                })
                .collect();
            for (at, near) in line.windows(3).enumerate() {
                let darker = 2.0 * near[1] - near[0] - near[2];
                // The first window's middle is module 8, which is dark.
                right += usize::from(if at % 2 == 0 {
                    darker > 0.0
                } else {
                    darker < 0.0
                });
                count += 1;
            }
        }
        let (right, count) = (right as f32, count.max(1) as f32);
        (2.0 * right - count) / count.sqrt()
    }

    /// With the perspective that shows the last alignment pattern best.
    fn aligned(&self, place: &Place, budget: &mut Budget) -> Place {
        if place.side < 25 || !budget.take(17 * 17 * 25 + 25 * 9) {
            return *place;
        }
        let center = place.side as f32 - 6.5;
        let (u, v) = {
            let (a, b) = (place.at(center, center), place.at(center + 1.0, center));
            let c = place.at(center, center + 1.0);
            ((b.0 - a.0, b.1 - a.1), (c.0 - a.0, c.1 - a.1))
        };
        let origin = place.at(center, center);
        let point = |a: f32, b: f32| (origin.0 + a * u.0 + b * v.0, origin.1 + a * u.1 + b * v.1);
        let score = |a: f32, b: f32| {
            let mut sum = 0.0;
            for y in -2_i8..=2 {
                for x in -2_i8..=2 {
                    let value = self.at(point(a + f32::from(x), b + f32::from(y)));
                    sum += match x.abs().max(y.abs()) {
                        1 => -value * (17.0 / 8.0),
                        _ => value,
                    };
                }
            }
            // Of two that are as good, the nearer.
            sum * (1.0 - 0.02 * a.hypot(b))
        };
        let mut best = (f32::MIN, 0.0, 0.0);
        for b in -8_i8..=8 {
            for a in -8_i8..=8 {
                let (a, b) = (f32::from(a) / 2.0, f32::from(b) / 2.0);
                let score = score(a, b);
                if score > best.0 {
                    best = (score, a, b);
                }
            }
        }
        let coarse = best;
        for b in -1_i8..=1 {
            for a in -1_i8..=1 {
                let (a, b) = (coarse.1 + f32::from(a) / 4.0, coarse.2 + f32::from(b) / 4.0);
                let score = score(a, b);
                if score > best.0 {
                    best = (score, a, b);
                }
            }
        }
        let to = point(best.1, best.2);
        place.through((center, center), to).unwrap_or(*place)
    }

    /// Moves the four points to where the modules differ most from what is between them.
    fn climbed(&self, mut place: Place) -> Place {
        let modules = self.modules(&place);
        let probes = modules.probes(place.side);
        let score = |place: &Place| {
            probes
                .iter()
                .map(|probe| {
                    let darker = self.at(place.at(probe.u, probe.v)) - probe.threshold;
                    match probe.known {
                        Some(sign) => 3.0 * sign * darker,
                        None => darker.abs(),
                    }
                })
                .sum::<f32>()
        };
        let module = place.module();
        let mut best = score(&place);
        let mut left = 58;
        for step in [0.6, 0.3, 0.15] {
            let step = step * module;
            // The fourth point is known least.
            for corner in [2, 2, 1, 3, 0, 2] {
                for (dx, dy) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                    if left == 0 {
                        return place;
                    }
                    left -= 1;
                    let mut points = place.points;
                    points[corner].0 += dx;
                    points[corner].1 += dy;
                    let Some(moved) = Place::new(place.side, points) else {
                        continue;
                    };
                    let moved_score = score(&moved);
                    if moved_score > best {
                        best = moved_score;
                        place = moved;
                    }
                }
            }
        }
        place
    }

    fn modules(&self, place: &Place) -> Modules {
        let reach = 0.2;
        let mut values = Vec::with_capacity(place.side * place.side);
        for v in 0..place.side {
            for u in 0..place.side {
                let (u, v) = (u as f32 + 0.5, v as f32 + 0.5);
                let sum: f32 = [
                    (-reach, -reach),
                    (reach, -reach),
                    (-reach, reach),
                    (reach, reach),
                ]
                .iter()
                .map(|(a, b)| self.at(place.at(u + a, v + b)))
                .sum();
                values.push(sum / 4.0);
            }
        }
        Modules(values)
    }
}

/// A module whose grey tells whether a place is right.
struct Probe {
    u: f32,
    v: f32,
    threshold: f32,
    /// 1 where it is dark in every code of this size, -1 where it is light.
    known: Option<f32>,
}

/// The modules' greys, row by row; dark is high.
struct Modules(Vec<f32>);

impl Modules {
    /// The mean of the box of `radius` modules around each.
    fn means(&self, side: usize, radius: usize) -> Vec<f32> {
        let mut prefix = vec![0.0_f64; (side + 1) * (side + 1)];
        for y in 0..side {
            let mut row = 0.0;
            for x in 0..side {
                row += f64::from(self.0[y * side + x]);
                prefix[(y + 1) * (side + 1) + x + 1] = prefix[y * (side + 1) + x + 1] + row;
            }
        }
        let mut means = Vec::with_capacity(side * side);
        for y in 0..side {
            let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(side));
            for x in 0..side {
                let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(side));
                let at = |y: usize, x: usize| prefix[y * (side + 1) + x];
                let sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
                means.push((sum / ((bottom - top) * (right - left)) as f64) as f32);
            }
        }
        means
    }

    /// Takes from each module what its four neighbours shed on it.
    fn sharpened(&self, side: usize, share: f32) -> Self {
        let at = |x: usize, y: usize| self.0[y.min(side - 1) * side + x.min(side - 1)];
        let mut values = Vec::with_capacity(self.0.len());
        for y in 0..side {
            for x in 0..side {
                let around = at(x.saturating_sub(1), y)
                    + at(x + 1, y)
                    + at(x, y.saturating_sub(1))
                    + at(x, y + 1);
                values.push(at(x, y) - share * around);
            }
        }
        Self(values)
    }

    fn decode(&self, side: usize) -> Option<String> {
        let plain = || self.bits(side, 4);
        let close = || self.bits(side, 2);
        let sharp = || self.sharpened(side, 0.12).bits(side, 4);
        let sharper = || self.sharpened(side, 0.2).bits(side, 3);
        let attempts: [&dyn Fn() -> Option<BitMatrix>; 4] = [&plain, &sharp, &close, &sharper];
        attempts.into_iter().find_map(|bits| {
            let decoded = Decode(&bits()?).ok()?;
            // What is no UTF-8 is no pairing code, and the tables of other encodings are large.
            let text = String::from_utf8_lossy(decoded.content().bytes());
            (decoded.isValid() && !text.is_empty()).then(|| text.into_owned())
        })
    }

    fn bits(&self, side: usize, radius: usize) -> Option<BitMatrix> {
        let means = self.means(side, radius);
        let mut bits = BitMatrix::with_single_dimension(side as u32).ok()?;
        for (at, (value, mean)) in self.0.iter().zip(&means).enumerate() {
            if value > mean {
                bits.set((at % side) as u32, (at / side) as u32);
            }
        }
        Some(bits)
    }

    fn probes(&self, side: usize) -> Vec<Probe> {
        let means = self.means(side, 4);
        let stride = (side * side).div_ceil(1_500);
        let mut probes = Vec::with_capacity(2_000);
        for (at, mean) in means.iter().enumerate() {
            let (x, y) = (at % side, at / side);
            let known = known(x, y, side);
            if known.is_some() || at % stride == 0 {
                probes.push(Probe {
                    u: x as f32 + 0.5,
                    v: y as f32 + 0.5,
                    threshold: *mean,
                    known,
                });
            }
        }
        probes.truncate(2_000);
        probes
    }
}

/// The finder and timing patterns, and the last alignment pattern.
fn known(x: usize, y: usize, side: usize) -> Option<f32> {
    let sign = |dark: bool| Some(if dark { 1.0 } else { -1.0 });
    let finder = |x: usize, y: usize| {
        let ring = x.abs_diff(3).max(y.abs_diff(3));
        sign(ring != 2 && ring <= 3)
    };
    let far = side - 8;
    match (x, y) {
        (0..=7, 0..=7) => finder(x, y),
        (x, 0..=7) if x >= far => finder(side - 1 - x, y),
        (0..=7, y) if y >= far => finder(x, side - 1 - y),
        (6, _) => sign(y.is_multiple_of(2)),
        (_, 6) => sign(x.is_multiple_of(2)),
        _ if side >= 25 && x.abs_diff(side - 7) <= 2 && y.abs_diff(side - 7) <= 2 => {
            sign(x.abs_diff(side - 7).max(y.abs_diff(side - 7)) != 1)
        }
        _ => None,
    }
}
