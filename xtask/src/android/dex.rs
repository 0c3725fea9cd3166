//! The names of the classes in a dex file.

/// The descriptors of all classes that the file defines, such as `Lkr/naru/Naru;`; `None` when it is no dex file.
pub(super) fn classes(dex: &[u8]) -> Option<Vec<String>> {
    if !dex.starts_with(b"dex\n") {
        return None;
    }
    let (strings, types) = (number(dex, 0x3c)?, number(dex, 0x44)?);
    let (count, definitions) = (number(dex, 0x60)?, number(dex, 0x64)?);
    // A definition has eight numbers.
    (0..count)
        .map(|at| {
            let class = number(dex, definitions.checked_add(at.checked_mul(32)?)?)?;
            let name = number(dex, types.checked_add(class.checked_mul(4)?)?)?;
            let text = number(dex, strings.checked_add(name.checked_mul(4)?)?)?;
            string(dex.get(text..)?)
        })
        .collect()
}

fn number(dex: &[u8], at: usize) -> Option<usize> {
    let bytes = dex.get(at..at.checked_add(4)?)?;
    let number = u32::from_le_bytes(bytes.try_into().ok()?);
    usize::try_from(number).ok()
}

/// A length in groups of seven bits, then the text and a zero.
fn string(bytes: &[u8]) -> Option<String> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let text = bytes.get(length..)?;
    let end = text.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(text.get(..end)?).into_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A dex file with classes and nothing in them.
    #[allow(clippy::unwrap_used)]
    pub(crate) fn dex(names: &[&str]) -> Vec<u8> {
        let count = u32::try_from(names.len()).unwrap();
        let (strings, types) = (0x70, 0x70 + 4 * count);
        let definitions = types + 4 * count;
        let mut texts = definitions + 32 * count;
        let mut dex = vec![0; 0x70];
        let mut put = |at: usize, number: u32| {
            dex.resize(dex.len().max(at + 4), 0);
            dex[at..at + 4].copy_from_slice(&number.to_le_bytes());
        };
        put(0x3c, strings);
        put(0x44, types);
        put(0x60, count);
        put(0x64, definitions);
        let at = |start: u32, index: u32, size: u32| usize::try_from(start + index * size).unwrap();
        for (index, name) in (0..count).zip(names) {
            put(at(strings, index, 4), texts);
            put(at(types, index, 4), index);
            put(at(definitions, index, 32) + 28, 0);
            put(at(definitions, index, 32), index);
            texts += u32::try_from(name.len()).unwrap() + 2;
        }
        dex[..4].copy_from_slice(b"dex\n");
        for name in names {
            dex.push(u8::try_from(name.len()).unwrap());
            dex.extend(name.as_bytes());
            dex.push(0);
        }
        dex
    }

    #[test]
    fn names_the_classes_of_a_dex_file() {
        let names = ["Lkr/naru/Naru;", "Lkr/naru/demo/HomeActivity;"];
        assert_eq!(
            classes(&dex(&names)).as_deref(),
            Some(&names.map(str::to_owned)[..])
        );
    }

    #[test]
    fn takes_nothing_else_for_one() {
        for bytes in [&b""[..], b"dex\n", b"\xca\xfe\xba\xbe\0\0\0\x34"] {
            assert_eq!(classes(bytes), None);
        }
    }

    #[test]
    fn yields_nothing_from_one_that_is_cut_off_anywhere() {
        let whole = dex(&["Lkr/naru/Naru;"]);
        for end in 0..whole.len() {
            assert_eq!(classes(&whole[..end]), None, "{end}");
        }
    }

    #[test]
    fn survives_places_outside_of_the_file() {
        let whole = dex(&["Lkr/naru/Naru;"]);
        for at in [0x3c, 0x44, 0x60, 0x64] {
            let mut wrong = whole.clone();
            wrong[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            assert_eq!(classes(&wrong), None, "{at}");
        }
    }
}
