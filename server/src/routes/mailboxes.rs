//! The mailbox calls (`docs/protocol.md` §5).

use actix_web::{HttpResponse, dev::ServiceRequest, http::Method};
use bytes::Bytes;
use naru_core::mailbox::{CBOR, FrameNumber, Join, OCTET_STREAM, Open};

use super::{
    asker::Asker,
    call::Call,
    gate::{Caller, Doing},
    mailbox_path::{MailboxPath, Part},
    relay::Relay,
};
use crate::{
    agencies::Rule,
    audit::Kind,
    client_network::ClientAddress,
    problem::Problem,
    store::{Change, Outcome, Store},
};

/// Answers what is called under `/v1/mailboxes/`.
pub(crate) async fn serve_mailbox(
    relay: &Relay,
    path: MailboxPath,
    client: ClientAddress,
    request: &mut ServiceRequest,
) -> Result<HttpResponse, Problem> {
    let allowed = match path.part {
        Part::Whole => &[Method::PUT, Method::DELETE][..],
        Part::Join => &[Method::POST],
        Part::Frames => &[Method::GET],
        Part::Frame(_) => &[Method::PUT],
    };
    if !allowed.contains(request.method()) {
        return Err(Problem::MethodNotAllowed);
    }
    let ends = request.method() == Method::DELETE;
    let mut call = Call::parse(relay, path, client, request)?;
    match path.part {
        Part::Whole if ends => end(&call).await,
        Part::Whole => open(&mut call).await,
        Part::Join => join(&mut call).await,
        Part::Frames => read(&mut call).await,
        Part::Frame(number) => append(&mut call, number).await,
    }
}

/// The displayer opens its mailbox.
#[utoipa::path(put, path = "/v1/mailboxes/{id}",
    params(("id", description = "22 characters of base64url"), ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    request_body(content = Vec<u8>, content_type = "application/cbor", description = "{0: token hash, 1: join token hash}, and 2: seconds for a deposit"),
    responses(
        (status = 201, description = "Opened; the peer's frames", content_type = "application/cbor-seq"),
        (status = 200, description = "The same body had opened it"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required, or no login"),
        (status = 403, description = "deposits_off, not_allowed or a refused device"),
        (status = 408, description = "request_timeout"),
        (status = 409, description = "mailbox_exists"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 413, description = "frame_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 429, description = "too_many_mailboxes"),
        (status = 503, description = "relay_full, store_unavailable or shutting_down"),
    ))]
pub(super) async fn open(call: &mut Call<'_>) -> Result<HttpResponse, Problem> {
    let (relay, client) = (call.relay, call.client);
    let caller = call.caller(Doing::Begins).await?;
    let open = Open::from_cbor(&call.body(CBOR).await?);
    let mut open = open.map_err(|_| Problem::Malformed)?;
    if open.token != call.by {
        return Err(Problem::TokenRequired);
    }
    let (network, account) = (client.network(), caller.as_deref().map(Caller::account));
    match open.deposit {
        None => relay.limits.opening(network, account)?,
        Some(_) if relay.deposits => relay.limits.deposit(network, account)?,
        Some(_) => return Err(Problem::DepositsOff),
    }
    let agency = relay.agency(client, caller.as_deref())?;
    if let (Some(asked), Some(agency)) = (open.deposit, &agency) {
        if !agency.deposits {
            return Err(agency.refuses(Rule::Deposits).into());
        }
        open.deposit = Some(agency.keeps(asked));
    }
    let lifetimes = relay.lifetimes(agency.as_ref());
    let kind = open.deposit.map_or(Kind::Opening, |_| Kind::Deposit);
    relay.take(&call.id, &open, caller.as_deref()).await?;
    let change = Change::Open { open, lifetimes };
    let reader = call.by;
    let asker = Asker::new(call, caller.as_deref(), reader);
    asker.change(change, |_| Some(kind)).await
}

/// The scanner joins.
#[utoipa::path(post, path = "/v1/mailboxes/{id}/join",
    params(("id", description = "22 characters of base64url"), ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    request_body(content = Vec<u8>, content_type = "application/cbor", description = "{0: token hash, 1: m1}"),
    responses(
        (status = 201, description = "Joined; the peer's frames", content_type = "application/cbor-seq"),
        (status = 200, description = "The same joiner again"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required, or no login"),
        (status = 403, description = "not_allowed, other_person or a refused device"),
        (status = 404, description = "mailbox_unknown"),
        (status = 408, description = "request_timeout"),
        (status = 409, description = "already_joined"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 413, description = "frame_too_large or mailbox_full"),
        (status = 415, description = "unsupported_media_type"),
        (status = 429, description = "too_many_joins"),
        (status = 503, description = "relay_full, store_unavailable or shutting_down"),
    ))]
pub(super) async fn join(call: &mut Call<'_>) -> Result<HttpResponse, Problem> {
    let (relay, client) = (call.relay, call.client);
    let caller = call.caller(Doing::Begins).await?;
    let join = Join::from_cbor(&call.body(CBOR).await?);
    let account = caller.as_deref().map(Caller::account);
    relay.limits.join(client.network(), account)?;
    let agency = relay.agency(client, caller.as_deref())?;
    relay.own(&call.id, caller.as_deref()).await?;
    let join = join.map_err(|_| Problem::Malformed)?;
    let (by, reader) = (call.by, join.token);
    let change = Change::Join {
        by,
        join,
        lifetimes: relay.lifetimes(agency.as_ref()),
    };
    let kind = |outcome: Outcome| match outcome.is_deposit {
        true => Some(Kind::Claim),
        false => Some(Kind::Join),
    };
    let asker = Asker::new(call, caller.as_deref(), reader);
    asker.change(change, kind).await
}

/// Either side appends to its own lane.
#[utoipa::path(put, path = "/v1/mailboxes/{id}/frames/{number}",
    params(("id", description = "22 characters of base64url"), ("number" = u16, description = "From 1"),
        ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "Appended; the peer's frames", content_type = "application/cbor-seq"),
        (status = 200, description = "The same bytes again"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required, or no login"),
        (status = 403, description = "not_allowed, other_person or a refused device"),
        (status = 404, description = "mailbox_unknown"),
        (status = 408, description = "request_timeout"),
        (status = 409, description = "frame_conflict, frame_gap or not_joined"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 413, description = "frame_too_large or mailbox_full"),
        (status = 415, description = "unsupported_media_type"),
        (status = 503, description = "relay_full, store_unavailable or shutting_down"),
    ))]
