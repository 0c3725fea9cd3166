//! Which three finder patterns are the corners of one code.

use super::{finder::Finder, grid::Corners};

/// The triples with at least one finder from `new` on, the likeliest first.
pub(super) fn triples(finders: &[Finder], new: usize) -> Vec<Corners> {
    let mut triples = Vec::new();
    for (c, third) in finders.iter().enumerate().skip(new) {
        for (b, second) in finders.iter().enumerate().take(c) {
            if !alike(third, second) {
                continue;
            }
            for first in finders.iter().take(b) {
                if !alike(third, first) || !alike(second, first) {
                    continue;
                }
                if let Some(triple) = arranged([first, second, third]) {
                    triples.push(triple);
                }
            }
        }
    }
    triples.sort_by(|a, b| a.0.total_cmp(&b.0));
    triples.into_iter().map(|(_, corners)| corners).collect()
}

fn alike(a: &Finder, b: &Finder) -> bool {
    a.module < 2.2 * b.module && b.module < 2.2 * a.module
}

/// The corners in their order, and how far they are from a square's; `None` where no camera sees
/// a square so.
fn arranged(finders: [&Finder; 3]) -> Option<(f32, Corners)> {
    let apart = |a: &Finder, b: &Finder| ((a.x - b.x).powi(2) + (a.y - b.y).powi(2)).sqrt();
    // The top left is opposite the longest side.
    let [a, b, c] = finders;
    let (ab, bc, ca) = (apart(a, b), apart(b, c), apart(c, a));
    let (corner, one, other) = match (ab, bc, ca) {
        _ if bc >= ab && bc >= ca => (a, b, c),
        _ if ca >= ab && ca >= bc => (b, a, c),
        _ => (c, a, b),
    };
    let (p, q) = (apart(corner, one), apart(corner, other));
    let module = (a.module + b.module + c.module) / 3.0;
    let side = (p * q).sqrt() / module;
    if !(9.0..=200.0).contains(&side) || p > 2.5 * q || q > 2.5 * p {
        return None;
    }
    let (px, py) = (one.x - corner.x, one.y - corner.y);
    let (qx, qy) = (other.x - corner.x, other.y - corner.y);
    let cosine = (px * qx + py * qy) / (p * q);
    if cosine.abs() > 0.75 {
        return None;
    }
    let (top_right, bottom_left) = match px * qy - py * qx > 0.0 {
        true => (one, other),
        false => (other, one),
    };
    let sizes = |a: &Finder, b: &Finder| (a.module / b.module).ln().abs();
    let seen = a.seen.min(b.seen).min(c.seen);
    let score = cosine.abs()
        + (p / q).ln().abs()
        + sizes(a, b)
        + sizes(b, c)
        + sizes(c, a)
        + side / 400.0
        + 2.0 / seen as f32;
    Some((
        score,
        Corners {
            top_left: *corner,
            top_right: *top_right,
            bottom_left: *bottom_left,
        },
    ))
}
