//! The mailbox calls (`docs/protocol.md` §5).

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use futures_util::StreamExt;
use naru_core::mailbox::{
    self, CBOR, CBOR_SEQUENCE, EXPIRES_IN, FrameNumber, Join, MailboxId, OCTET_STREAM, Open, Token,
    TokenHash, WRITTEN,
};
use serde::Deserialize;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use super::client_settings::ClientSettings;
use crate::{
    agencies::{Agency, CurrentRules, Requester, Rule},
    audit::{Audit, Event, Kind},
    client_network::ClientAddress,
    limits::Limits,
    problem::Problem,
    reference::Reference,
    store::{Accepted, Backend, Capacity, Lifetimes, Store, Unread},
    waiters::Waiters,
};

/// How long a body may take to come, at most.
pub(crate) const BODY_DEADLINE: Duration = Duration::from_secs(10);
/// A waiter reads again after this long, whatever it has heard.
const RECHECK: Duration = Duration::from_secs(5);

/// What every call works with.
pub(crate) struct Relay {
    pub(crate) store: Backend,
    pub(crate) limits: Limits,
    pub(crate) waiters: Waiters,
    pub(crate) rules: CurrentRules,
    pub(crate) audit: Audit,
    pub(crate) capacity: Capacity,
    /// Whether deposits are taken.
    pub(crate) deposits: bool,
    /// What `/v1/settings` answers.
    pub(crate) client_settings: ClientSettings,
    pub(crate) frame_bytes: usize,
    pub(crate) body_deadline: Duration,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Relay {
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Whose rules hold for the client; `None` where there are no agencies.
    pub(crate) fn agency(&self, client: ClientAddress) -> Result<Option<Arc<Agency>>, Problem> {
        let requester = Requester { address: client.0 };
        Ok(self.rules.agency(requester)?)
    }

    /// Reads the agencies' rules again; wrong ones change nothing.
    pub(crate) fn reload(&self) {
        match self.rules.reload() {
            Ok(true) => {
                tracing::info!("the agencies' rules are changed");
                self.audit.record(Event::now(Kind::RuleChange));
            }
            Ok(false) => tracing::info!("the agencies' rules are the same"),
            Err(error) => {
                tracing::error!(%error, "the agencies' rules stay as they were");
                self.audit.record(Event {
                    failure: Some("wrong_rules".to_owned()),
                    ..Event::now(Kind::RuleChange)
                });
            }
        }
    }

    /// Something that a client does now.
    pub(crate) fn event(&self, kind: Kind, client: ClientAddress) -> Event {
        let agency = self.agency(client).ok().flatten();
        Event {
            from: Some(client.0),
            agency: agency.map(|agency| agency.public_name().id),
            ..Event::now(kind)
        }
    }

    /// Notes what a client has changed about a mailbox; a repetition is nothing new.
    fn note(&self, accepted: Accepted, kind: Kind, client: ClientAddress, id: &MailboxId) {
        if accepted == Accepted::New {
            let event = self.event(kind, client).about(Reference::of(id));
            self.audit.record(event);
        }
    }

    fn lifetimes(&self, agency: Option<&Arc<Agency>>) -> Lifetimes {
        agency.map_or(Lifetimes::LONGEST, |agency| {
            agency.lifetimes(&self.capacity)
        })
    }
}

/// `after` acknowledges the peer's frames up to it; `wait`, in seconds, waits for the next, unless fewer
/// frames than `written` are there of the caller's own.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reading {
    after: u16,
    written: u16,
    wait: u64,
}

