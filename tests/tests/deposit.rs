//! A deposit waits for whoever has its code, goes to one, and is never lost while it waits.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    collections::HashSet,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru::http::HttpTransport;
use naru_core::{
    client::{
        Deposit, DepositCommand, DepositEvent, DepositStatus, ReceiverCommand, ReceiverEvent,
        Request, Response, TransferError, Transport, TransportError, claim, deposit,
        deposit_status, withdraw,
    },
    deposit::{RecoveryCode, WithdrawCode},
    device::Device,
    giver::VerifiedReceipt,
    pairing::Origin,
    receiver::Arrival,
};
use naru_relay::store::StoreUrl;
use naru_samples::PASSWORD;
use naru_tests::{
    PATIENCE, RunningRedis, RunningRelay, offer, opened, rng, sample, stored, transport,
};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};

const A_DAY: NonZeroU32 = NonZeroU32::new(86_400).unwrap();

naru_tests::on_every_store!(
    is_fetched_byte_for_byte_and_the_receipt_comes_back,
    is_there_when_the_depositor_has_gone,
    goes_to_one_claimant_and_after_the_receipt_to_nobody,
    comes_back_from_a_person_who_refuses_it,
    is_taken_over_from_a_device_that_fell_silent,
    can_be_withdrawn_with_the_page_open_or_by_its_code,
    a_code_of_nothing_tells_nothing,
    is_kept_for_as_long_as_the_operator_wants,
);

/// A device that has deposited something and looks after it.
struct Depositor {
    commands: UnboundedSender<DepositCommand>,
    events: UnboundedReceiver<DepositEvent>,
    end: JoinHandle<Result<(), TransferError>>,
    cut: Arc<AtomicBool>,
}

/// A way to the relay that can be cut, and on which no time passes while it is.
struct Path {
    transport: HttpTransport,
    cut: Arc<AtomicBool>,
}

impl Transport for Path {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let answer = self.transport.send(request).await;
        match self.cut.load(Ordering::Relaxed) {
            true => Err(TransportError),
            false => answer,
        }
    }

    async fn pause(&self, duration: Duration) {
        match self.cut.load(Ordering::Relaxed) {
            true => tokio::task::yield_now().await,
            false => self.transport.pause(duration).await,
        }
    }
}

impl Depositor {
    fn start(origin: &Origin, folder: &TempDir, keep: NonZeroU32, seed: u64) -> Self {
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let (origin, offer) = (origin.clone(), offer(folder));
        let cut = Arc::new(AtomicBool::new(false));
        let path = Path {
            transport: transport(&origin),
            cut: Arc::clone(&cut),
        };
        let end = tokio::spawn(async move {
            let device = Device::new("업무용 PC", "Linux");
            let show = |event| drop(shown.unbounded_send(event));
            let wanted = Deposit { offer, keep };
            let rng = &mut rng(seed);
            deposit(&path, &origin, wanted, device, rng, queue, show).await
        });
        Self {
            commands,
            events,
            end,
            cut,
        }
    }

    async fn event(&mut self) -> DepositEvent {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await.unwrap();
            match event.expect("the depositor goes on") {
                DepositEvent::Reconnecting | DepositEvent::Reconnected => {}
                event => return event,
            }
        }
    }

    async fn codes(&mut self) -> (RecoveryCode, WithdrawCode) {
        match self.event().await {
            DepositEvent::Stored {
                recovery, withdraw, ..
            } => (
                recovery.to_string().parse().unwrap(),
                withdraw.to_string().parse().unwrap(),
            ),
            event => panic!("{event:?}"),
        }
    }

    async fn fetched(&mut self) -> VerifiedReceipt {
        loop {
            match self.event().await {
                DepositEvent::Fetched(receipt) => return receipt,
                DepositEvent::Claimed => {}
                event => panic!("{event:?}"),
            }
        }
    }

    async fn end(self) -> Result<(), TransferError> {
        timeout(PATIENCE, self.end).await.unwrap().unwrap()
    }
}

/// A device that fetches a deposit.
struct Claimant {
    commands: UnboundedSender<ReceiverCommand>,
    events: UnboundedReceiver<ReceiverEvent>,
    end: JoinHandle<Result<(), TransferError>>,
}

