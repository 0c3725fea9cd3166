//! A number that is typed does what a scanned code does, takes one try, and tells nobody anything.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{convert::Infallible, num::NonZeroU32, time::Duration};

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use naru_core::{
    client::{GiverCommand, NumberEvent, TransferError, announce, look_up},
    connection_number::ConnectionNumber,
    giver::Conclusion,
    mailbox::{Join, MailboxId, Token, join_path},
    pairing::{Direction, Origin, Pairing, PairingCode},
};
use naru_relay::store::StoreUrl;
use naru_tests::{
    PATIENCE, RunningRedis, RunningRelay, offer, opened, rng, sample, start_giver, start_receiver,
    transport,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{CryptoRng, TryCryptoRng, TryRng},
};
use tokio::{task::JoinHandle, time::timeout};

naru_tests::on_every_store!(
    a_certificate_crosses_in_both_directions_by_a_typed_number,
    a_wrong_guess_uses_the_number_up,
    a_second_device_cannot_try_the_same_number,
    a_number_expires_with_its_rendezvous,
);

/// A device that shows a number.
struct Announcer {
    events: UnboundedReceiver<NumberEvent>,
    end: JoinHandle<Result<(), TransferError>>,
}

impl Announcer {
    fn start(
        origin: &Origin,
        code: &PairingCode,
        mut rng: impl CryptoRng + Send + 'static,
    ) -> Self {
        let (shown, events) = unbounded();
        let (origin, code) = (origin.clone(), code.clone());
        let end = tokio::spawn(async move {
            let show = |event| drop(shown.unbounded_send(event));
            announce(&transport(&origin), &origin, &code, &mut rng, show).await
        });
        Self { events, end }
    }

    async fn number(&mut self) -> ConnectionNumber {
        match timeout(PATIENCE, self.events.recv()).await.unwrap() {
            Ok(NumberEvent::Ready { number, .. }) => number,
            event => panic!("{event:?}"),
        }
    }

    async fn used(mut self) {
        let event = timeout(PATIENCE, self.events.recv()).await.unwrap();
        assert!(matches!(event, Ok(NumberEvent::Used)));
        assert_eq!(self.end().await, Ok(()));
    }

    async fn end(self) -> Result<(), TransferError> {
        timeout(PATIENCE, self.end).await.unwrap().unwrap()
    }
}

/// Randomness that begins as another's does, for as long as a number is drawn.
struct SameNumber {
    drawn: ChaCha20Rng,
    number: bool,
}

impl TryRng for SameNumber {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.drawn.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.drawn.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.drawn.try_fill_bytes(bytes)?;
        if !std::mem::take(&mut self.number) {
            bytes.iter_mut().for_each(|byte| *byte ^= 1);
        }
        Ok(())
    }
}

impl TryCryptoRng for SameNumber {}

/// As a person types it on another device.
async fn typed(
    origin: &Origin,
    number: &ConnectionNumber,
    seed: u64,
) -> Result<Pairing, TransferError> {
    let number = number.to_string().parse().unwrap();
    look_up(&transport(origin), origin, &number, &mut rng(seed)).await
}

/// Another number of the same rendezvous.
fn guess(number: &ConnectionNumber) -> ConnectionNumber {
    let digits = number.to_string().replace(' ', "");
    (0..1_000_u32)
        .map(|guess| format!("{}{guess:07}", &digits[..5]))
        .filter(|text| *text != digits)
        .find_map(|text| text.parse().ok())
        .unwrap()
}

async fn a_certificate_crosses_in_both_directions_by_a_typed_number(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let folder = sample();
    let (files, _) = opened(folder.path());
    for (direction, seed) in [(Direction::DisplayerGives, 1), (Direction::ScannerGives, 2)] {
        let displayer = Pairing::display(&relay.origin, direction, &mut rng(seed));
        let mut announcer = Announcer::start(&relay.origin, displayer.code(), rng(30 + seed));
        let number = announcer.number().await;
        let scanner = typed(&relay.origin, &number, 3).await.unwrap();
        assert_eq!(scanner.direction(), direction);
        let (ours, theirs) = match direction {
            Direction::DisplayerGives => (displayer, scanner),
            Direction::ScannerGives => (scanner, displayer),
        };
        let mut giver = start_giver(ours, offer(&folder), 4);
        let mut receiver = start_receiver(theirs, 5);
        let code = receiver.code().await;
        giver.joined().await;
        giver.tell(GiverCommand::EnterCode(code));
        let arrival = receiver.arrival().await;
        let arrived: Vec<_> = arrival
            .sets
            .iter()
            .flat_map(|set| set.native_files().to_vec())
            .collect();
        assert_eq!(arrived, files);
        receiver.store(&arrival);
        giver.received().await;
        giver.tell(GiverCommand::Conclude(Conclusion::Kept));
        assert_eq!(giver.end().await, Ok(()));
        assert_eq!(receiver.end().await, Ok(Some(Conclusion::Kept)));
    }
    relay.stop().await;
}

