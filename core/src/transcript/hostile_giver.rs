//! A giver that a receiver's driver meets, and that proves nothing, or what is not so.

use std::{
    cell::RefCell,
    future::{Future, pending},
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_channel::mpsc::unbounded;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    certificate,
    same_person::{PAGE, PHONE, STRANGER},
    transcript,
};
use crate::{
    certificate::NativeFile,
    client::{
        Method, Party, ReceiverEvent, Request, Response, TransferError, Transport, TransportError,
        receive,
    },
    device::Device,
    identity::{End, Proof},
    mailbox::{Join, frames_to_cbor},
    message::{CancelReason, Message},
    pairing::{Direction, Origin, Pairing, Role},
    session::{AwaitsM1, DisplayerAwaitsReveal, Paired},
};

/// What it says once the receiver has proved itself.
type Says = fn(&Paired, bundle: Message) -> Vec<Message>;

/// The giver with the relay before it.
struct Giver {
    state: RefCell<State>,
    lane: RefCell<Vec<Vec<u8>>>,
    heard: RefCell<Option<CancelReason>>,
    says: Says,
}

enum State {
    Shown(Box<AwaitsM1>),
    Answered(Box<DisplayerAwaitsReveal>),
    Paired(Box<Paired>),
    Changing,
}

impl Giver {
    fn take(&self, request: &Request) {
        let state = mem::replace(&mut *self.state.borrow_mut(), State::Changing);
        let next = match state {
            State::Shown(state) => {
                let m1 = Join::from_cbor(&request.body).expect("a join").m1;
                let mut rng = ChaCha20Rng::seed_from_u64(2);
                let (state, m2) = state.read(&m1, &mut rng).expect("m2");
                self.lane.borrow_mut().push(m2.bytes);
                State::Answered(Box::new(state))
            }
            State::Answered(state) => {
                let mut paired = state.read(&request.body).expect("a reveal");
                for message in (self.says)(&paired, bundle()) {
                    let frames = paired.channel.seal(&message.to_cbor()).expect("it seals");
                    let frames = frames.into_iter().map(|frame| frame.bytes);
                    self.lane.borrow_mut().extend(frames);
                }
                State::Paired(Box::new(paired))
            }
            State::Paired(mut paired) => {
                let message = paired.channel.open(&request.body).expect("it opens");
                let message = Message::from_cbor(&message.expect("whole")).expect("a message");
                let Message::Cancel { reason } = message else {
                    panic!("{message:?}");
                };
                *self.heard.borrow_mut() = Some(reason);
                State::Paired(paired)
            }
            State::Changing => panic!("it is between two states"),
        };
        *self.state.borrow_mut() = next;
    }
}

impl Transport for Giver {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if matches!(request.method, Method::Post | Method::Put) {
            self.take(&request);
        }
        let (_, after) = request.path.split_once("after=").unwrap_or(("", "0"));
        let after: usize = after
            .split('&')
            .next()
            .and_then(|it| it.parse().ok())
            .expect("a number");
        let lane = self.lane.borrow();
        let new = lane.get(after..).unwrap_or_default();
        let has_ended = new.is_empty() && matches!(request.method, Method::Get);
        Ok(Response {
            status: if has_ended { 410 } else { 200 },
            headers: Vec::new(),
            body: frames_to_cbor(new),
        })
    }

    async fn pause(&self, _: Duration) {
        pending().await
    }
}

fn bundle() -> Message {
    let inputs = transcript()["transfers"][0]["inputs"].take();
    let files: Vec<NativeFile> = certificate(&inputs).set.native_files().to_vec();
    Message::Bundle {
        device: Some(Device::new("업무용 PC", "Linux")),
        sets: vec![files],
    }
}

fn ended<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("it waits for what never comes");
}

