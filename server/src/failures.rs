//! Notes what went wrong with a request, and gives it the number by which people speak of it.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use naru_core::mailbox::{MailboxId, PROBLEM_CODE, REFERENCE, RULE};

use crate::{
    audit::{Event, Kind},
    client_network::ClientAddress,
    reference::Reference,
    routes::Relay,
};

/// Every answer about a mailbox has the number of that mailbox, every other failure one of its own.
pub(crate) async fn note(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let id = response.request().match_info().get("id");
    let id: Option<MailboxId> = id.and_then(|id| id.parse().ok());
    let reference = id.map(|id| Reference::of(&id));
    let Some(reference) = reference.or_else(|| failed.then(Reference::draw)) else {
        return Ok(response);
    };
    if failed {
        response.request().extensions_mut().insert(reference);
        record(&response, reference);
    }
    if let Ok(value) = HeaderValue::from_str(&reference.to_string()) {
        let name = HeaderName::from_static(REFERENCE);
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// What people do is noted; what the relay's own page or its operator's programs ask for is not.
fn record<B>(response: &ServiceResponse<B>, reference: Reference) {
    let request = response.request();
    let Some(relay) = request.app_data::<web::Data<Relay>>() else {
        return;
    };
    if !request.path().starts_with("/v1/") {
        return;
    }
    let client = ClientAddress::of(request);
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
    let rule = text(response.headers(), RULE);
    let kind = match rule {
        Some(_) => Kind::Refusal,
        None => Kind::Failure,
    };
    relay.audit.record(Event {
        failure: text(response.headers(), PROBLEM_CODE),
        rule,
        ..relay.event(kind, client).about(reference)
    });
}
