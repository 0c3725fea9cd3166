//! Deposits from the page.

use std::num::NonZeroU32;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::{Function, Promise};
use naru_core::{
    client::{
        Deposit, DepositCommand, DepositEvent, DepositStatus, deposit, deposit_status, withdraw,
    },
    deposit::WithdrawCode,
    device::Device,
    pairing::Origin,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{
    Generator,
    certificates::Certificates,
    generator,
    giving::{offer, receipt},
    origin, thrown, to_js,
    transport::PageTransport,
};

/// One deposit, while the page looks after it.
#[wasm_bindgen]
pub struct Depositing {
    commands: UnboundedSender<DepositCommand>,
    prepared: Option<Prepared>,
}

struct Prepared {
    origin: Origin,
    deposit: Deposit,
    device: Device,
    rng: Generator,
    queue: UnboundedReceiver<DepositCommand>,
}

#[derive(Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Event {
    Stored {
        recovery: String,
        withdraw: String,
        expires_in: f64,
    },
    Claimed,
    Released,
    Received {
        signed: bool,
        location: String,
    },
    Reconnecting,
    Reconnected,
}

#[wasm_bindgen]
impl Depositing {
    /// Takes a certificate whose password has been checked, and for how many seconds it is to be kept.
    #[wasm_bindgen(constructor)]
    pub fn new(
        relay: &str,
        certificates: &Certificates,
        index: usize,
        keep: u32,
        name: &str,
        platform: &str,
    ) -> Result<Depositing, JsValue> {
        let (commands, queue) = unbounded();
        let deposit = Deposit {
            offer: offer(certificates, index)?,
            keep: NonZeroU32::new(keep).unwrap_or(NonZeroU32::MIN),
        };
        let prepared = Some(Prepared {
            origin: origin(relay)?,
            deposit,
            device: Device::new(name, platform),
            rng: generator()?,
            queue,
        });
        Ok(Self { commands, prepared })
    }

    /// Stores the deposit and watches over it, once; throws `{code}` when it fails.
    pub fn run(&mut self, send: Function, pause: Function, on_event: Function) -> Promise {
        let prepared = self.prepared.take();
        wasm_bindgen_futures::future_to_promise(async move {
            let Prepared {
                origin,
                deposit: wanted,
                device,
                mut rng,
                queue,
            } = prepared.ok_or_else(|| thrown("already_run"))?;
            let transport = PageTransport { send, pause };
            let show = |event| {
                // A listener that throws does not stop the deposit.
                let _ = on_event.call1(&JsValue::UNDEFINED, &to_js(&Event::from(event)));
            };
            deposit(&transport, &origin, wanted, device, &mut rng, queue, show)
                .await
                .map(|()| JsValue::UNDEFINED)
                .map_err(|error| thrown(error.code()))
        })
    }

    /// Takes the deposit back.
    pub fn withdraw(&self) {
        // A deposit that has been fetched cannot be taken back any more.
        let _ = self.commands.unbounded_send(DepositCommand::Withdraw);
    }
}

impl From<DepositEvent> for Event {
    fn from(event: DepositEvent) -> Self {
        match event {
            DepositEvent::Stored {
                recovery,
                withdraw,
                expires_in,
            } => Self::Stored {
                recovery: recovery.to_string(),
                withdraw: withdraw.to_string(),
                expires_in: expires_in.as_secs_f64(),
            },
            DepositEvent::Claimed => Self::Claimed,
            DepositEvent::Released => Self::Released,
            DepositEvent::Fetched(received) => {
                let (signed, location) = receipt(received);
                Self::Received { signed, location }
            }
            DepositEvent::Reconnecting => Self::Reconnecting,
            DepositEvent::Reconnected => Self::Reconnected,
        }
    }
}

/// Where the deposit of a withdraw code stands: `waiting`, `claimed` or `fetched`; throws `{code}`.
#[wasm_bindgen(js_name = depositStatus)]
pub fn status(
    relay: &str,
    code: &str,
    send: Function,
    pause: Function,
) -> Result<Promise, JsValue> {
    let (origin, code) = (origin(relay)?, withdraw_code(code)?);
    Ok(wasm_bindgen_futures::future_to_promise(async move {
        let transport = PageTransport { send, pause };
        let status = deposit_status(&transport, &origin, &code)
            .await
            .map_err(|error| thrown(error.code()))?;
        Ok(JsValue::from_str(match status {
            DepositStatus::Waiting { .. } => "waiting",
            DepositStatus::Claimed { .. } => "claimed",
            DepositStatus::Fetched => "fetched",
        }))
    }))
}

/// Takes the deposit of a withdraw code back; throws `{code}`.
#[wasm_bindgen(js_name = withdrawDeposit)]
pub fn take_back(
    relay: &str,
    code: &str,
    send: Function,
    pause: Function,
) -> Result<Promise, JsValue> {
    let (origin, code) = (origin(relay)?, withdraw_code(code)?);
    Ok(wasm_bindgen_futures::future_to_promise(async move {
        let transport = PageTransport { send, pause };
        withdraw(&transport, &origin, &code)
            .await
            .map(|()| JsValue::UNDEFINED)
            .map_err(|error| thrown(error.code()))
    }))
}

fn withdraw_code(code: &str) -> Result<WithdrawCode, JsValue> {
    code.parse()
        .map_err(|error: naru_core::deposit::DepositCodeError| thrown(error.code()))
}
