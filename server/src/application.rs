//! The relay as one thing that can be built, run and stopped.

use std::{future::Future, io, path::PathBuf, rc::Rc, time::Duration};

use actix_web::{
    App, HttpServer,
    body::BoxBody,
    dev::{Server, ServerHandle, ServiceRequest},
    middleware::{Next, from_fn},
    web,
};
use rustls::{ServerConfig, crypto::ring};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{sync::watch, time::timeout};

use crate::{
    agencies::{CurrentRules, RulesError},
    audit::{Audit, AuditError, Export, Trail},
    client_network::TrustedProxies,
    exchange::exchange,
    identity::{Identity, IdentityError, IdentitySettings},
    limits::Limits,
    listener,
    registry::{AnyRegistry, RegistryError},
    routes::{self, BODY_DEADLINE, ClientSettings, Relay},
    security_headers::SecurityHeaders,
    settings::{Settings, Tls},
    store::{Backend, redis::ConnectError},
    telemetry,
    waiters::Waiters,
};

/// How long requests that are under way may still take after the waiting ones were answered.
const DRAIN_SECONDS: u64 = 1;
/// How long what has happened may take to be noted at the end.
const NOTE_WITHIN: Duration = Duration::from_secs(3);
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// The exporter keeps every sample of a histogram until it is scraped or told to sum them up.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// Why the relay cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The setting.
        address: std::net::SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The system does not let the process hear its signals.
    #[error("cannot listen for signals: {0}")]
    Signal(io::Error),
    /// Redis cannot be used.
    #[error("cannot use the store: {0}")]
    Store(#[from] ConnectError),
    /// The agencies' rules cannot be used.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The providers by which people log in cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What people are known by cannot be kept.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// HTTPS to providers cannot be set up.
    #[error("cannot set up HTTPS: {0}")]
    Https(#[from] reqwest::Error),
    /// What happens cannot be noted.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The certificate or its key cannot be used.
    #[error("cannot use {path} for TLS: {reason}")]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A relay that listens.
pub struct Application {
    server: Server,
    url: String,
    stop: watch::Sender<bool>,
    relay: web::Data<Relay>,
    audit: Audit,
}

impl Application {
    /// Binds the address and starts listening.
    pub async fn build(settings: Settings) -> Result<Self, StartError> {
        let listen_error = |error| StartError::Listen {
            address: settings.listen,
            error,
        };
        let listener =
            listener::listen(settings.listen, settings.request_deadline).map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let tls = settings.tls.as_ref().map(tls).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let rules = CurrentRules::load(settings.agencies.as_deref(), settings.capacity)?;
        let audit = audit(&settings).await?;
        let (stop, stopping) = watch::channel(false);
        telemetry::metrics();
        let store = Backend::open(&settings.store, settings.capacity).await?;
        let relay = web::Data::new(Relay {
            store,
            limits: Limits::new(&settings),
            waiters: Waiters::new(settings.waiters, settings.network_waiters),
            rules,
            audit: audit.clone(),
            identity: identity(&settings).await?,
            capacity: settings.capacity,
            deposits: settings.deposit.is_some(),
            client_settings: ClientSettings::of(&settings),
            frame_bytes: settings.frame_bytes,
            body_deadline: settings.request_deadline.min(BODY_DEADLINE),
            stopping,
        });
        tokio::spawn(tidy(relay.clone()));
        tokio::spawn(reload(relay.clone(), hang_up(&settings)?));
        let proxies = web::Data::new(TrustedProxies(settings.trusted_proxies.clone()));
        let secure = tls.is_some();
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let (served, answering) = (relay.clone(), relay.clone());
        let server = HttpServer::new(move || {
            let (answering, headers) = (answering.clone(), Rc::new(SecurityHeaders::new(secure)));
            let answer = move |request: ServiceRequest, next: Next<BoxBody>| {
                let (relay, headers) = (answering.clone(), Rc::clone(&headers));
                async move { exchange(&relay, &headers, request, next).await }
            };
            App::new()
                .app_data(served.clone())
                .app_data(proxies.clone())
                .wrap(from_fn(answer))
                .configure(routes::configure)
        })
        .workers(workers)
        .max_connections((settings.connections.get() as usize).div_ceil(workers))
        .client_request_timeout(settings.request_deadline)
        .h1_allow_half_closed(false)
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals();
        let server = match tls {
            Some(config) => server.listen_rustls_0_23(listener, config),
            None => server.listen(listener),
        }
        .map_err(listen_error)?
        .run();
        Ok(Self {
            server,
            url: format!("{scheme}://{address}"),
            stop,
            relay,
            audit,
        })
    }

    /// Where it listens, with the real port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs until `stop` resolves; waiting clients are answered then, and the rest is drained.
    pub async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = self.server.handle();
        let server = std::pin::pin!(self.server);
        let stopped = async {
            stop.await;
            stop_gracefully(&self.stop, &self.relay, &handle).await;
        };
        let (result, ()) = futures_util::future::join(server, stopped).await;
        // A store that does not answer does not keep the process from ending.
        let _ = timeout(NOTE_WITHIN, self.audit.flush()).await;
        result
    }
}

async fn identity(settings: &Settings) -> Result<Option<Identity>, StartError> {
    let Some(path) = &settings.identity else {
        return Ok(None);
    };
    let people = IdentitySettings::read(path)?;
    let registry = AnyRegistry::open(&settings.registry).await?;
    if registry.is_forgetful() {
        tracing::warn!(
            "sessions and devices are kept in memory: a restart logs everybody out and forgets every device, also \
             the revoked ones; name a place that lasts with --registry"
        );
    }
    Ok(Some(Identity::new(people, registry)?))
}

async fn audit(settings: &Settings) -> Result<Audit, AuditError> {
    let trail = Trail::open(&settings.audit).await?;
    let exports = settings.audit_exports.iter().map(Export::open);
    let exports = exports.collect::<Result<_, _>>()?;
    if trail.is_forgetful() {
        tracing::warn!(
            "the audit is kept in memory: a restart forgets who did what, and no other program can look up a \
             reference number; name a place that lasts with --audit"
        );
    }
    Ok(Audit::start(trail, exports, settings.audit_retention))
}

async fn stop_gracefully(stop: &watch::Sender<bool>, relay: &Relay, handle: &ServerHandle) {
    stop.send_replace(true);
    // They look whether it stops before they wait again.
    relay.store.wake_all();
    handle.stop(true).await;
}

/// Resolves when the process is told to stop (SIGTERM, SIGINT), which from this call on does not end
/// it by itself.
pub fn termination() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        async move {
            interrupt.recv().await;
        }
    };
    Ok(terminate)
}