async fn a_wrong_guess_uses_the_number_up(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let displayer = Pairing::display(&relay.origin, Direction::DisplayerGives, &mut rng(6));
    let mut announcer = Announcer::start(&relay.origin, displayer.code(), rng(7));
    let number = announcer.number().await;
    let guessed = typed(&relay.origin, &guess(&number), 8).await;
    assert_eq!(guessed.err(), Some(TransferError::WrongNumber));
    announcer.used().await;
    // The right digits come too late.
    let right = typed(&relay.origin, &number, 9).await;
    assert_eq!(right.err(), Some(TransferError::WrongNumber));
    // A new number leads to the same pairing code.
    let mut announcer = Announcer::start(&relay.origin, displayer.code(), rng(10));
    let number = announcer.number().await;
    let scanner = typed(&relay.origin, &number, 11).await.unwrap();
    assert_eq!(scanner.code().to_string(), displayer.code().to_string());
    relay.stop().await;
}

async fn a_second_device_cannot_try_the_same_number(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |_| {}).await;
    let displayer = Pairing::display(&relay.origin, Direction::DisplayerGives, &mut rng(12));
    let mut announcer = Announcer::start(&relay.origin, displayer.code(), rng(13));
    let number = announcer.number().await;
    // A guesser who stays does not let anybody else try.
    let guesser = guess(&number);
    let tries = (0..8).map(|seed| typed(&relay.origin, &guesser, seed));
    let tries = futures_util::future::join_all(tries).await;
    assert!(tries.iter().all(Result::is_err));
    announcer.used().await;
    relay.stop().await;
}

async fn a_number_expires_with_its_rendezvous(store: StoreUrl) {
    let relay = RunningRelay::start_on(store, |settings| {
        settings.capacity.join_ttl = Duration::from_secs(1);
    })
    .await;
    let displayer = Pairing::display(&relay.origin, Direction::DisplayerGives, &mut rng(14));
    let mut announcer = Announcer::start(&relay.origin, displayer.code(), rng(15));
    let number = announcer.number().await;
    assert_eq!(announcer.end().await, Err(TransferError::Expired));
    let late = typed(&relay.origin, &number, 16).await;
    assert_eq!(late.err(), Some(TransferError::WrongNumber));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_meet_in_one_rendezvous_are_drawn_again() {
    let relay = RunningRelay::start(|_| {}).await;
    let displayer = Pairing::display(&relay.origin, Direction::DisplayerGives, &mut rng(17));
    let mut first = Announcer::start(&relay.origin, displayer.code(), rng(18));
    let number = first.number().await;
    // It draws the same number first, and another token.
    let same = SameNumber {
        drawn: rng(18),
        number: true,
    };
    let mut second = Announcer::start(&relay.origin, displayer.code(), same);
    assert_ne!(second.number().await.to_string(), number.to_string());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_can_try_only_so_many_numbers() {
    let relay = RunningRelay::start(|settings| {
        settings.network_joins = NonZeroU32::new(2).unwrap();
    })
    .await;
    let client = naru_tests::http_client();
    let body = Join {
        token: Token::from_bytes([1; 32]).hash(),
        m1: vec![0; 33],
    };
    let mut answers = Vec::new();
    for guess in 0..3 {
        let id = MailboxId::from_bytes([guess; 16]);
        let answer = client
            .post(format!("{}{}", relay.origin, join_path(&id)))
            .header("authorization", Token::from_bytes([2; 32]).authorization())
            .header("content-type", "application/cbor")
            .body(body.to_cbor())
            .send()
            .await
            .unwrap();
        answers.push(answer.status().as_u16());
    }
    assert_eq!(answers, [404, 404, 429]);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_redis_learns_nothing_to_try_numbers_against() {
    let redis = RunningRedis::start(&[]);
    let watched = redis.monitor().await;
    let relay = RunningRelay::start_on(redis.url(), |_| {}).await;
    let displayer = Pairing::display(&relay.origin, Direction::DisplayerGives, &mut rng(24));
    let mut announcer = Announcer::start(&relay.origin, displayer.code(), rng(25));
    let number = announcer.number().await;
    typed(&relay.origin, &number, 26).await.unwrap();
    relay.stop().await;
    let seen = watched.arguments().await;
    let digits = number.to_string().replace(' ', "");
    let secret = &digits.as_bytes()[5..];
    let code = displayer.code().to_string();
    let known = |bytes: &&Vec<u8>| !bytes.iter().all(u8::is_ascii_digit);
    for bytes in seen.iter().filter(known) {
        assert!(!bytes.windows(secret.len()).any(|run| run == secret));
        let parts = code.as_bytes()["NARU:".len()..].windows(8);
        assert!(
            parts
                .into_iter()
                .all(|part| !bytes.windows(8).any(|run| run == part))
        );
    }
    let is_answer = |bytes: &Vec<u8>| bytes.len() == 33 + 53 + 16;
    assert!(seen.iter().any(is_answer), "no sealed pairing code went by");
}