impl Claimant {
    fn start(origin: &Origin, code: &RecoveryCode, seed: u64) -> Self {
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let (origin, code) = (origin.clone(), code.clone());
        let end = tokio::spawn(async move {
            let show = |event| drop(shown.unbounded_send(event));
            let rng = &mut rng(seed);
            claim(&transport(&origin), &origin, &code, rng, queue, show).await
        });
        Self {
            commands,
            events,
            end,
        }
    }

    async fn arrival(&mut self) -> Arrival {
        loop {
            match timeout(PATIENCE, self.events.recv()).await.unwrap() {
                Ok(ReceiverEvent::Arrived(arrival)) => return arrival,
                Ok(_) => {}
                Err(_) => panic!("nothing arrived"),
            }
        }
    }

    fn tell(&self, command: ReceiverCommand) {
        self.commands.unbounded_send(command).unwrap();
    }

    async fn end(self) -> Result<(), TransferError> {
        timeout(PATIENCE, self.end).await.unwrap().unwrap()
    }
}

async fn fetch(origin: &Origin, code: &RecoveryCode, seed: u64) -> Result<(), TransferError> {
    let mut claimant = Claimant::start(origin, code, seed);
    match timeout(PATIENCE, claimant.events.recv()).await.unwrap() {
        Ok(ReceiverEvent::Arrived(arrival)) => {
            claimant.tell(ReceiverCommand::Stored(stored(&arrival)));
        }
        Ok(_) => panic!("something else happened"),
        Err(_) => {}
    }
    claimant.end().await
}

async fn status(origin: &Origin, code: &WithdrawCode) -> Result<DepositStatus, TransferError> {
    deposit_status(&transport(origin), origin, code).await
}

async fn is_fetched_byte_for_byte_and_the_receipt_comes_back(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let folder = sample();
    let (files, _) = opened(folder.path());
    let mut depositor = Depositor::start(&relay.origin, &folder, A_DAY, 1);
    let (recovery, withdraw) = depositor.codes().await;
    let waiting = status(&relay.origin, &withdraw).await;
    assert!(matches!(waiting, Ok(DepositStatus::Waiting { .. })));
    let mut claimant = Claimant::start(&relay.origin, &recovery, 2);
    let arrival = claimant.arrival().await;
    assert_eq!(arrival.peer.as_ref().unwrap().name(), "업무용 PC");
    let arrived: Vec<_> = arrival
        .sets
        .iter()
        .flat_map(|set| set.native_files().to_vec())
        .collect();
    assert_eq!(arrived, files);
    assert!(matches!(depositor.event().await, DepositEvent::Claimed));
    let claimed = status(&relay.origin, &withdraw).await;
    assert!(matches!(claimed, Ok(DepositStatus::Claimed { .. })));
    claimant.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(claimant.end().await, Ok(()));
    let receipt = depositor.fetched().await;
    assert!(receipt.sets.iter().all(|set| set.signed));
    assert_eq!(depositor.end().await, Ok(()));
    relay.stop().await;
}

async fn is_there_when_the_depositor_has_gone(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 3);
    let (recovery, withdraw) = depositor.codes().await;
    let Depositor { commands, end, .. } = depositor;
    drop(commands);
    assert_eq!(timeout(PATIENCE, end).await.unwrap().unwrap(), Ok(()));
    assert_eq!(fetch(&relay.origin, &recovery, 4).await, Ok(()));
    let fetched = status(&relay.origin, &withdraw).await;
    assert_eq!(fetched, Ok(DepositStatus::Fetched));
    relay.stop().await;
}

async fn goes_to_one_claimant_and_after_the_receipt_to_nobody(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 5);
    let (recovery, withdraw) = depositor.codes().await;
    drop(depositor);
    let mut first = Claimant::start(&relay.origin, &recovery, 6);
    let arrival = first.arrival().await;
    let second = fetch(&relay.origin, &recovery, 7).await;
    assert_eq!(second, Err(TransferError::DepositHeld));
    first.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(first.end().await, Ok(()));
    let third = fetch(&relay.origin, &recovery, 8).await;
    assert_eq!(third, Err(TransferError::DepositHeld));
    let fetched = status(&relay.origin, &withdraw).await;
    assert_eq!(fetched, Ok(DepositStatus::Fetched));
    relay.stop().await;
}

