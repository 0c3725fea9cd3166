//! What text needs tables for: EUC-KR, which old issuers wrote, and Unicode's forms. A browser
//! has the tables itself, and is not sent them once more.

pub(super) use tables::{euc_kr, folded};

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod tables {
    use encoding_index_korean::euc_kr::forward;
    use unicode_normalization::UnicodeNormalization;

    /// Decodes code page 949, the superset of EUC-KR, as WHATWG's Encoding Standard §13.2 does; what is
    /// none becomes U+FFFD. A library with the tables of all encodings is a tenth of what a phone loads.
    pub(in super::super) fn euc_kr(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut bytes = bytes.iter().copied().peekable();
        while let Some(lead) = bytes.next() {
            if lead.is_ascii() {
                text.push(lead.into());
                continue;
            }
            let pair = bytes.peek().and_then(|trail| pair(lead, *trail));
            text.push(pair.unwrap_or(char::REPLACEMENT_CHARACTER));
            // A trail that is ASCII stands for itself after a lead that it does not belong to.
            if (0x81..=0xfe).contains(&lead) {
                bytes.next_if(|trail| pair.is_some() || !trail.is_ascii());
            }
        }
        text
    }

    fn pair(lead: u8, trail: u8) -> Option<char> {
        let row = lead.checked_sub(0x81)?;
        let column = trail.checked_sub(0x41)?;
        if lead == 0xff || trail == 0xff {
            return None;
        }
        let character = forward(u16::from(row) * 190 + u16::from(column));
        char::from_u32(character).filter(|character| *character != '\u{ffff}')
    }

    /// In normal form C (Unicode UAX #15) and lower case.
    pub(in super::super) fn folded(text: &str) -> String {
        text.nfc().flat_map(char::to_lowercase).collect()
    }
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod tables {
    use js_sys::JsString;
    use web_sys::TextDecoder;

    /// Decodes code page 949, the superset of EUC-KR; what is none becomes U+FFFD.
    pub(in super::super) fn euc_kr(bytes: &[u8]) -> String {
        TextDecoder::new_with_label("euc-kr")
            .and_then(|decoder| decoder.decode_with_u8_array(bytes))
            // Every browser has this decoder (WHATWG Encoding §4.2).
            .unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned())
    }

    /// In normal form C (Unicode UAX #15) and lower case.
    pub(in super::super) fn folded(text: &str) -> String {
        JsString::from(text).normalize("NFC").to_lower_case().into()
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::EUC_KR;

    use super::euc_kr;

    #[test]
    fn every_pair_of_bytes_is_read_as_the_standard_reads_it() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                for bytes in [[first, second, b'a'], [b'a', first, second]] {
                    assert_eq!(
                        euc_kr(&bytes),
                        EUC_KR.decode_without_bom_handling(&bytes).0,
                        "{bytes:02x?}"
                    );
                }
            }
        }
    }
}
