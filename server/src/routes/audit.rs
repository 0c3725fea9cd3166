//! What an administrator looks up in the audit.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    gate::{Doing, shown},
    relay::Relay,
};
use crate::{
    audit::{AuditStore, Entry, Event, Kind},
    client_network::ClientAddress,
    problem::Problem,
    reference::Reference,
};

/// How many entries are shown at most.
const MOST: usize = 500;
const PAGE: usize = 1_000;

/// What is looked up, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// A reference number; absent: the newest entries.
    #[serde(default)]
    reference: Option<String>,
    /// A text that stands in the entry.
    #[serde(default)]
    text: Option<String>,
    /// Why: it is noted with the look-up.
    reason: String,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    /// Newest last, each as it stands in the audit.
    #[schema(value_type = Vec<Object>)]
    entries: Vec<Event>,
}

/// Looks something up.
#[utoipa::path(post, path = "/v1/audit/search",
    request_body = Search,
    responses(
        (status = 200, description = "What was found", body = Found),
        (status = 400, description = "malformed; also without a reason"),
        (status = 401, description = "login_required"),
        (status = 403, description = "cross_site, not_allowed or not_an_administrator"),
        (status = 404, description = "not_found: nobody logs in here"),
        (status = 408, description = "request_timeout"),
        (status = 413, description = "frame_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 503, description = "store_unavailable or provider_unavailable"),
    ))]
pub(super) async fn search(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    relay.identity()?;
    let caller = relay.caller(&request, client, Doing::GoesOn).await?;
    relay.agency(client, caller.as_deref())?;
    let caller = caller.ok_or(Problem::NotFound)?;
    if !caller.person.is_admin || !caller.is_browser() {
        return Err(Problem::NotAnAdministrator);
    }
    let search: Search = super::body::json(&relay, &request, payload).await?;
    let reason = shown(search.reason.trim());
    if reason.is_empty() {
        return Err(Problem::Malformed);
    }
    let reference: Option<Reference> = match search.reference.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| Problem::Malformed)?),
    };
    let text = search
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let asked = reference.map_or_else(
        || format!("text {}", shown(text.unwrap_or("*"))),
        |reference| format!("reference {reference}"),
    );
    let mut event = relay.event(Kind::LookUp, client, Some(&caller));
    event.note = Some(format!("{asked}: {reason}"));
    relay.audit.record(event);
    relay.audit.flush().await;
    // An administrator sees what belongs to the own agency.
    let agency = &caller.person.agency;
    let is_own = |event: &Event| event.agency.as_deref().is_none_or(|it| it == agency);
    let found = entries(&relay, reference, text).await?;
    let entries = found.into_iter().filter(is_own).collect();
    Ok(HttpResponse::Ok().json(Found { entries }))
}

async fn entries(
    relay: &Relay,
    reference: Option<Reference>,
    text: Option<&str>,
) -> Result<Vec<Event>, Problem> {
    let trail = relay.audit.trail();
    let failed = |_| Problem::StoreUnavailable;
    let read = |lines: Vec<String>| {
        lines
            .into_iter()
            .filter(move |line| text.is_none_or(|text| line.contains(text)))
            .filter_map(|line| serde_json::from_str::<Entry>(&line).ok())
            .map(|entry| entry.event)
    };
    if let Some(reference) = reference {
        return Ok(read(trail.find(reference).await.map_err(failed)?).collect());
    }
    let (anchor, head) = trail.ends().await.map_err(failed)?;
    let mut found = Vec::new();
    let mut before = head.sequence;
    while found.len() < MOST && before > anchor.sequence {
        let after = before.saturating_sub(PAGE as u64).max(anchor.sequence);
        let count = usize::try_from(before - after).unwrap_or(PAGE);
        let lines = trail.lines(after, count).await.map_err(failed)?;
        let mut older: Vec<_> = read(lines).collect();
        older.append(&mut found);
        found = older;
        before = after;
    }
    Ok(found.split_off(found.len().saturating_sub(MOST)))
}
