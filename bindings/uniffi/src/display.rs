//! What this device shows for another one to take: a QR, and a number to type.

use std::{pin::pin, sync::Arc};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{
    StreamExt,
    future::{Either, pending, select},
};
use naru_core::{
    client::{NumberEvent, announce},
    pairing::{Pairing, PairingCode},
    qr::draw,
};

use crate::{
    failure::{Failure, Refusal},
    naru::generator,
    relay::Relay,
    signal::Signal,
};

/// A QR to show: dark on light whatever the theme, with a quiet zone of four modules around it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct QrCode {
    /// What it says, for those who cannot see it. Secret until it has been used.
    pub text: String,
    /// Modules on one side.
    pub width: u32,
    /// The modules, row by row: 1 is dark, 0 is light.
    pub modules: Vec<u8>,
}

/// What a number became.
pub(crate) enum Announced {
    Number { number: String, expires_in: u64 },
    Used,
    Unavailable(Failure),
}

/// A pairing code on this device's screen.
pub(crate) struct Display {
    code: PairingCode,
    requests: UnboundedSender<()>,
}

/// Makes numbers beside a transfer.
pub(crate) struct Numbers {
    code: PairingCode,
    requests: UnboundedReceiver<()>,
    /// Raised when the other device is there, and no number is needed any more.
    pub(crate) joined: Arc<Signal>,
}

impl Display {
    pub(crate) fn of(pairing: &Pairing) -> (Self, Numbers) {
        let (requests, queue) = unbounded();
        let code = pairing.code().clone();
        let numbers = Numbers {
            code: code.clone(),
            requests: queue,
            joined: Arc::new(Signal::new()),
        };
        (Self { code, requests }, numbers)
    }

    pub(crate) fn qr(&self) -> Result<QrCode, Failure> {
        let text = self.code.to_string();
        // A pairing code fits into a QR.
        let modules = draw(&text).map_err(|_| Refusal::NotDisplayed)?;
        let sides = 0..modules.width();
        let cells = sides
            .clone()
            .flat_map(|y| sides.clone().map(move |x| (x, y)));
        let cells = cells.map(|(x, y)| u8::from(modules.is_dark(x, y)));
        Ok(QrCode {
            text,
            width: modules.width() as u32,
            modules: cells.collect(),
        })
    }

    pub(crate) fn request_number(&self) {
        // A transfer that has ended makes no number.
        let _ = self.requests.unbounded_send(());
    }
}

impl Numbers {
    /// Runs a transfer, and makes a number each time that one is asked for until the other device is
    /// there. The transfer alone decides how it ends.
    pub(crate) async fn beside<T>(
        self,
        relay: &Relay,
        transfer: impl Future<Output = T>,
        emit: impl Fn(Announced),
    ) -> T {
        let numbers = async {
            self.make(relay, emit).await;
            pending::<()>().await;
        };
        match select(pin!(transfer), pin!(numbers)).await {
            Either::Left((result, _)) => result,
            Either::Right(((), transfer)) => transfer.await,
        }
    }

    async fn make(mut self, relay: &Relay, emit: impl Fn(Announced)) {
        while self.requests.next().await.is_some() {
            let mut rng = match generator() {
                Ok(rng) => rng,
                Err(failure) => {
                    emit(Announced::Unavailable(failure));
                    continue;
                }
            };
            let show = |event| match event {
                NumberEvent::Ready { number, expires_in } => emit(Announced::Number {
                    number: number.to_string(),
                    expires_in: expires_in.as_secs(),
                }),
                NumberEvent::Used => emit(Announced::Used),
            };
            let announced = announce(relay, &relay.origin, &self.code, &mut rng, show);
            match select(pin!(announced), pin!(self.joined.raised())).await {
                Either::Left((Ok(()), _)) => {}
                Either::Left((Err(error), _)) => emit(Announced::Unavailable(error.into())),
                Either::Right(_) => return,
            }
        }
    }
}
