//! The headers that every answer carries.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What a document may do; `origins` are those that it may ask something beside its own.
pub(crate) fn content_security_policy(origins: &[String]) -> String {
    let connect = origins
        .iter()
        .fold("'self'".to_owned(), |all, it| format!("{all} {it}"));
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self' data: blob:; connect-src {connect}; font-src 'self'; \
         form-action 'none'; frame-ancestors 'none'; base-uri 'none'; \
         require-trusted-types-for 'script'; trusted-types naru-core"
    )
}

/// What an answer says unless it says otherwise itself.
pub(crate) struct SecurityHeaders {
    call: Vec<(HeaderName, HeaderValue)>,
    document: Vec<(HeaderName, HeaderValue)>,
}

impl SecurityHeaders {
    /// `tls` adds HSTS.
    pub(crate) fn new(tls: bool) -> Self {
        let of = HeaderValue::from_static;
        let mut call = vec![
            (header::CACHE_CONTROL, of("no-store")),
            (header::X_CONTENT_TYPE_OPTIONS, of("nosniff")),
        ];
        if tls {
            call.push((header::STRICT_TRANSPORT_SECURITY, of("max-age=31536000")));
        }
        let mut document = call.clone();
        let policy = HeaderValue::try_from(content_security_policy(&[]));
        document.extend([
            (
                header::CONTENT_SECURITY_POLICY,
                policy.unwrap_or(of(CLOSED)),
            ),
            (header::REFERRER_POLICY, of("no-referrer")),
            (header::CROSS_ORIGIN_OPENER_POLICY, of("same-origin")),
            (header::CROSS_ORIGIN_RESOURCE_POLICY, of("same-origin")),
            (
                header::PERMISSIONS_POLICY,
                of("camera=(self), geolocation=(), microphone=()"),
            ),
        ]);
        call.push((header::CONTENT_SECURITY_POLICY, of(CLOSED)));
        Self { call, document }
    }

    /// No browser shows the answer to a call: it gets those headers alone that are for programs too.
    pub(crate) fn add(&self, is_call: bool, headers: &mut HeaderMap) {
        let missing = match is_call {
            true => &self.call,
            false => &self.document,
        };
        for (name, value) in missing {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

const CLOSED: &str = "default-src 'none'; frame-ancestors 'none'";
