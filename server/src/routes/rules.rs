//! The agency's rules about what the relay does not see: clients ask before they move a certificate
//! (`docs/protocol.md` §5.2).

use actix_web::{HttpRequest, HttpResponse, web};
use naru_core::{mailbox::CBOR, rules::Movement};

use super::{gate::Doing, relay::Relay};
use crate::{client_network::ClientAddress, problem::Problem};

/// Whether the rules allow a movement.
#[utoipa::path(post, path = "/v1/rules",
    request_body(content = Vec<u8>, content_type = "application/cbor", description = "{0: direction, 1: issuer, 2: [policy]}, each where it is known"),
    responses(
        (status = 204, description = "They do, or there are none"),
        (status = 400, description = "malformed"),
        (status = 401, description = "login_required, or a refused token"),
        (status = 403, description = "cross_site, not_allowed or a refused device"),
        (status = 408, description = "request_timeout"),
        (status = 413, description = "frame_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 503, description = "store_unavailable or provider_unavailable"),
    ))]
pub(super) async fn ask(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    // It comes before the call that would make a device known.
    let caller = relay.caller(&request, client, Doing::Begins).await?;
    let agency = relay.agency(client, caller.as_deref())?;
    let body = super::body::body(&relay, request.headers(), payload.into_inner(), CBOR).await?;
    let movement = Movement::from_cbor(&body).map_err(|_| Problem::Malformed)?;
    if let Some(agency) = agency {
        agency.judge(&movement)?;
    }
    Ok(HttpResponse::NoContent().finish())
}
