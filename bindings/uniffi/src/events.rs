//! What happens in a transfer, for the app to take one by one.

use std::pin::pin;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{
    StreamExt,
    future::{Either, select},
    lock::Mutex,
};

use crate::signal::Signal;

pub(crate) struct Events<E>(Mutex<UnboundedReceiver<E>>);

impl<E> Events<E> {
    /// The end that a transfer writes to, and that its end closes.
    pub(crate) fn new() -> (UnboundedSender<E>, Self) {
        let (sender, receiver) = unbounded();
        (sender, Self(Mutex::new(receiver)))
    }

    /// The next event; `None` when the transfer has ended or was stopped.
    pub(crate) async fn next(&self, stop: &Signal) -> Option<E> {
        if stop.is_raised() {
            return None;
        }
        let next = async { self.0.lock().await.next().await };
        match select(pin!(next), pin!(stop.raised())).await {
            Either::Left((event, _)) => event,
            Either::Right(_) => None,
        }
    }
}
