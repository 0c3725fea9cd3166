//! What text needs tables for: EUC-KR, which old issuers wrote, and Unicode's normal form. A browser
//! has the tables itself, and is not sent them once more.

pub(super) use tables::{euc_kr, nfc};

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod tables {
    use unicode_normalization::UnicodeNormalization;

    /// Decodes code page 949, the superset of EUC-KR; what is none becomes U+FFFD.
    pub(in super::super) fn euc_kr(bytes: &[u8]) -> String {
        encoding_rs::EUC_KR.decode(bytes).0.into_owned()
    }

    /// Normal form C (Unicode UAX #15).
    pub(in super::super) fn nfc(text: &str) -> String {
        text.nfc().collect()
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

    /// Normal form C (Unicode UAX #15).
    pub(in super::super) fn nfc(text: &str) -> String {
        JsString::from(text).normalize("NFC").into()
    }
}
