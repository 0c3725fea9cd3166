//! Two people with their devices and a real relay between them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod devices;
mod island;
pub mod provider;
mod redis;
mod redis_topologies;

use std::{net::SocketAddr, path::Path, time::Duration};

use naru::http::HttpTransport;
use naru_core::{
    certificate::{CertificateSet, Checked, NativeFile, OpenedKey, Password, SourceFile, find},
    giver::Offer,
    pairing::{Direction, Origin, Pairing},
};
use naru_relay::{Application, Settings, store::StoreUrl};
use naru_samples::{PASSWORD, Period, Samples};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

pub use self::{
    devices::{
        Giver, Receiver, start_giver, start_giver_as, start_giver_over, start_receiver,
        start_receiver_as, start_receiver_over, stored, wrong,
    },
    island::{Island, Place},
    redis::{RunningRedis, freeze, thaw},
    redis_topologies::{Kind, RunningCluster, RunningSentinels, Topology},
};

/// Makes two tests of each `async fn name(store: StoreUrl)`: one in memory, one in a real Redis.
#[macro_export]
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(naru_relay::store::StoreUrl::Memory).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let redis = $crate::RunningRedis::start(&[]);
                super::$name(redis.url()).await;
            })*
        }
    };
}

/// A relay on a free port, stopped when dropped.
pub struct RunningRelay {
    /// Where it is.
    pub origin: Origin,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl RunningRelay {
    /// Starts the production relay with the given store and settings.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_on(store: StoreUrl, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(|settings| {
            settings.store = store;
            change(settings);
        })
        .await
    }

    /// Starts the production relay with the given settings, in memory where they say nothing else.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let (settings, application) = {
            let mut settings = Settings::local().expect("the defaults are valid");
            change(&mut settings);
            (
                settings.listen,
                Application::build(settings)
                    .await
                    .expect("the relay starts"),
            )
        };
        assert!(settings.ip().is_loopback());
        let origin = application.url().parse().expect("an origin");
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stopped = async {
                // Dropping the sender stops the relay too.
                let _ = stopped.await;
            };
            let _ = application.run(stopped).await;
        });
        Self {
            origin,
            stop: Some(stop),
            task,
        }
    }

    /// Where it listens.
    ///
    /// # Panics
    /// Never: its origin is an address.
    pub fn address(&self) -> SocketAddr {
        let address = self.origin.as_str().trim_start_matches("http://");
        address.parse().expect("an address")
    }

    /// Stops it and waits until it has gone.
    pub async fn stop(mut self) {
        self.stop = None;
        let _ = (&mut self.task).await;
    }
}

/// An HTTP client of the test's own.
pub fn http_client() -> reqwest::Client {
    ensure_cryptography();
    reqwest::Client::new()
}

fn ensure_cryptography() {
    // Another test of the process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An HTTP client that goes nowhere by itself.
///
/// # Panics
/// When TLS cannot be set up.
pub fn http_client_without_redirects() -> reqwest::Client {
    ensure_cryptography();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.build().expect("a client")
}

/// An HTTP client that has no connection yet.
///
/// # Panics
/// When TLS cannot be set up.
pub fn transport(origin: &Origin) -> HttpTransport {
    HttpTransport::new(origin.clone()).expect("a client")
}

/// The files below `root`.
///
/// # Errors
/// What the system says.
pub fn read_files(root: &Path) -> std::io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(root) {
                let name = name.to_string_lossy().into_owned();
                files.push(SourceFile {
                    path: name,
                    bytes: std::fs::read(&path)?,
                });
            }
        }
    }
    Ok(files)
}

/// A folder with one NPKI certificate.
///
/// # Panics
/// When it cannot be written.
pub fn sample() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    Samples::new(1, Period::around(NOW))
        .npki(folder.path())
        .expect("a sample");
    folder
}

/// What a person offers of a folder.
///
/// # Panics
/// When there is nothing.
pub fn offer(folder: &TempDir) -> Offer {
    Offer::new(opened(folder.path()).1).expect("an offer")
}

/// Seeded randomness.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The two sides of a code that one device shows and the other scans: first the giver's.
///
/// # Panics
/// Never: the code is the relay's own.
pub fn pair(relay: &RunningRelay, direction: Direction, seed: u64) -> (Pairing, Pairing) {
    let displayer = Pairing::display(&relay.origin, direction, &mut rng(seed));
    let text = displayer.code().to_string();
    let scanner = Pairing::scan(&text, std::slice::from_ref(&relay.origin)).expect("a code");
    match direction {
        Direction::DisplayerGives => (displayer, scanner),
        Direction::ScannerGives => (scanner, displayer),
    }
}

/// Finds the certificates below `root` and opens them with the samples' password.
///
/// # Panics
/// When there are none, or the password does not open them.
pub fn opened(root: &Path) -> (Vec<NativeFile>, Vec<(CertificateSet, Option<OpenedKey>)>) {
    let sets: Vec<_> = find(read_files(root).expect("readable samples"))
        .sets
        .into_iter()
        .map(|set| {
            let password = Password::from(PASSWORD.to_owned());
            match set.check_password(&password).expect("the right password") {
                Checked::Opened(key) => (set, Some(key)),
                Checked::Unchecked { .. } => (set, None),
            }
        })
        .collect();
    assert!(!sets.is_empty());
    let files = sets
        .iter()
        .flat_map(|(set, _)| set.native_files().to_vec())
        .collect();
    (files, sets)
}

/// The moment at which the samples are valid, in Unix seconds.
pub const NOW: u64 = 1_795_000_000;

/// Long enough for anything on the loopback interface.
pub const PATIENCE: Duration = Duration::from_secs(30);
