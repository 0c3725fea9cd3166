//! What the operator's own programs call.

use actix_web::{HttpResponse, web};

use super::Relay;
use crate::{problem::Problem, store::Store, telemetry};

/// The process runs.
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "The process runs")))]
pub(super) async fn health() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

/// The relay takes transfers.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "The store answers"),
    (status = 503, description = "store_unavailable or shutting_down"),
))]
pub(super) async fn readiness(relay: web::Data<Relay>) -> Result<HttpResponse, Problem> {
    relay.goes_on()?;
    relay.store.ready().await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready\n"))
}

/// Figures in Prometheus's text format.
#[utoipa::path(get, path = "/metrics", responses((status = 200, description = "Figures")))]
pub(super) async fn metrics() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::metrics().render())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1")))]
pub(super) async fn description() -> HttpResponse {
    HttpResponse::Ok().json(super::description())
}
