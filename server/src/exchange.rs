//! What happens around every request.

use std::time::Instant;

use actix_web::{
    Error, ResponseError,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

use crate::{
    client_network::ClientAddress,
    failures,
    routes::{MailboxPath, Relay, serve_mailbox},
    security_headers::SecurityHeaders,
    telemetry,
};

/// Has a request answered, and notes what has come of it.
pub(crate) async fn exchange(
    relay: &Relay,
    security_headers: &SecurityHeaders,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let started = Instant::now();
    let path = MailboxPath::parse(request.match_info().as_str());
    let client = ClientAddress::of(request.request());
    let mut response = match path {
        Some(path) => {
            // A connection has room for this future also while it does nothing.
            let served = Box::pin(serve_mailbox(relay, path, client, &mut request)).await;
            let response = served.unwrap_or_else(|problem| problem.error_response());
            ServiceResponse::new(request.into_parts().0, response)
        }
        None => next.call(request).await?,
    };
    let mailbox = path.and_then(|path| path.mailbox);
    let failure = failures::note(
        relay,
        client,
        &mut response,
        mailbox.map(|(_, reference)| reference),
    );
    let is_call = response.request().path().starts_with("/v1/");
    security_headers.add(is_call, response.headers_mut());
    telemetry::observe(&response, path.map(MailboxPath::pattern), failure, started);
    Ok(response)
}
