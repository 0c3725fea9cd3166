//! The relay's calls. Know no backend.

mod asker;
mod audit;
mod body;
mod call;
mod client_settings;
mod devices;
mod gate;
mod mailbox_path;
mod mailboxes;
mod operations;
mod people;
mod relay;
mod rules;
mod spare_headers;

use actix_web::web;
use utoipa::OpenApi;

pub(crate) use self::{
    body::BODY_DEADLINE, client_settings::ClientSettings, gate::Caller, mailbox_path::MailboxPath,
    mailboxes::serve_mailbox, relay::Relay,
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
        rules::ask,
        people::depart,
        people::arrive,
        page::come_back,
        people::log_out,
        people::me,
        devices::list,
        devices::rename,
        devices::revoke,
        audit::search,
        operations::health,
        operations::readiness,
        operations::metrics,
        operations::description,
    ),
    components(schemas(ClientSettings, ProblemDocument))
)]
struct Description;

/// Every route but those of mailboxes, and problems for all else.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    let refuse = || web::route().to(|| async { Err::<&str, _>(Problem::MethodNotAllowed) });
    service
        .service(
            web::resource("/v1/settings")
                .route(web::get().to(client_settings::read))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/rules")
                .route(web::post().to(rules::ask))
                .default_service(refuse()),
        )
        .service(
            web::resource("/login/callback")
                .route(web::get().to(people::arrive))
                .default_service(refuse()),
        )
        .service(
            web::resource("/login/channel")
                .route(web::get().to(page::come_back))
                .default_service(refuse()),
        )
        .service(
            web::resource("/login/{provider}")
                .route(web::get().to(people::depart))
                .default_service(refuse()),
        )
        .service(
            web::resource("/logout")
                .route(web::post().to(people::log_out))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/me")
                .route(web::get().to(people::me))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/devices")
                .route(web::get().to(devices::list))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/devices/{device}")
                .route(web::put().to(devices::rename))
                .route(web::delete().to(devices::revoke))
                .default_service(refuse()),
        )
        .service(
            web::resource("/v1/audit/search")
                .route(web::post().to(audit::search))
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
