//! What people look at until it shows what they wait for.

use std::{
    cell::RefCell,
    future::poll_fn,
    task::{Poll, Waker},
};

/// A value with its onlookers, who are told in the order in which they came: a seed decides everything.
pub(crate) struct Sign<T> {
    shown: RefCell<T>,
    onlookers: RefCell<Vec<Waker>>,
}

impl<T: Clone> Sign<T> {
    pub(crate) fn new(shown: T) -> Self {
        Self {
            shown: RefCell::new(shown),
            onlookers: RefCell::default(),
        }
    }

    pub(crate) fn show(&self, what: T) {
        self.shown.replace(what);
        self.onlookers.take().into_iter().for_each(Waker::wake);
    }

    /// Looks until it shows what is wanted.
    pub(crate) async fn wait_for(&self, is_wanted: impl Fn(&T) -> bool) -> T {
        poll_fn(|context| {
            let shown = self.shown.borrow();
            if is_wanted(&shown) {
                return Poll::Ready(shown.clone());
            }
            self.onlookers.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
