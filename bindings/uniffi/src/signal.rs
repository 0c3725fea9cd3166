//! Something that happens once, and that several futures wait for.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use futures_channel::oneshot;
use futures_util::{FutureExt, future::Shared};

use crate::lock::lock;

pub(crate) struct Signal {
    raised: AtomicBool,
    sender: Mutex<Option<oneshot::Sender<()>>>,
    receiver: Shared<oneshot::Receiver<()>>,
}

impl Signal {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = oneshot::channel();
        Self {
            raised: AtomicBool::new(false),
            sender: Mutex::new(Some(sender)),
            receiver: receiver.shared(),
        }
    }

    pub(crate) fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        // Dropping the sender wakes everybody.
        drop(lock(&self.sender).take());
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Resolves once it is raised.
    pub(crate) async fn raised(&self) {
        // Nothing is ever sent.
        let _ = self.receiver.clone().await;
    }
}
