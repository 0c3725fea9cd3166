//! The relay's calls. Know no backend.

mod client_settings;
mod mailboxes;
mod operations;

use actix_web::web;
use utoipa::OpenApi;

pub(crate) use self::{
    client_settings::ClientSettings,
    mailboxes::{BODY_DEADLINE, Relay},
};
use crate::{
    page,
    problem::{Problem, ProblemDocument},
};

/// The description that `/openapi.json` serves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "naru-relay",
        description = "Mailboxes that hold ciphertext for a few minutes. Bodies and headers are \
            described in docs/protocol.md §5."
    ),
    paths(
        mailboxes::open,
        mailboxes::join,
        mailboxes::append,
        mailboxes::read,
        mailboxes::end,
        client_settings::read,
        operations::health,
        operations::readiness,
        operations::metrics,
        operations::description,
    ),
    components(schemas(ClientSettings, ProblemDocument))
)]
struct Description;

/// Every route, and problems for all else.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    let refuse = || web::route().to(|| async { Err::<&str, _>(Problem::MethodNotAllowed) });
    service
        .service(
            web::resource("/v1/mailboxes/{id}")
                .route(web::put().to(mailboxes::open))
                .route(web::delete().to(mailboxes::end))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/mailboxes/{id}/join")
                .route(web::post().to(mailboxes::join))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/mailboxes/{id}/frames")
                .route(web::get().to(mailboxes::read))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/mailboxes/{id}/frames/{number}")
                .route(web::put().to(mailboxes::append))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/settings")
                .route(web::get().to(client_settings::read))
                .default_service(refuse()),
        )
        .service(
            web::resource("/healthz")
                .route(web::get().to(operations::health))
                .default_service(refuse()),
        )
        .service(
            web::resource("/readyz")
                .route(web::get().to(operations::readiness))
                .default_service(refuse()),
        )
        .service(
            web::resource("/metrics")
                .route(web::get().to(operations::metrics))
                .default_service(refuse()),
        )
        .service(
            web::resource("/openapi.json")
                .route(web::get().to(operations::description))
                .default_service(refuse()),
        )
        .default_service(web::route().to(page::serve));
}

fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
}
