//! How a device names itself to the other.

/// Longest name or platform, in characters.
const MAX_CHARACTERS: usize = 64;

/// A device's name and platform, as the person on the other side will read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    name: String,
    platform: String,
}

impl Device {
    /// Takes this device's own names, without what the peer would refuse: control and
    /// text-direction characters, and all past 64 characters.
    pub fn new(name: &str, platform: &str) -> Self {
        Self {
            name: tidy(name),
            platform: tidy(platform),
        }
    }

    /// Such as `갤럭시 S30` or `업무용 PC`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Such as `Android 17` or `Chrome 156 · Windows`.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// `None` where a name could mislead on the screen.
    pub(crate) fn from_peer(name: &str, platform: &str) -> Option<Self> {
        let shown =
            |text: &str| text.chars().count() <= MAX_CHARACTERS && text.chars().all(is_shown);
        (shown(name) && shown(platform)).then(|| Self {
            name: name.to_owned(),
            platform: platform.to_owned(),
        })
    }
}

fn tidy(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| is_shown(*c))
        .take(MAX_CHARACTERS)
        .collect()
}

/// Leaves out controls and the marks by which a name can reorder the text around it
/// (Unicode UAX #9 §2).
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