/// How the phone's driver ends, what it has shown, and what it has told the giver.
fn meets(says: Says) -> (TransferError, Vec<&'static str>, Option<CancelReason>) {
    let origin: Origin = "https://relay.example".parse().expect("an origin");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let shown = Pairing::display(&origin, Direction::DisplayerGives, &mut rng);
    let scanned = Pairing::scan(&shown.code().to_string(), std::slice::from_ref(&origin));
    let (prologue, psk) = (shown.prologue(), shown.derive().psk);
    let Role::Displayer { static_key, .. } = shown.role else {
        panic!("the displayer displays");
    };
    let device = Device::new("업무용 PC", "Linux");
    let giver = Giver {
        state: RefCell::new(State::Shown(Box::new(AwaitsM1::new(
            prologue, psk, static_key, device,
        )))),
        lane: RefCell::default(),
        heard: RefCell::default(),
        says,
    };
    let phone = Party::new(
        Device::new("휴대전화", "Android 17"),
        Some(PHONE.identity()),
    );
    let (_commands, queue) = unbounded();
    let mut events = Vec::new();
    let show = |event| match event {
        ReceiverEvent::ShowCode { .. } => events.push("the code"),
        ReceiverEvent::Arrived(_) => events.push("the certificate"),
        _ => {}
    };
    let scanned = scanned.expect("it scans");
    let outcome = ended(receive(&giver, scanned, phone, &mut rng, queue, show));
    let heard = *giver.heard.borrow();
    (outcome.expect_err("it ends"), events, heard)
}

fn proves(login: &super::same_person::Login, paired: &Paired, end: End) -> Message {
    let h = paired.channel.handshake_hash();
    Message::Identity {
        proof: login.identity().prove(h, end),
    }
}

#[test]
fn the_same_person_is_shown_the_code_and_then_the_certificate() {
    let (error, shown, heard) =
        meets(|paired, bundle| vec![proves(&PAGE, paired, End::Giver), bundle]);
    assert_eq!(shown, ["the code", "the certificate"]);
    assert_eq!((error, heard), (TransferError::Ended, None));
}

#[test]
fn a_giver_that_is_not_known_is_refused_before_the_code_is_shown() {
    let missing = (
        TransferError::IdentityMissing,
        Some(CancelReason::IdentityMissing),
    );
    let invalid = (
        TransferError::IdentityInvalid,
        Some(CancelReason::IdentityInvalid),
    );
    let other = (TransferError::OtherPerson, Some(CancelReason::OtherPerson));
    let tampered = (TransferError::Tampered, Some(CancelReason::Protocol));
    let cases: [(&str, Says, _); 8] = [
        (
            "the certificate in place of a proof",
            |_, bundle| vec![bundle],
            missing,
        ),
        (
            "another person",
            |paired, bundle| vec![proves(&STRANGER, paired, End::Giver), bundle],
            other,
        ),
        (
            "the receiver's own proof, sent back",
            |paired, bundle| {
                let proof = paired.proof.clone().expect("a proof");
                vec![Message::Identity { proof }, bundle]
            },
            invalid,
        ),
        (
            "a proof of a receiver",
            |paired, bundle| vec![proves(&PAGE, paired, End::Receiver), bundle],
            invalid,
        ),
        (
            "a proof of another handshake",
            |_, bundle| {
                let proof = PAGE.identity().prove(&[0; 32], End::Giver);
                vec![Message::Identity { proof }, bundle]
            },
            invalid,
        ),
        (
            "the person's token with another key",
            |paired, bundle| {
                let h = paired.channel.handshake_hash();
                let proof = Proof {
                    token: PAGE.identity().prove(h, End::Giver).token,
                    ..STRANGER.identity().prove(h, End::Giver)
                };
                vec![Message::Identity { proof }, bundle]
            },
            invalid,
        ),
        ("something else", |_, _| vec![Message::Kept], tampered),
        (
            "a refusal",
            |_, _| {
                let reason = CancelReason::OtherPerson;
                vec![Message::Cancel { reason }]
            },
            (TransferError::OtherPerson, None),
        ),
    ];
    for (what, says, expected) in cases {
        let (error, shown, heard) = meets(says);
        assert_eq!(shown, Vec::<&str>::new(), "{what}");
        assert_eq!((error, heard), expected, "{what}");
    }
}

#[test]
fn a_second_proof_is_not_due() {
    let (error, shown, heard) = meets(|paired, bundle| {
        let proof = || proves(&PAGE, paired, End::Giver);
        vec![proof(), proof(), bundle]
    });
    assert_eq!(shown, ["the code"]);
    assert_eq!(
        (error, heard),
        (TransferError::Tampered, Some(CancelReason::Protocol))
    );
}
