//! The mailbox calls (`docs/protocol.md` §5).

use std::{pin::pin, str::FromStr, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    http::{Method, header},
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use naru_core::mailbox::{
    CBOR, FrameNumber, Join, MailboxId, OCTET_STREAM, Open, Token, TokenHash,
};
use tokio::{sync::watch, task::yield_now, time::timeout};
use url::form_urlencoded;

use super::{
    asker::Asker,
    client_settings::ClientSettings,
    gate::{Caller, Doing},
    mailbox_path::{MailboxPath, Part},
};
use crate::{
    agencies::{Agency, CurrentRules, Localised, Requester, Rule},
    audit::{Audit, Event, Kind},
    client_network::ClientAddress,
    identity::{Identity, Owner},
    limits::Limits,
    problem::Problem,
    reference::Reference,
    store::{Accepted, Backend, Capacity, Change, Lifetimes, Outcome, Store},
    waiters::Waiters,
};

/// How long a body may take to come, at most.
pub(crate) const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// What every call works with.
pub(crate) struct Relay {
    pub(crate) store: Backend,
    pub(crate) limits: Limits,
    pub(crate) waiters: Waiters,
    pub(crate) rules: CurrentRules,
    pub(crate) audit: Audit,
    /// Who people are, where they have to log in.
    pub(crate) identity: Option<Identity>,
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
    /// [`Problem::ShuttingDown`] once the relay is told to stop.
    pub(crate) fn goes_on(&self) -> Result<(), Problem> {
        match *self.stopping.borrow() {
            true => Err(Problem::ShuttingDown),
            false => Ok(()),
        }
    }

    /// Whose rules hold for the client; `None` where there are no agencies.
    pub(crate) fn agency(
        &self,
        client: ClientAddress,
        caller: Option<&Caller>,
    ) -> Result<Option<Arc<Agency>>, Problem> {
        let requester = Requester {
            address: client.0,
            agency: caller.map(|caller| &*caller.person.agency),
        };
        Ok(self.rules.agency(requester)?)
    }

    /// How an agency is called, where its people may be here.
    pub(super) fn agency_name(&self, client: ClientAddress, id: &str) -> Option<Localised> {
        let requester = Requester {
            address: client.0,
            agency: Some(id),
        };
        let agency = self.rules.agency(requester).ok().flatten();
        agency.map(|agency| agency.public_name().name)
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
    pub(crate) fn event(
        &self,
        kind: Kind,
        client: ClientAddress,
        caller: Option<&Caller>,
    ) -> Event {
        let agency = match caller {
            Some(caller) => Some(caller.person.agency.clone()),
            None => self
                .agency(client, None)
                .ok()
                .flatten()
                .map(|it| it.public_name().id),
        };
        Event {
            from: Some(client.0),
            agency,
            account: caller.map(|caller| caller.person.account.to_string()),
            note: caller.and_then(|caller| caller.device.as_ref().map(|it| format!("device {it}"))),
            ..Event::now(kind)
        }
    }

    /// Notes what a client has changed about a mailbox; a repetition is nothing new.
    pub(super) fn note(
        &self,
        accepted: Accepted,
        kind: Kind,
        client: ClientAddress,
        caller: Option<&Caller>,
        mailbox: Reference,
    ) {
        if accepted == Accepted::New {
            let event = self.event(kind, client, caller).about(mailbox);
            self.audit.record(event);
        }
    }

    /// Takes a mailbox that is opened for whoever opens it.
    async fn take(
        &self,
        id: &MailboxId,
        open: &Open,
        caller: Option<&Caller>,
    ) -> Result<(), Problem> {
        let (Some(identity), Some(caller)) = (&self.identity, caller) else {
            return Ok(());
        };
        let waits = self.capacity.waits(open, Lifetimes::of(&self.capacity))
            + self.capacity.transfer_ttl * 2;
        match Box::pin(identity.own(id, &caller.person.account, waits)).await? {
            Owner::Same => Ok(()),
            Owner::Other | Owner::Nobody => Err(Problem::MailboxExists),
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
#[derive(Clone, Copy, Default)]
pub(super) struct Reading {
    pub(super) after: u16,
    pub(super) written: u16,
    pub(super) wait: u64,
}

impl Reading {
    fn parse(query: &str) -> Result<Self, Problem> {
        let (mut after, mut written, mut wait) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "after" => once(&mut after, &value)?,
                "written" => once(&mut written, &value)?,
                "wait" => once(&mut wait, &value)?,
                _ => {}
            }
        }
        Ok(Self {
            after: after.unwrap_or_default(),
            written: written.unwrap_or_default(),
            wait: wait.unwrap_or_default(),
        })
    }
}

fn once<T: FromStr>(number: &mut Option<T>, value: &str) -> Result<(), Problem> {
    let parsed = value.parse().map_err(|_| Problem::Malformed)?;
    match number.replace(parsed) {
        None => Ok(()),
        Some(_) => Err(Problem::Malformed),
    }
}

/// A call about a mailbox, as everything in it can be read.
pub(super) struct Call<'r> {
    pub(super) relay: &'r Relay,
    pub(super) request: &'r HttpRequest,
    pub(super) client: ClientAddress,
    pub(super) id: MailboxId,
    /// The mailbox's number.
    pub(super) reference: Reference,
    pub(super) reading: Reading,
    /// The hash of the token that it presents.
    pub(super) by: TokenHash,
}

impl<'r> Call<'r> {
    fn parse(
        relay: &'r Relay,
        path: MailboxPath,
        request: &'r HttpRequest,
    ) -> Result<Self, Problem> {
        let (id, reference) = path.mailbox.ok_or(Problem::Malformed)?;
        let reading = Reading::parse(request.query_string())?;
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| Token::from_authorization(value).ok())
            .ok_or(Problem::TokenRequired)?;
        Ok(Self {
            relay,
            request,
            client: ClientAddress::of(request),
            id,
            reference,
            reading,
            by: token.hash(),
        })
    }

    async fn caller(&self, doing: Doing) -> Result<Option<Box<Caller>>, Problem> {
        self.relay.caller(self.request, self.client, doing).await
    }
}

/// Answers what is called under `/v1/mailboxes/`.
pub(crate) async fn serve_mailbox(
    relay: &Relay,
    path: MailboxPath,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let allowed = match path.part {
        Part::Whole => &[Method::PUT, Method::DELETE][..],
        Part::Join => &[Method::POST],
        Part::Frames => &[Method::GET],
        Part::Frame(_) => &[Method::PUT],
    };
    let method = request.method();
    if !allowed.contains(method) {
        return Err(Problem::MethodNotAllowed);
    }
    let call = Call::parse(relay, path, request)?;
    match path.part {
        Part::Whole if *method == Method::DELETE => end(&call).await,
        Part::Whole => open(&call, payload).await,
        Part::Join => join(&call, payload).await,
        Part::Frames => read(&call).await,
        Part::Frame(number) => append(&call, number, payload).await,
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
pub(super) async fn open(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Problem> {
    let (relay, client) = (call.relay, call.client);
    let caller = call.caller(Doing::Begins).await?;
    let body = body(relay, call.request, payload, CBOR).await?;
    let mut open = Open::from_cbor(&body).map_err(|_| Problem::Malformed)?;
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
    let asker = Asker::new(call, caller.as_deref(), call.by);
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
pub(super) async fn join(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Problem> {
    let (relay, client) = (call.relay, call.client);
    let caller = call.caller(Doing::Begins).await?;
    let body = body(relay, call.request, payload, CBOR).await?;
    let account = caller.as_deref().map(Caller::account);
    relay.limits.join(client.network(), account)?;
    let agency = relay.agency(client, caller.as_deref())?;
    relay.own(&call.id, caller.as_deref()).await?;
    let join = Join::from_cbor(&body).map_err(|_| Problem::Malformed)?;
    let asker = Asker::new(call, caller.as_deref(), join.token);
    let change = Change::Join {
        by: call.by,
        join,
        lifetimes: relay.lifetimes(agency.as_ref()),
    };
    let kind = |outcome: Outcome| match outcome.is_deposit {
        true => Some(Kind::Claim),
        false => Some(Kind::Join),
    };
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
    call: &Call<'_>,
    number: Option<FrameNumber>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let number = number.ok_or(Problem::Malformed)?;
    let caller = call.caller(Doing::GoesOn).await?;
    call.relay.agency(call.client, caller.as_deref())?;
    call.relay.own(&call.id, caller.as_deref()).await?;
    let frame = body(call.relay, call.request, payload, OCTET_STREAM).await?;
    if frame.is_empty() {
        return Err(Problem::Malformed);
    }
    // What the connection has read into is larger, and would be kept with it.
    let frame = Bytes::copy_from_slice(&frame);
    let change = Change::Write {
        by: call.by,
        number,
        frame,
    };
    let asker = Asker::new(call, caller.as_deref(), call.by);
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
pub(super) async fn read(call: &Call<'_>) -> Result<HttpResponse, Problem> {
    let caller = call.caller(Doing::GoesOn).await?;
    call.relay.agency(call.client, caller.as_deref())?;
    call.relay.own(&call.id, caller.as_deref()).await?;
    let asker = Asker::new(call, caller.as_deref(), call.by);
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

/// Reads a body of one frame at most, within the deadline.
pub(super) async fn body(
    relay: &Relay,
    request: &HttpRequest,
    mut payload: Payload,
    media_type: &str,
) -> Result<Bytes, Problem> {
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
        let mut first = Bytes::new();
        let mut more = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::Malformed)?;
            if first.len() + more.len() + chunk.len() > limit {
                return Err(Problem::FrameTooLarge);
            }
            match first.is_empty() {
                true => first = chunk,
                false => more.extend_from_slice(&chunk),
            }
        }
        match more.is_empty() {
            true => Ok(first),
            false => Ok([&first[..], &more].concat().into()),
        }
    };
    let mut whole = pin!(whole);
    let mut body = whole.as_mut().now_or_never();
    if body.is_none() {
        yield_now().await;
        body = whole.as_mut().now_or_never();
    }
    // Most bodies have come with their head, and have been handed on by now: those need no clock.
    let body = match body {
        Some(body) => body?,
        None => Box::pin(timeout(relay.body_deadline, whole))
            .await
            .map_err(|_| Problem::RequestTimeout)??,
    };
    match media_type == OCTET_STREAM && body.len() > relay.frame_bytes {
        true => Err(Problem::FrameTooLarge),
        false => Ok(body),
    }
}
