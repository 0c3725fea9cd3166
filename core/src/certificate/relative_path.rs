//! Paths that are safe to make below a folder, whoever named them.

use std::{fmt, str::FromStr};

use super::legacy_text;

const MAX_COMPONENTS: usize = 8;
const MAX_COMPONENT_BYTES: usize = 255;

/// A path below a root: 1 to 8 names, joined by `/`, each of 1 to 255 bytes of UTF-8 that every
/// common file system takes as a plain name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelativePath(String);

/// The text could leave its folder, or is no name on some file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a safe relative path")]
pub struct UnsafePath;

impl RelativePath {
    /// The names, outermost first.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The last name.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The path as it stands, with `/` between the names.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for two paths that some file system takes for one: case and Unicode form are folded.
    pub fn folded(&self) -> String {
        legacy_text::folded(&self.0)
    }
}

impl FromStr for RelativePath {
    type Err = UnsafePath;

    fn from_str(text: &str) -> Result<Self, UnsafePath> {
        let safe = text.split('/').count() <= MAX_COMPONENTS && text.split('/').all(is_safe);
        if safe {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnsafePath)
        }
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether no file system takes two of the paths for one.
#[cfg(feature = "transfer")]
pub(crate) fn are_distinct<'p>(paths: impl Iterator<Item = &'p RelativePath>) -> bool {
    let mut folded: Vec<_> = paths.map(RelativePath::folded).collect();
    folded.sort_unstable();
    folded.windows(2).all(|pair| pair[0] != pair[1])
}

/// Makes a name of any text: what no file system takes becomes `_`.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::new();
    for character in text.trim().chars() {
        let character = if is_allowed(character) {
            character
        } else {
            '_'
        };
        if name.len() + character.len_utf8() > MAX_COMPONENT_BYTES {
            break;
        }
        name.push(character);
    }
    let name = name.trim_end_matches(['.', ' ']).to_string();
    if is_safe(&name) {
        name
    } else {
        format!("_{name}")
    }
}

fn is_safe(name: &str) -> bool {
    (1..=MAX_COMPONENT_BYTES).contains(&name.len())
        && name.chars().all(is_allowed)
        && !name.starts_with(' ')
        && !name.ends_with(['.', ' '])
        && !is_device(name)
}

fn is_allowed(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'
        )
        && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Names that Windows gives to devices, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or(name)
        .trim_end()
        .to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        stem => ["COM", "LPT"].iter().any(|device| {
            stem.strip_prefix(device).is_some_and(|rest| {
                matches!(rest, "¹" | "²" | "³")
                    || rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit()
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_native_layouts() {
        for path in [
            "GPKI/Certificate/class2/085홍길동001_sig.cer",
            "NPKI/yessign/USER/cn=홍길동()00,ou=HNB,o=yessign,c=kr/signPri.key",
            "my certificate.pfx",
        ] {
            assert_eq!(path.parse::<RelativePath>().unwrap().to_string(), path);
        }
    }

    #[test]
    fn rejects_what_leaves_the_folder_or_is_no_plain_name() {
        for path in [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            "..",
            "../a",
            "a/../b",
            ".",
            "a/./b",
            "a\\b",
            "C:\\x",
            "C:",
            "a:b",
            "a\0b",
            "a\nb",
            "a.",
            "a ",
            " a",
            "con",
            "NUL.txt",
            "com1",
            "lpt9.key",
            "a*",
            "a?",
            "a\"b",
            "a<b",
            "a|b",
            "a/b/c/d/e/f/g/h/i",
            "\u{202e}yek",
        ] {
            assert_eq!(path.parse::<RelativePath>(), Err(UnsafePath), "{path:?}");
        }
        assert_eq!("가".repeat(86).parse::<RelativePath>(), Err(UnsafePath));
    }

    #[test]
    fn every_made_name_is_safe() {
        for text in [
            "",
            "..",
            "a/b",
            "CON",
            "x".repeat(400).as_str(),
            "끝. ",
            "\u{0}",
        ] {
            let name = file_name(text);
            assert!(name.parse::<RelativePath>().is_ok(), "{text:?} → {name:?}");
        }
    }
}