async fn comes_back_from_a_person_who_refuses_it(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 9);
    let (recovery, _) = depositor.codes().await;
    for (command, error) in [
        (ReceiverCommand::Refuse, TransferError::Refused),
        (ReceiverCommand::Cancel, TransferError::Cancelled),
    ] {
        let mut claimant = Claimant::start(&relay.origin, &recovery, 10);
        claimant.arrival().await;
        claimant.tell(command);
        assert_eq!(claimant.end().await, Err(error));
    }
    assert_eq!(fetch(&relay.origin, &recovery, 11).await, Ok(()));
    relay.stop().await;
}

async fn is_taken_over_from_a_device_that_fell_silent(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |settings| {
        settings.capacity.transfer_ttl = Duration::from_secs(1);
    })
    .await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 12);
    let (recovery, _) = depositor.codes().await;
    let mut silent = Claimant::start(&relay.origin, &recovery, 13);
    let arrival = silent.arrival().await;
    let mut fetched = Err(TransferError::DepositHeld);
    timeout(PATIENCE, async {
        while fetched == Err(TransferError::DepositHeld) {
            fetched = fetch(&relay.origin, &recovery, 14).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(fetched, Ok(()));
    // The first device comes back, too late: it has to let go of what it has.
    silent.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(silent.end().await, Err(TransferError::TakenByAnother));
    assert_eq!(depositor.fetched().await.sets.len(), 1);
    relay.stop().await;
}

async fn can_be_withdrawn_with_the_page_open_or_by_its_code(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 15);
    let (recovery, _) = depositor.codes().await;
    depositor
        .commands
        .unbounded_send(DepositCommand::Withdraw)
        .unwrap();
    assert_eq!(depositor.end().await, Ok(()));
    let late = fetch(&relay.origin, &recovery, 16).await;
    assert_eq!(late, Err(TransferError::DepositGone));

    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 17);
    let (recovery, code) = depositor.codes().await;
    let client = transport(&relay.origin);
    let mut claimant = Claimant::start(&relay.origin, &recovery, 18);
    let arrival = claimant.arrival().await;
    assert_eq!(withdraw(&client, &relay.origin, &code).await, Ok(()));
    claimant.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(claimant.end().await, Err(TransferError::Ended));
    for gone in [
        withdraw(&client, &relay.origin, &code).await,
        status(&relay.origin, &code).await.map(drop),
        fetch(&relay.origin, &recovery, 19).await,
    ] {
        assert_eq!(gone, Err(TransferError::DepositGone));
    }
    relay.stop().await;
}

async fn a_code_of_nothing_tells_nothing(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    // A code of another relay is one of nothing here.
    let elsewhere = RunningRelay::start(|_| {}).await;
    let mut depositor = Depositor::start(&elsewhere.origin, &sample(), A_DAY, 20);
    let (recovery, withdraw) = depositor.codes().await;
    let fetched = fetch(&relay.origin, &recovery, 21).await;
    assert_eq!(fetched, Err(TransferError::DepositGone));
    let status = status(&relay.origin, &withdraw).await;
    assert_eq!(status, Err(TransferError::DepositGone));
    elsewhere.stop().await;
    relay.stop().await;
}