/// Lets go of what has ended, also while nobody calls.
async fn tidy(relay: web::Data<Relay>) {
    let mut stopping = relay.stopping.clone();
    let forget = every(TIDY_EVERY, || {
        relay.limits.tidy();
        relay.store.tidy();
    });
    let sum_up = every(SUM_UP_EVERY, || telemetry::metrics().run_upkeep());
    tokio::select! {
        () = forget => {}
        () = sum_up => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// Does something now and again and again.
async fn every(period: Duration, mut what: impl FnMut()) {
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        what();
    }
}

/// Resolves each time that the process gets SIGHUP, which from this call on does not end it where there is a
/// file to read again.
#[cfg(unix)]
fn hang_up(settings: &Settings) -> Result<Option<HangUp>, StartError> {
    use tokio::signal::unix::{SignalKind, signal};
    let wanted = settings.agencies.is_some();
    let hang_up = wanted.then(|| signal(SignalKind::hangup())).transpose();
    hang_up.map_err(StartError::Signal)
}

#[cfg(not(unix))]
fn hang_up(_: &Settings) -> Result<Option<HangUp>, StartError> {
    Ok(None)
}

#[cfg(unix)]
type HangUp = tokio::signal::unix::Signal;
#[cfg(not(unix))]
type HangUp = std::convert::Infallible;

/// Reads the agencies' rules again when the operator says so.
#[cfg(unix)]
async fn reload(relay: web::Data<Relay>, hang_up: Option<HangUp>) {
    let Some(mut hang_up) = hang_up else {
        return;
    };
    let mut stopping = relay.stopping.clone();
    loop {
        tokio::select! {
            hung_up = hang_up.recv() => match hung_up {
                Some(()) => relay.reload(),
                None => return,
            },
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

#[cfg(not(unix))]
async fn reload(_: web::Data<Relay>, _: Option<HangUp>) {}

fn tls(files: &Tls) -> Result<ServerConfig, StartError> {
    let refuse = |path: &PathBuf, reason: String| StartError::Tls {
        path: path.clone(),
        reason,
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refuse(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(refuse(&files.certificate, "it holds no certificate".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| refuse(&files.key, error.to_string()))?;
    ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| refuse(&files.key, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sums_samples_up_every_few_seconds_though_nobody_asks() {
        let mut times = 0;
        let minute = timeout(Duration::from_secs(59), every(SUM_UP_EVERY, || times += 1));
        assert!(minute.await.is_err());
        assert_eq!(times, 12);
    }
}
