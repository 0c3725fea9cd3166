//! An app around the phone's library: HTTP, a store and a lock, each of which can be made to fail.

#![allow(dead_code, reason = "not every test needs every part")]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use naru_samples::PASSWORD;
use naru_tests::{PATIENCE, RunningRelay, http_client, read_files};
use naru_uniffi::{
    Certificate, CertificateFile, CertificateStore, Failure, HttpHeader, HttpRequest, HttpResponse,
    LogEntry, LogSink, Login, Naru, Options, StoreError, StoredCertificate, Transport,
    TransportError, UserVerification, VerificationError, VerificationPurpose,
};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

/// One phone with its app.
pub struct Phone {
    pub naru: Arc<Naru>,
    pub network: Arc<Network>,
    pub store: Arc<Store>,
    pub lock: Arc<Lock>,
    pub log: Arc<Log>,
}

impl Phone {
    pub fn new(relay: &RunningRelay) -> Self {
        Self::over(Arc::new(Network::new()), relay)
    }

    pub fn over(network: Arc<Network>, relay: &RunningRelay) -> Self {
        Self::of(None, network, relay)
    }

    /// The phone of somebody who is logged in.
    pub fn of(login: Option<Arc<dyn Login>>, network: Arc<Network>, relay: &RunningRelay) -> Self {
        let (store, lock, log) = (
            Arc::default(),
            Arc::<Lock>::default(),
            Arc::<Log>::default(),
        );
        let options = Options {
            relays: vec![relay.origin.as_str().to_owned()],
            device_name: "내 휴대전화".to_owned(),
            platform: "Android 17".to_owned(),
            roots: None,
            password_policy: None,
        };
        let naru = Naru::new(
            network.clone(),
            Arc::<Store>::clone(&store),
            lock.clone(),
            Some(log.clone()),
            options,
            login,
        );
        Self {
            naru: naru.expect("an app"),
            network,
            store,
            lock,
            log,
        }
    }

    /// The certificate of a folder, in the phone's store, its password checked.
    pub async fn certificate(&self, folder: &Path) -> Arc<Certificate> {
        let certificate = self.found(folder);
        certificate.check(PASSWORD.to_owned()).expect("opens");
        self.naru.save(&certificate).await.expect("stores");
        certificate
    }

    /// The certificate of a folder.
    pub fn found(&self, folder: &Path) -> Arc<Certificate> {
        let found = self.naru.find_certificates(files(folder));
        assert!(found.problems.is_empty());
        found.certificates.into_iter().next().expect("one")
    }
}

/// The files below a folder.
pub fn files(folder: &Path) -> Vec<CertificateFile> {
    let files = read_files(folder).expect("readable").into_iter();
    files
        .map(|file| CertificateFile {
            path: file.path,
            content: file.bytes,
        })
        .collect()
}

/// HTTP, and a plug that can be pulled.
pub struct Network {
    client: reqwest::Client,
    unplugged: AtomicBool,
    pulled: Notify,
    pub running: Arc<AtomicUsize>,
    pub begun: Arc<Notify>,
}

impl Network {
    pub fn new() -> Self {
        Self {
            client: http_client(),
            unplugged: AtomicBool::new(false),
            pulled: Notify::new(),
            running: Arc::default(),
            begun: Arc::default(),
        }
    }

    /// From here on nothing is answered, what is under way neither.
    pub fn unplug(&self) {
        self.unplugged.store(true, Ordering::SeqCst);
        self.pulled.notify_waiters();
    }

    pub fn plug(&self) {
        self.unplugged.store(false, Ordering::SeqCst);
    }

    pub fn requests(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }
}

/// A request that is under way.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Transport for Network {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.running.fetch_add(1, Ordering::SeqCst);
        let _running = Running(self.running.clone());
        self.begun.notify_one();
        let pulled = self.pulled.notified();
        if self.unplugged.load(Ordering::SeqCst) {
            return Err(TransportError::NoAnswer);
        }
        let sent = async {
            let method = request.method.parse().expect("a method");
            let mut builder = self
                .client
                .request(method, &request.url)
                .timeout(Duration::from_millis(request.timeout_milliseconds))
                .body(request.body);
            for header in request.headers {
                builder = builder.header(header.name, header.value);
            }
            let answer = builder.send().await.map_err(|_| TransportError::NoAnswer)?;
            let status = answer.status().as_u16();
            let headers = answer.headers().iter().map(|(name, value)| HttpHeader {
                name: name.to_string(),
                value: value.to_str().unwrap_or_default().to_owned(),
            });
            let headers = headers.collect();
            let body = answer.bytes().await.map_err(|_| TransportError::NoAnswer)?;
            Ok(HttpResponse {
                status,
                headers,
                body: body.to_vec(),
            })
        };
        tokio::select! {
            answer = sent => answer,
            () = pulled => Err(TransportError::NoAnswer),
        }
    }
}