/// The displayer opens its mailbox.
#[utoipa::path(put, path = "/v1/mailboxes/{id}",
    params(("id", description = "22 characters of base64url"), ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    request_body(content = Vec<u8>, content_type = "application/cbor", description = "{0: token hash, 1: join token hash}, and 2: seconds for a deposit"),
    responses(
        (status = 201, description = "Opened; the peer's frames", content_type = "application/cbor-seq"),
        (status = 200, description = "The same body had opened it"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required"),
        (status = 403, description = "deposits_off or not_allowed"),
        (status = 408, description = "request_timeout"),
        (status = 409, description = "mailbox_exists"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 413, description = "frame_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 429, description = "too_many_mailboxes"),
        (status = 503, description = "relay_full, store_unavailable or shutting_down"),
    ))]
pub(super) async fn open(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<String>,
    client: ClientAddress,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (id, reading, by) = arguments(&request, &path)?;
    let body = body(&relay, &request, payload, CBOR).await?;
    let mut open = Open::from_cbor(&body).map_err(|_| Problem::Malformed)?;
    if open.token != by {
        return Err(Problem::TokenRequired);
    }
    match open.deposit {
        None => relay.limits.opening(client.network())?,
        Some(_) if relay.deposits => relay.limits.deposit(client.network())?,
        Some(_) => return Err(Problem::DepositsOff),
    }
    let agency = relay.agency(client)?;
    if let (Some(asked), Some(agency)) = (open.deposit, &agency) {
        if !agency.deposits {
            return Err(agency.refuses(Rule::Deposits).into());
        }
        open.deposit = Some(agency.keeps(asked));
    }
    let lifetimes = relay.lifetimes(agency.as_ref());
    let kind = open.deposit.map_or(Kind::Opening, |_| Kind::Deposit);
    let accepted = relay.store.open_for(lifetimes, id, open).await?;
    relay.note(accepted, kind, client, &id);
    answer(&relay, client, id, by, reading, accepted).await
}

/// The scanner joins.
#[utoipa::path(post, path = "/v1/mailboxes/{id}/join",
    params(("id", description = "22 characters of base64url"), ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    request_body(content = Vec<u8>, content_type = "application/cbor", description = "{0: token hash, 1: m1}"),
    responses(
        (status = 201, description = "Joined; the peer's frames", content_type = "application/cbor-seq"),
        (status = 200, description = "The same joiner again"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required"),
        (status = 403, description = "not_allowed"),
        (status = 404, description = "mailbox_unknown"),
        (status = 408, description = "request_timeout"),
        (status = 409, description = "already_joined"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 413, description = "frame_too_large or mailbox_full"),
        (status = 415, description = "unsupported_media_type"),
        (status = 429, description = "too_many_joins"),
        (status = 503, description = "relay_full, store_unavailable or shutting_down"),
    ))]
pub(super) async fn join(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<String>,
    client: ClientAddress,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (id, reading, by) = arguments(&request, &path)?;
    let body = body(&relay, &request, payload, CBOR).await?;
    relay.limits.join(client.network())?;
    let agency = relay.agency(client)?;
    let join = Join::from_cbor(&body).map_err(|_| Problem::Malformed)?;
    let reader = join.token;
    let lifetimes = relay.lifetimes(agency.as_ref());
    let change = relay.store.join_for(lifetimes, id, by, join).await?;
    let kind = match change.is_deposit {
        true => Kind::Claim,
        false => Kind::Join,
    };
    relay.note(change.accepted, kind, client, &id);
    answer(&relay, client, id, reader, reading, change.accepted).await
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
        (status = 401, description = "token_required"),
        (status = 403, description = "not_allowed"),
        (status = 404, description = "mailbox_unknown"),
        (status = 408, description = "request_timeout"),
        (status = 409, description = "frame_conflict, frame_gap or not_joined"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 413, description = "frame_too_large or mailbox_full"),
        (status = 415, description = "unsupported_media_type"),
        (status = 503, description = "relay_full, store_unavailable or shutting_down"),
    ))]
pub(super) async fn append(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    client: ClientAddress,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (id, number) = path.into_inner();
    let (id, reading, by) = arguments(&request, &id)?;
    let number = number
        .parse()
        .ok()
        .and_then(FrameNumber::new)
        .ok_or(Problem::Malformed)?;
    relay.agency(client)?;
    let frame = body(&relay, &request, payload, OCTET_STREAM).await?;
    if frame.is_empty() {
        return Err(Problem::Malformed);
    }
    let change = relay.store.write(id, by, number, frame).await?;
    // What else is written tells the relay nothing.
    if change.is_deposit && change.by_scanner {
        relay.note(change.accepted, Kind::Receipt, client, &id);
    }
    answer(&relay, client, id, by, reading, change.accepted).await
}

/// Either side reads the other's lane.
#[utoipa::path(get, path = "/v1/mailboxes/{id}/frames",
    params(("id", description = "22 characters of base64url"), ("after" = Option<u16>, Query), ("written" = Option<u16>, Query), ("wait" = Option<u64>, Query)),
    responses(
        (status = 200, description = "The peer's frames", content_type = "application/cbor-seq"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required"),
        (status = 403, description = "not_allowed"),
        (status = 404, description = "mailbox_unknown"),
        (status = 409, description = "frames_acknowledged"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 503, description = "store_unavailable or shutting_down"),
    ))]
pub(super) async fn read(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<String>,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let (id, reading, by) = arguments(&request, &path)?;
    relay.agency(client)?;
    answer(&relay, client, id, by, reading, Accepted::Again).await
}

