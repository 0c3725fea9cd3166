//! Short numbers by which people and their support desk speak of a failure.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::http::header::HeaderValue;
use naru_core::mailbox::MailboxId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// Crockford's base32: no letter that is taken for a digit.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Crockford's check symbol is the number modulo this.
const CHECK: u32 = 37;
const DIGITS: usize = 6;

/// Six symbols and a check symbol, written `4F7K-22T`. Everything about one mailbox has the same on every
/// relay, and nothing of the mailbox can be learned from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(u32);

/// The text is no reference number, or has a wrong symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reference number such as 4F7K-22T: check each symbol")]
pub struct InvalidReference;

impl Reference {
    /// That of a transfer.
    pub fn of(id: &MailboxId) -> Self {
        Self::digest(id.as_bytes())
    }

    /// One for a failure that belongs to no transfer.
    pub fn draw() -> Self {
        let mut seed = [0; 32];
        // A number that is not unique is better than none.
        let _ = getrandom::fill(&mut seed[..16]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        seed[16..].copy_from_slice(&now.unwrap_or_default().as_nanos().to_be_bytes());
        Self::digest(&seed)
    }

    fn digest(seed: &[u8]) -> Self {
        let mut digest = Sha256::new()
            .chain_update("naru/1 reference")
            .chain_update(seed)
            .finalize();
        loop {
            for word in digest.chunks_exact(4) {
                let word = word
                    .iter()
                    .fold(0, |word, byte| word << 8 | u32::from(*byte));
                let number = word >> 2;
                // Numbers whose check symbol would be a sign are left out.
                if number % CHECK < 32 {
                    return Self(number);
                }
            }
            digest = Sha256::digest(digest);
        }
    }
}

impl Reference {
    fn text(self) -> [u8; DIGITS + 2] {
        let symbol = |value: u32| SYMBOLS[value as usize % 32];
        let digit = |place: u32| symbol(self.0 >> (5 * place));
        let check = symbol(self.0 % CHECK);
        [
            digit(5),
            digit(4),
            digit(3),
            digit(2),
            b'-',
            digit(1),
            digit(0),
            check,
        ]
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl From<Reference> for HeaderValue {
    fn from(reference: Reference) -> Self {
        Self::from_bytes(&reference.text()).unwrap_or(Self::from_static(""))
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    /// Takes what people write: small letters, other or no separators, O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let symbols = text
            .chars()
            .filter(|it| !it.is_whitespace() && *it != '-')
            .map(|it| match it.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .map(|it| SYMBOLS.iter().position(|symbol| char::from(*symbol) == it))
            .map(|position| position.and_then(|position| u32::try_from(position).ok()))
            .collect::<Option<Vec<u32>>>()
            .ok_or(InvalidReference)?;
        match symbols.split_last() {
            Some((check, digits)) if digits.len() == DIGITS => {
                let number = digits.iter().fold(0, |number, digit| number << 5 | digit);
                match number % CHECK == *check {
                    true => Ok(Self(number)),
                    false => Err(InvalidReference),
                }
            }
            _ => Err(InvalidReference),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(seed: u8) -> Reference {
        Reference::of(&MailboxId::from_bytes([seed; 16]))
    }

    #[test]
    fn is_the_same_for_everything_about_a_mailbox() {
        assert_eq!(reference(1), reference(1));
        assert_ne!(reference(1), reference(2));
        assert_ne!(Reference::draw(), Reference::draw());
    }

    #[test]
    fn survives_its_text_as_people_write_it() {
        for seed in 0..=255 {
            let reference = reference(seed);
            let text = reference.to_string();
            assert_eq!((text.len(), text.as_bytes()[5 - 1]), (8, b'-'), "{text}");
            let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o");
            for text in [text.as_str(), &sloppy, &sloppy.replace('1', "l")] {
                assert_eq!(text.parse(), Ok(reference), "{text}");
            }
        }
    }

    #[test]
    fn refuses_a_wrong_symbol_anywhere() {
        let text = reference(7).to_string();
        for at in (0..text.len()).filter(|at| *at != 4) {
            for symbol in SYMBOLS
                .iter()
                .copied()
                .filter(|it| *it != text.as_bytes()[at])
            {
                let mut wrong = text.clone().into_bytes();
                wrong[at] = symbol;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(wrong.parse::<Reference>(), Err(InvalidReference), "{wrong}");
            }
        }
        for text in ["", "4F7K", "4F7K-22", "4F7K-22TT", "****-***", "나루"] {
            assert_eq!(text.parse::<Reference>(), Err(InvalidReference), "{text}");
        }
    }
}
