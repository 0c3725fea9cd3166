//! Takes what comes with a call.

use std::{pin::pin, time::Duration};

use actix_web::{
    HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web,
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use naru_core::mailbox::OCTET_STREAM;
use serde::de::DeserializeOwned;
use tokio::{task::yield_now, time::timeout};

use super::relay::Relay;
use crate::problem::Problem;

/// How long a body may take to come, at most.
pub(crate) const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Reads a body of one frame at most, within the deadline.
pub(super) async fn body(
    relay: &Relay,
    headers: &HeaderMap,
    mut payload: Payload,
    media_type: &str,
) -> Result<Bytes, Problem> {
    let given = headers
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

/// Reads a body of JSON.
pub(super) async fn json<T: DeserializeOwned>(
    relay: &Relay,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<T, Problem> {
    let (headers, payload) = (request.headers(), payload.into_inner());
    let body = body(relay, headers, payload, "application/json").await?;
    serde_json::from_slice(&body).map_err(|_| Problem::Malformed)
}
