//! What a mailbox call says (`docs/protocol.md` §5).

use std::str::FromStr;

use actix_web::{HttpMessage, dev::ServiceRequest, http::header};
use bytes::Bytes;
use naru_core::mailbox::{MailboxId, Token, TokenHash};
use url::form_urlencoded;

use super::{
    body::body,
    gate::{Caller, Doing},
    mailbox_path::MailboxPath,
    relay::Relay,
};
use crate::{client_network::ClientAddress, problem::Problem, reference::Reference};

/// A call about a mailbox, as everything in it can be read.
pub(super) struct Call<'r> {
    pub(super) relay: &'r Relay,
    pub(super) request: &'r mut ServiceRequest,
    pub(super) client: ClientAddress,
    pub(super) id: MailboxId,
    /// The mailbox's number.
    pub(super) reference: Reference,
    pub(super) reading: Reading,
    /// The hash of the token that it presents.
    pub(super) by: TokenHash,
}

impl<'r> Call<'r> {
    pub(super) fn parse(
        relay: &'r Relay,
        path: MailboxPath,
        client: ClientAddress,
        request: &'r mut ServiceRequest,
    ) -> Result<Self, Problem> {
        let (id, reference) = path.mailbox.ok_or(Problem::Malformed)?;
        let reading = Reading::parse(request.query_string())?;
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| Token::from_authorization(value).ok())
            .ok_or(Problem::TokenRequired)?;
        let by = token.hash();
        Ok(Self {
            relay,
            request,
            client,
            id,
            reference,
            reading,
            by,
        })
    }

    /// Reads the body, which comes once.
    pub(super) async fn body(&mut self, media_type: &str) -> Result<Bytes, Problem> {
        let payload = self.request.take_payload();
        body(self.relay, self.request.headers(), payload, media_type).await
    }

    pub(super) async fn caller(&self, doing: Doing) -> Result<Option<Box<Caller>>, Problem> {
        let request = self.request.request();
        self.relay.caller(request, self.client, doing).await
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
        let mut take = |name: &str, value: &str| match name {
            "after" => once(&mut after, value),
            "written" => once(&mut written, value),
            "wait" => once(&mut wait, value),
            _ => Ok(()),
        };
        // Clients escape no numbers: what has nothing to decode is only split.
        match query.contains(['%', '+']) {
            true => form_urlencoded::parse(query.as_bytes())
                .try_for_each(|(name, value)| take(&name, &value))?,
            false => query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .try_for_each(|(name, value)| take(name, value))?,
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
