//! The headers that every answer carries.

use actix_web::{http::header, middleware::DefaultHeaders};

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

/// `Cache-Control` is `no-store` unless an answer says otherwise; `tls` adds HSTS.
pub(crate) fn security_headers(tls: bool) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((header::CACHE_CONTROL, "no-store"))
        .add((
            header::CONTENT_SECURITY_POLICY,
            content_security_policy(&[]),
        ))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add(("cross-origin-opener-policy", "same-origin"))
        .add(("cross-origin-resource-policy", "same-origin"))
        .add((
            "permissions-policy",
            "camera=(self), geolocation=(), microphone=()",
        ));
    match tls {
        true => headers.add((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")),
        false => headers,
    }
}
