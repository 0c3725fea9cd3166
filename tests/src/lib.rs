//! Two people with their devices and a real relay between them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod redis;

use std::{path::Path, time::Duration};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru::http::HttpTransport;
use naru_core::{
    certificate::{CertificateSet, Checked, NativeFile, OpenedKey, Password, SourceFile, find},
    client::{
        GiverCommand, GiverEvent, ReceiverCommand, ReceiverEvent, TransferError, give, receive,
    },
    device::Device,
    giver::{Conclusion, Offer},
    pairing::{Origin, Pairing},
};
use naru_relay::{Application, Settings, store::StoreUrl};
use naru_samples::PASSWORD;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use tokio::{sync::oneshot, task::JoinHandle};

pub use self::redis::RunningRedis;

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

    /// Stops it and waits until it has gone.
    pub async fn stop(mut self) {
        self.stop = None;
        let _ = (&mut self.task).await;
    }
}

/// An HTTP client of the test's own.
pub fn http_client() -> reqwest::Client {
    // Another test of the process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// The giving device while it runs.
pub struct Giver {
    /// The person's decisions.
    pub commands: UnboundedSender<GiverCommand>,
    /// What the device shows.
    pub events: UnboundedReceiver<GiverEvent>,
    /// How it ends.
    pub end: JoinHandle<Result<(), TransferError>>,
}

/// The receiving device while it runs.
pub struct Receiver {
    /// The person's decisions.
    pub commands: UnboundedSender<ReceiverCommand>,
    /// What the device shows.
    pub events: UnboundedReceiver<ReceiverEvent>,
    /// How it ends.
    pub end: JoinHandle<Result<Option<Conclusion>, TransferError>>,
}

/// Starts a giver with an HTTP client of its own.
pub fn start_giver(pairing: Pairing, offer: Offer, seed: u64) -> Giver {
    start_giver_over(transport(pairing.origin()), pairing, offer, seed)
}

/// Starts a giver.
pub fn start_giver_over(
    transport: HttpTransport,
    pairing: Pairing,
    offer: Offer,
    seed: u64,
) -> Giver {
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let end = tokio::spawn(async move {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let device = Device::new("업무용 PC", "Linux");
        let show = |event| drop(shown.unbounded_send(event));
        give(&transport, pairing, offer, device, &mut rng, queue, show).await
    });
    Giver {
        commands,
        events,
        end,
    }
}

/// Starts a receiver with an HTTP client of its own.
pub fn start_receiver(pairing: Pairing, seed: u64) -> Receiver {
    start_receiver_over(transport(pairing.origin()), pairing, seed)
}

/// Starts a receiver.
pub fn start_receiver_over(transport: HttpTransport, pairing: Pairing, seed: u64) -> Receiver {
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let end = tokio::spawn(async move {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let device = Device::new("내 휴대전화", "Android 17");
        let show = |event| drop(shown.unbounded_send(event));
        receive(&transport, pairing, device, &mut rng, queue, show).await
    });
    Receiver {
        commands,
        events,
        end,
    }
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

/// Long enough for anything on the loopback interface.
pub const PATIENCE: Duration = Duration::from_secs(30);
