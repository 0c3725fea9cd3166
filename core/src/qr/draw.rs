//! Drawing: modules, SVG, and half blocks for a terminal.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Modules of light around the code (ISO/IEC 18004 §6.3.8).
const QUIET_ZONE: usize = 4;

/// The text does not fit into the largest QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a QR code")]
pub struct TooLong;

/// A drawn code: a square of dark and light modules, without its quiet zone.
#[derive(Clone)]
pub struct Modules {
    width: usize,
    dark: Vec<bool>,
}

/// Draws `text` at error correction level M, in the smallest version that holds it: a pairing code
/// takes version 4, 33 modules.
pub fn draw(text: &str) -> Result<Modules, TooLong> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong)?;
    let dark = code
        .to_colors()
        .into_iter()
        .map(|color| color == Color::Dark)
        .collect();
    Ok(Modules {
        width: code.width(),
        dark,
    })
}

impl Modules {
    /// Modules on one side.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether the module is dark; all outside the code is light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }

    /// An SVG document, black on white with its quiet zone, one unit a module.
    pub fn to_svg(&self) -> String {
        let side = self.width + 2 * QUIET_ZONE;
        let mut path = String::new();
        for (y, x) in (0..self.width).flat_map(|y| (0..self.width).map(move |x| (y, x))) {
            if self.is_dark(x, y) {
                // Writing to a `String` cannot fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }

    /// Lines of half blocks with the quiet zone, for a terminal of light text on a dark ground.
    pub fn to_text(&self) -> String {
        let side = self.width + 2 * QUIET_ZONE;
        let light = |x: usize, y: usize| {
            let inside = (QUIET_ZONE..QUIET_ZONE + self.width).contains(&x)
                && (QUIET_ZONE..QUIET_ZONE + self.width).contains(&y);
            !(inside && self.is_dark(x - QUIET_ZONE, y - QUIET_ZONE))
        };
        let mut text = String::new();
        for y in (0..side).step_by(2) {
            for x in 0..side {
                text.push(match (light(x, y), y + 1 < side && light(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
        }
        text
    }
}