pub(super) async fn append(
    call: &mut Call<'_>,
    number: Option<FrameNumber>,
) -> Result<HttpResponse, Problem> {
    let number = number.ok_or(Problem::Malformed)?;
    let caller = call.caller(Doing::GoesOn).await?;
    call.relay.agency(call.client, caller.as_deref())?;
    call.relay.own(&call.id, caller.as_deref()).await?;
    // What the connection has read into is larger, and would be kept with it.
    let frame = Bytes::copy_from_slice(&call.body(OCTET_STREAM).await?);
    if frame.is_empty() {
        return Err(Problem::Malformed);
    }
    let change = Change::Write {
        by: call.by,
        number,
        frame,
    };
    let reader = call.by;
    let asker = Asker::new(call, caller.as_deref(), reader);
    // What else is written tells the relay nothing.
    let kind =
        |outcome: Outcome| (outcome.is_deposit && outcome.by_scanner).then_some(Kind::Receipt);
    asker.change(change, kind).await
}

/// Either side reads the other's lane.
#[utoipa::path(get, path = "/v1/mailboxes/{id}/frames",
    params(("id", description = "22 characters of base64url"), ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    responses(
        (status = 200, description = "The peer's frames", content_type = "application/cbor-seq"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required, or no login"),
        (status = 403, description = "not_allowed, other_person or a refused device"),
        (status = 404, description = "mailbox_unknown"),
        (status = 409, description = "frames_acknowledged"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 503, description = "store_unavailable or shutting_down"),
    ))]
pub(super) async fn read(call: &mut Call<'_>) -> Result<HttpResponse, Problem> {
    let caller = call.caller(Doing::GoesOn).await?;
    call.relay.agency(call.client, caller.as_deref())?;
    call.relay.own(&call.id, caller.as_deref()).await?;
    let reader = call.by;
    let asker = Asker::new(call, caller.as_deref(), reader);
    asker.read().await
}

/// Either side ends the mailbox.
#[utoipa::path(delete, path = "/v1/mailboxes/{id}",
    params(("id", description = "22 characters of base64url")),
    responses(
        (status = 204, description = "Ended"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required, or no login"),
        (status = 403, description = "other_person or a refused device"),
        (status = 404, description = "mailbox_unknown"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 503, description = "store_unavailable"),
    ))]
pub(super) async fn end(call: &Call<'_>) -> Result<HttpResponse, Problem> {
    let relay = call.relay;
    let caller = call.caller(Doing::GoesOn).await?;
    relay.own(&call.id, caller.as_deref()).await?;
    let change = relay.store.close(call.id, call.by).await?;
    let kind = match (change.is_deposit, change.by_scanner) {
        (false, _) => Kind::End,
        (true, true) => Kind::Return,
        (true, false) => Kind::Withdrawal,
    };
    relay.note(
        change.accepted,
        kind,
        call.client,
        caller.as_deref(),
        call.reference,
    );
    Ok(HttpResponse::NoContent().finish())
}
