//! The devices of whoever is logged in.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    gate::{Caller, Doing, shown},
    relay::Relay,
};
use crate::{audit::Kind, client_network::ClientAddress, identity::Changed, problem::Problem};

/// A device's new name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewName {
    name: String,
}

/// The devices, oldest first.
#[utoipa::path(get, path = "/v1/devices", responses(
    (status = 200, description = "The devices", body = [crate::identity::Device]),
    (status = 401, description = "login_required, or a refused token"),
    (status = 403, description = "not_allowed or a refused device"),
    (status = 404, description = "not_found: nobody logs in here"),
    (status = 503, description = "store_unavailable or provider_unavailable"),
))]
pub(super) async fn list(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let caller = caller(&relay, &request, client).await?;
    let devices = relay.identity()?.devices(&caller.person.account).await?;
    Ok(HttpResponse::Ok().json(devices))
}

/// Calls a device by another name.
#[utoipa::path(put, path = "/v1/devices/{device}",
    request_body = NewName,
    responses(
        (status = 204, description = "Done"),
        (status = 400, description = "malformed"),
        (status = 401, description = "login_required"),
        (status = 403, description = "cross_site, not_allowed or a refused device"),
        (status = 404, description = "not_found"),
        (status = 408, description = "request_timeout"),
        (status = 413, description = "frame_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 503, description = "store_unavailable or provider_unavailable"),
    ))]
pub(super) async fn rename(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<String>,
    client: ClientAddress,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let caller = caller(&relay, &request, client).await?;
    let new: NewName = super::body::json(&relay, &request, payload).await?;
    let name = shown(&new.name);
    if name.trim().is_empty() {
        return Err(Problem::Malformed);
    }
    let account = &caller.person.account;
    let changed = relay
        .identity()?
        .rename_device(account, &path, &name)
        .await?;
    answer(&relay, client, &caller, changed, format!("renamed {path}"))
}

/// Lets a device do nothing from that moment on.
#[utoipa::path(delete, path = "/v1/devices/{device}", responses(
    (status = 204, description = "Done"),
    (status = 401, description = "login_required"),
    (status = 403, description = "cross_site, not_allowed or a refused device"),
    (status = 404, description = "not_found"),
    (status = 503, description = "store_unavailable or provider_unavailable"),
))]
pub(super) async fn revoke(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<String>,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let caller = caller(&relay, &request, client).await?;
    let account = &caller.person.account;
    let changed = relay.identity()?.revoke_device(account, &path).await?;
    answer(&relay, client, &caller, changed, format!("revoked {path}"))
}

async fn caller(
    relay: &Relay,
    request: &HttpRequest,
    client: ClientAddress,
) -> Result<Box<Caller>, Problem> {
    relay.identity()?;
    let caller = relay.caller(request, client, Doing::GoesOn).await?;
    relay.agency(client, caller.as_deref())?;
    caller.ok_or(Problem::NotFound)
}

fn answer(
    relay: &Relay,
    client: ClientAddress,
    caller: &Caller,
    changed: Changed,
    note: String,
) -> Result<HttpResponse, Problem> {
    match changed {
        Changed::Unknown => Err(Problem::NotFound),
        Changed::Done => {
            let mut event = relay.event(Kind::DeviceChange, client, Some(caller));
            event.note = Some(note);
            relay.audit.record(event);
            Ok(HttpResponse::NoContent().finish())
        }
    }
}