async fn is_kept_for_as_long_as_the_operator_wants(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |settings| {
        settings.capacity.deposit_ttl = Duration::from_secs(1);
    })
    .await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 22);
    let (recovery, _) = depositor.codes().await;
    assert_eq!(depositor.end().await, Err(TransferError::Expired));
    let late = fetch(&relay.origin, &recovery, 23).await;
    assert_eq!(late, Err(TransferError::DepositGone));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn is_watched_over_however_long_the_network_is_gone() {
    let relay = RunningRelay::start(|_| {}).await;
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 32);
    let (recovery, _) = depositor.codes().await;
    let mut claimant = Claimant::start(&relay.origin, &recovery, 33);
    let arrival = claimant.arrival().await;
    assert!(matches!(depositor.event().await, DepositEvent::Claimed));
    depositor.cut.store(true, Ordering::Relaxed);
    // A transfer would have given up after the first of these.
    let mut given_up = 0;
    while given_up < 3 {
        let event = timeout(PATIENCE, depositor.events.recv()).await.unwrap();
        given_up += u8::from(matches!(event, Ok(DepositEvent::Reconnecting)));
    }
    depositor.cut.store(false, Ordering::Relaxed);
    claimant.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(claimant.end().await, Ok(()));
    assert_eq!(depositor.fetched().await.sets.len(), 1);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_takes_no_deposits_says_so() {
    let relay = RunningRelay::start(|settings| settings.deposit = None).await;
    let depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 24);
    assert_eq!(depositor.end().await, Err(TransferError::DepositsOff));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_a_restart_of_relay_and_redis_at_every_step() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut redis = RunningRedis::start(&["--dir", path, "--appendonly", "yes"]);
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let address = relay.address();
    async fn restart(
        redis: &mut RunningRedis,
        relay: RunningRelay,
        address: SocketAddr,
    ) -> RunningRelay {
        relay.stop().await;
        redis.restart().await;
        RunningRelay::start_on(redis.url(), |settings| settings.listen = address).await
    }
    let certificate = sample();
    let (files, _) = opened(certificate.path());
    let mut depositor = Depositor::start(&relay.origin, &certificate, A_DAY, 25);
    let (recovery, withdraw) = depositor.codes().await;
    let relay = restart(&mut redis, relay, address).await;
    let mut claimant = Claimant::start(&relay.origin, &recovery, 26);
    let arrival = claimant.arrival().await;
    let relay = restart(&mut redis, relay, address).await;
    let second = fetch(&relay.origin, &recovery, 27).await;
    assert_eq!(second, Err(TransferError::DepositHeld));
    // A device that dies here has lost nothing: what it was given is still there for it.
    let mut same = Claimant::start(&relay.origin, &recovery, 26);
    assert_eq!(same.arrival().await.sets[0].native_files(), files);
    claimant.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(claimant.end().await, Ok(()));
    let relay = restart(&mut redis, relay, address).await;
    let receipt = depositor.fetched().await;
    assert!(receipt.sets.iter().all(|set| set.signed));
    assert_eq!(depositor.end().await, Ok(()));
    let after = status(&relay.origin, &withdraw).await;
    assert_eq!(after, Ok(DepositStatus::Fetched));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_forgets_leaves_the_original_and_a_clear_error() {
    let relay = RunningRelay::start(|_| {}).await;
    let address = relay.address();
    let mut depositor = Depositor::start(&relay.origin, &sample(), A_DAY, 28);
    let (recovery, _) = depositor.codes().await;
    let mut claimant = Claimant::start(&relay.origin, &recovery, 29);
    let arrival = claimant.arrival().await;
    relay.stop().await;
    let relay = RunningRelay::start(|settings| settings.listen = address).await;
    claimant.tell(ReceiverCommand::Stored(stored(&arrival)));
    assert_eq!(claimant.end().await, Err(TransferError::RelayLost));
    assert_eq!(depositor.end().await, Err(TransferError::RelayLost));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_the_store_holds_nothing_readable() {
    let redis = RunningRedis::start(&[]);
    let watched = redis.monitor().await;
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let folder = sample();
    let (files, _) = opened(folder.path());
    let mut depositor = Depositor::start(&relay.origin, &folder, A_DAY, 30);
    let (recovery, withdraw) = depositor.codes().await;
    assert_eq!(fetch(&relay.origin, &recovery, 31).await, Ok(()));
    depositor.fetched().await;
    relay.stop().await;
    let seen = watched.arguments().await;
    assert!(seen.iter().any(|bytes| bytes.len() >= 4_000));
    let runs: HashSet<&[u8]> = seen.iter().flat_map(|bytes| bytes.windows(8)).collect();
    let codes = [recovery.to_string(), withdraw.to_string()]
        .map(|code| code.replace('-', "").to_lowercase());
    let secrets = files
        .iter()
        .flat_map(|file| file.bytes.windows(8))
        .chain(PASSWORD.as_bytes().windows(8))
        .chain(codes.iter().flat_map(|code| code.as_bytes().windows(8)))
        .chain([
            "085홍길동".as_bytes()[..8].as_ref(),
            "업무용".as_bytes()[..8].as_ref(),
        ]);
    for secret in secrets {
        assert!(!runs.contains(secret), "{secret:?} was seen");
    }
}
