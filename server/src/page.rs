//! The official's page, which is a part of the binary.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    web,
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{problem::Problem, routes::Relay, security_headers::content_security_policy};

#[derive(RustEmbed)]
#[folder = "page/dist"]
struct Page;

/// Serves the page's files, and a problem for what is none of them.
pub(crate) async fn serve(
    relay: web::Data<Relay>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let path = request.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let mut response = file(&request, path)?;
    if path == "index.html"
        && let Some(identity) = &relay.identity
        && let origins @ [_, ..] = identity.channel_origins().await.as_slice()
        && let Ok(policy) = HeaderValue::from_str(&content_security_policy(origins))
    {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        // A policy that was kept would outlive what it was made of.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Where a provider sends the window back in which the person has said who they are: hands that over to the page.
#[utoipa::path(get, path = "/login/channel", responses(
    (status = 200, description = "A document that tells the page and closes itself"),
    (status = 404, description = "not_found: devices prove nothing to each other here"),
))]
pub(crate) async fn come_back(
    relay: web::Data<Relay>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let identity = relay.identity.as_ref().ok_or(Problem::NotFound)?;
    if !identity.has_channel() {
        return Err(Problem::NotFound);
    }
    let mut response = file(&request, "channel.html")?;
    // Its address has a code, which no cache is to keep.
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn file(request: &HttpRequest, path: &str) -> Result<HttpResponse, Problem> {
    let Some(file) = Page::get(path) else {
        return match path {
            "index.html" | "channel.html" => Ok(HttpResponse::ServiceUnavailable()
                .content_type("text/plain; charset=utf-8")
                .body("This relay was built without its page: run `cargo xtask page` first.\n")),
            _ => Err(Problem::NotFound),
        };
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::MethodNotAllowed);
    }
    let compressed = accepts_gzip(request)
        .then(|| Page::get(&format!("{path}.gz")))
        .flatten();
    let kind = file.metadata.mimetype().to_owned();
    let encoding = compressed.as_ref().map(|_| "gzip");
    let mut response = answer(request, path, &kind, compressed.unwrap_or(file));
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let accepted = request.get_header::<header::AcceptEncoding>();
    let gzip = header::Encoding::gzip();
    accepted.is_some_and(|accepted| {
        accepted.negotiate([gzip.clone(), header::Encoding::identity()].iter()) == Some(gzip)
    })
}

/// Files under `assets/` carry their hash in their name.
fn answer(request: &HttpRequest, path: &str, kind: &str, file: EmbeddedFile) -> HttpResponse {
    let digest = base16ct::lower::encode_string(&file.metadata.sha256_hash()[..16]);
    let etag = format!("\"{digest}\"");
    let cache = match path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let mut response = match known == Some(etag.as_str()) {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, cache));
    match known.is_some_and(|known| known.trim_matches('"') == digest) {
        true => response.finish(),
        false => response.content_type(kind).body(file.data.into_owned()),
    }
}
