//! Notes what went wrong with a request, and gives it the number by which people speak of it.

use actix_web::{
    HttpMessage,
    dev::ServiceResponse,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use naru_core::mailbox::{self, PROBLEM_CODE, RULE};

use crate::{
    audit::{Event, Kind},
    client_network::ClientAddress,
    reference::Reference,
    routes::{Caller, Relay},
};

static REFERENCE: HeaderName = HeaderName::from_static(mailbox::REFERENCE);

/// Every answer about a mailbox has the number of that mailbox, every other failure one of its own. Yields the number
/// of a failure.
pub(crate) fn note(
    relay: &Relay,
    client: ClientAddress,
    response: &mut ServiceResponse,
    of_the_mailbox: Option<Reference>,
) -> Option<Reference> {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let reference = of_the_mailbox.or_else(|| failed.then(Reference::draw))?;
    if failed {
        record(relay, client, response, reference);
    }
    let headers = response.headers_mut();
    headers.insert(REFERENCE.clone(), reference.into());
    failed.then_some(reference)
}

/// What people do is noted; what the relay's own page or its operator's programs ask for is not.
fn record(relay: &Relay, client: ClientAddress, response: &ServiceResponse, reference: Reference) {
    let request = response.request();
    if !request.path().starts_with("/v1/") {
        return;
    }
    // Nobody fills the log.
    if relay.limits.failure(client.network()).is_err() {
        metrics::counter!("naru_audit_suppressed_total").increment(1);
        return;
    }
    let text = |headers: &HeaderMap, name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let caller = request.extensions().get::<Caller>().cloned();
    let rule = text(response.headers(), RULE);
    let kind = match rule {
        Some(_) => Kind::Refusal,
        None => Kind::Failure,
    };
    relay.audit.record(Event {
        failure: text(response.headers(), PROBLEM_CODE),
        rule,
        ..relay.event(kind, client, caller.as_ref()).about(reference)
    });
}