/// Either side ends the mailbox.
#[utoipa::path(delete, path = "/v1/mailboxes/{id}",
    params(("id", description = "22 characters of base64url")),
    responses(
        (status = 204, description = "Ended"),
        (status = 400, description = "malformed"),
        (status = 401, description = "token_required"),
        (status = 404, description = "mailbox_unknown"),
        (status = 410, description = "mailbox_expired or mailbox_ended"),
        (status = 503, description = "store_unavailable"),
    ))]
pub(super) async fn end(
    relay: web::Data<Relay>,
    request: HttpRequest,
    path: web::Path<String>,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    let (id, _, by) = arguments(&request, &path)?;
    let change = relay.store.close(id, by).await?;
    let kind = match (change.is_deposit, change.by_scanner) {
        (false, _) => Kind::End,
        (true, true) => Kind::Return,
        (true, false) => Kind::Withdrawal,
    };
    relay.note(change.accepted, kind, client, &id);
    Ok(HttpResponse::NoContent().finish())
}

fn arguments(request: &HttpRequest, id: &str) -> Result<(MailboxId, Reading, TokenHash), Problem> {
    let id = id.parse().map_err(|_| Problem::Malformed)?;
    let reading = web::Query::<Reading>::from_query(request.query_string())
        .map_err(|_| Problem::Malformed)?
        .into_inner();
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| Token::from_authorization(value).ok())
        .ok_or(Problem::TokenRequired)?;
    Ok((id, reading, token.hash()))
}

/// Reads a body of one frame at most, within the deadline.
async fn body(
    relay: &Relay,
    request: &HttpRequest,
    mut payload: web::Payload,
    media_type: &str,
) -> Result<Vec<u8>, Problem> {
    let given = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let given = given
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    if !given.is_some_and(|given| given.eq_ignore_ascii_case(media_type)) {
        return Err(Problem::UnsupportedMediaType);
    }
    // The CBOR around a frame of a join takes a little more.
    let limit = relay.frame_bytes + 128;
    let whole = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::Malformed)?;
            if body.len() + chunk.len() > limit {
                return Err(Problem::FrameTooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    let body = timeout(relay.body_deadline, whole)
        .await
        .map_err(|_| Problem::RequestTimeout)??;
    match media_type == OCTET_STREAM && body.len() > relay.frame_bytes {
        true => Err(Problem::FrameTooLarge),
        false => Ok(body),
    }
}

/// The peer's next frames, waiting for them as long as the client wants. What was accepted stays
/// accepted: a failure to read is reported, and the client's repetition is answered alike.
async fn answer(
    relay: &Relay,
    client: ClientAddress,
    id: MailboxId,
    by: TokenHash,
    reading: Reading,
    accepted: Accepted,
) -> Result<HttpResponse, Problem> {
    let wait = Duration::from_secs(reading.wait).min(mailbox::MAX_WAIT);
    let deadline = Instant::now() + wait;
    let unread = match wait.is_zero() {
        true => relay.store.read(id, by, reading.after).await?,
        false => wait_for_frames(relay, client, id, by, reading, deadline).await?,
    };
    let status = match accepted {
        Accepted::New => StatusCode::CREATED,
        Accepted::Again => StatusCode::OK,
    };
    Ok(HttpResponse::build(status)
        .content_type(CBOR_SEQUENCE)
        .insert_header((EXPIRES_IN, unread.expires_in.as_secs()))
        .insert_header((WRITTEN, u64::from(unread.written)))
        .body(mailbox::frames_to_cbor(
            unread.frames.iter().map(Vec::as_slice),
        )))
}

async fn wait_for_frames(
    relay: &Relay,
    client: ClientAddress,
    id: MailboxId,
    by: TokenHash,
    reading: Reading,
    deadline: Instant,
) -> Result<Unread, Problem> {
    let place = relay.waiters.enter(client.network());
    let watch = relay.store.watch(id);
    let mut stopping = relay.stopping.clone();
    loop {
        let mut changed = std::pin::pin!(watch.changed());
        // Registered before the mailbox is read, so that no change falls between the two.
        changed.as_mut().enable();
        let unread = relay.store.read(id, by, reading.after).await?;
        let now = Instant::now();
        let has_forgotten = unread.written < reading.written;
        if !unread.frames.is_empty() || has_forgotten || now >= deadline {
            return Ok(unread);
        }
        if let Err(full) = &place {
            return Err(full.clone());
        }
        let again = deadline.min(now + unread.expires_in).min(now + RECHECK);
        tokio::select! {
            () = changed => {}
            () = sleep_until(again) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return Err(Problem::ShuttingDown),
        }
    }
}
