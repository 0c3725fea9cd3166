//! Logs and metrics, neither of which ever holds an identifier, a token or an address; a failure is
//! logged with its reference number.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use naru_core::mailbox::PROBLEM_CODE;
use tracing_subscriber::{EnvFilter, fmt};

use crate::{reference::Reference, settings::LogFormat};

/// Sends the log to standard error; `RUST_LOG` chooses its level.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A host that has set up its own log keeps it.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

/// The process's metrics.
pub(crate) fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Another recorder of the process keeps the figures then, and `/metrics` stays empty.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

/// Counts and logs a request by the pattern of its route.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let method = request.method().to_string();
    let response = next.call(request).await?;
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "other".into());
    let status = response.status();
    let reference = response.request().extensions().get::<Reference>().copied();
    let reference = reference.map(|reference| reference.to_string());
    let status = status.as_u16();
    let code = response
        .headers()
        .get(PROBLEM_CODE)
        .and_then(|code| code.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let reference = reference.as_deref().unwrap_or_default();
    record(&method, &route, status, &code, reference, started.elapsed());
    Ok(response)
}

fn record(method: &str, route: &str, status: u16, code: &str, reference: &str, took: Duration) {
    tracing::info!(
        method,
        route,
        status,
        code,
        reference,
        ms = took.as_millis() as u64,
        "request"
    );
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
        ("code", code.to_owned()),
    ];
    metrics::counter!("naru_requests_total", &labels).increment(1);
    metrics::histogram!("naru_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
}
