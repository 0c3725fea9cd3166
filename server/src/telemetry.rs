//! Logs and metrics, neither of which ever holds an identifier, a token or an address; a failure is
//! logged with its reference number.

use std::{
    borrow::Cow,
    cell::RefCell,
    sync::OnceLock,
    time::{Duration, Instant},
};

use actix_web::{
    dev::ServiceResponse,
    http::{Method, StatusCode},
};
use metrics::{Counter, Histogram};
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

/// Up to where requests are told apart by how long they took; a client that waits makes most of those over one second.
const SECONDS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// The process's metrics.
pub(crate) fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS);
        // It refuses only to have none.
        let recorder = builder.unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        // Another recorder of the process keeps the figures then, and `/metrics` stays empty.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

/// Counts and logs a request by the pattern of its route, which is looked up unless it is given.
pub(crate) fn observe(
    response: &ServiceResponse,
    route: Option<&'static str>,
    failure: Option<Reference>,
    started: Instant,
) {
    let request = response.request();
    let route = match route {
        Some(route) => Cow::Borrowed(route),
        None => Cow::Owned(request.match_pattern().unwrap_or_else(|| "other".into())),
    };
    let status = response.status();
    let code = failure.and_then(|_| response.headers().get(PROBLEM_CODE));
    let code = code.and_then(|code| code.to_str().ok()).unwrap_or("");
    let took = started.elapsed();
    let method = name(request.method());
    let ms = took.as_millis() as u64;
    match failure {
        // The figures tell of those that succeed.
        None => {
            tracing::debug!(
                method,
                route = &*route,
                status = status.as_u16(),
                ms,
                "request"
            )
        }
        Some(reference) => tracing::info!(
            method,
            route = &*route,
            status = status.as_u16(),
            code,
            %reference,
            ms,
            "request"
        ),
    }
    SERIES.with_borrow_mut(|series| series.record(method, &route, status, code, took));
}

/// Whoever thinks of methods does not make as many figures.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

thread_local! {
    static SERIES: RefCell<Series> = RefCell::default();
}

/// The figures that have been counted, so that a request need not look for them by name.
#[derive(Default)]
struct Series(Vec<RouteSeries>);

struct RouteSeries {
    route: String,
    seconds: Histogram,
    requests: Vec<(&'static str, StatusCode, String, Counter)>,
}

impl Series {
    fn record(
        &mut self,
        method: &'static str,
        route: &str,
        status: StatusCode,
        code: &str,
        took: Duration,
    ) {
        // There are few, and of different lengths.
        let place = self.0.iter().position(|known| known.route == route);
        let place = place.unwrap_or_else(|| {
            self.0.push(RouteSeries::new(route));
            self.0.len() - 1
        });
        if let Some(of_route) = self.0.get_mut(place) {
            of_route.seconds.record(took.as_secs_f64());
            of_route.count(method, status, code);
        }
    }
}

impl RouteSeries {
    fn new(route: &str) -> Self {
        let seconds = metrics::histogram!("naru_request_seconds", "route" => route.to_owned());
        Self {
            route: route.to_owned(),
            seconds,
            requests: Vec::new(),
        }
    }

    fn count(&mut self, method: &'static str, status: StatusCode, code: &str) {
        let mut known = self.requests.iter();
        let known = known.find(|(its_method, its_status, its_code, _)| {
            *its_status == status && *its_method == method && its_code == code
        });
        if let Some((.., requests)) = known {
            return requests.increment(1);
        }
        let labels = [
            ("method", method.to_owned()),
            ("route", self.route.clone()),
            ("status", status.as_u16().to_string()),
            ("code", code.to_owned()),
        ];
        let requests = metrics::counter!("naru_requests_total", &labels);
        requests.increment(1);
        let known = (method, status, code.to_owned(), requests);
        self.requests.push(known);
    }
}