/// A store in memory.
#[derive(Default)]
pub struct Store {
    pub certificates: Mutex<BTreeMap<String, StoredCertificate>>,
    pub notes: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Gives other bytes back than it was given.
    pub corrupts: AtomicBool,
    /// Takes nothing.
    pub full: AtomicBool,
}

impl Store {
    /// What is kept under a name of the library's own.
    pub fn note(&self, name: &str) -> Option<Vec<u8>> {
        self.notes.lock().unwrap().get(name).cloned()
    }

    pub fn count(&self) -> usize {
        self.certificates.lock().unwrap().len()
    }
}

#[async_trait::async_trait]
impl CertificateStore for Store {
    async fn save(&self, mut certificate: StoredCertificate) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full);
        }
        if self.corrupts.load(Ordering::SeqCst) {
            certificate.files[0].content[0] ^= 1;
        }
        let mut certificates = self.certificates.lock().unwrap();
        certificates.insert(certificate.id.clone(), certificate);
        Ok(())
    }

    async fn list(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.certificates.lock().unwrap().keys().cloned().collect())
    }

    async fn load(&self, id: String) -> Result<Option<StoredCertificate>, StoreError> {
        Ok(self.certificates.lock().unwrap().get(&id).cloned())
    }

    async fn delete(&self, id: String) -> Result<(), StoreError> {
        self.certificates.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn save_note(&self, name: String, content: Vec<u8>) -> Result<(), StoreError> {
        self.notes.lock().unwrap().insert(name, content);
        Ok(())
    }

    async fn load_note(&self, name: String) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.notes.lock().unwrap().get(&name).cloned())
    }

    async fn delete_note(&self, name: String) -> Result<(), StoreError> {
        self.notes.lock().unwrap().remove(&name);
        Ok(())
    }
}

/// The device's lock, which opens unless it is told not to.
#[derive(Default)]
pub struct Lock {
    pub stays_shut: AtomicBool,
    pub asked: Mutex<Vec<VerificationPurpose>>,
}

#[async_trait::async_trait]
impl UserVerification for Lock {
    async fn verify(&self, purpose: VerificationPurpose) -> Result<(), VerificationError> {
        self.asked.lock().unwrap().push(purpose);
        if self.stays_shut.load(Ordering::SeqCst) {
            return Err(VerificationError::Cancelled);
        }
        Ok(())
    }
}

/// What was logged.
#[derive(Default)]
pub struct Log(pub Mutex<Vec<LogEntry>>);

impl LogSink for Log {
    fn log(&self, entry: LogEntry) {
        self.0.lock().unwrap().push(entry);
    }
}

/// A future of the library, run as an app's scope would.
pub fn run<T: Send + 'static>(
    future: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> JoinHandle<Result<T, Failure>> {
    tokio::spawn(future)
}

/// How something ends that has to end.
pub async fn end<T>(running: JoinHandle<Result<T, Failure>>) -> Result<T, Failure> {
    let ended = timeout(PATIENCE, running).await.expect("it ends");
    ended.expect("it does not panic")
}

/// The code of a failure.
pub fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    let Failure::Failed {
        code,
        message_ko,
        message_en,
        ..
    } = result.expect_err("a failure");
    assert!(!message_ko.is_empty() && message_en.is_ascii());
    code
}

/// Waits for the event that `wanted` takes something of; passes others over.
macro_rules! until {
    ($transfer:expr, $wanted:pat) => {
        until!($transfer, $wanted => {})
    };
    ($transfer:expr, $wanted:pat => $taken:expr) => {
        loop {
            let next = tokio::time::timeout(naru_tests::PATIENCE, $transfer.next());
            match next.await.expect("something happens") {
                Some($wanted) => break $taken,
                Some(_) => {}
                None => panic!("it has ended before {}", stringify!($wanted)),
            }
        }
    };
}
