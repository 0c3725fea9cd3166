//! When mailboxes end.

use std::collections::BTreeSet;

use naru_core::mailbox::MailboxId;
use tokio::time::Instant;

/// Mailboxes, in the order of their ends.
#[derive(Default)]
pub(super) struct Ends {
    order: BTreeSet<(Instant, MailboxId)>,
    /// Nothing ends before: most calls need not look into the set, which is not in a processor's cache.
    earliest: Option<Instant>,
}

impl Ends {
    pub(super) fn insert(&mut self, ends: Instant, id: MailboxId) {
        self.earliest = Some(self.earliest.map_or(ends, |earliest| earliest.min(ends)));
        self.order.insert((ends, id));
    }

    pub(super) fn remove(&mut self, ends: Instant, id: MailboxId) {
        self.order.remove(&(ends, id));
    }

    /// Takes the first that has ended.
    pub(super) fn take(&mut self, now: Instant) -> Option<MailboxId> {
        self.earliest.filter(|earliest| *earliest <= now)?;
        let first = self.order.first().copied();
        self.earliest = first.map(|(ends, _)| ends);
        let (_, ended) = first.filter(|(ends, _)| *ends <= now)?;
        self.order.pop_first();
        Some(ended)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id(byte: u8) -> MailboxId {
        MailboxId::from_bytes([byte; 16])
    }

    #[test]
    fn takes_what_has_ended_in_order_and_nothing_before_its_time() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut ends = Ends::default();
        assert_eq!(ends.take(start), None);
        for (seconds, byte) in [(3, 3), (1, 1), (2, 2)] {
            ends.insert(after(seconds), id(byte));
        }
        assert_eq!(ends.take(start), None);
        assert_eq!(ends.take(after(2)), Some(id(1)));
        assert_eq!(ends.take(after(2)), Some(id(2)));
        assert_eq!(ends.take(after(2)), None);
        ends.insert(after(1), id(4));
        assert_eq!(ends.take(after(2)), Some(id(4)));
        assert_eq!(ends.take(after(3)), Some(id(3)));
        assert_eq!(ends.take(after(9)), None);
    }

    #[test]
    fn does_not_take_what_was_put_off() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut ends = Ends::default();
        ends.insert(start, id(1));
        ends.remove(start, id(1));
        assert_eq!(ends.take(start), None);
        ends.insert(later, id(1));
        assert_eq!(ends.take(start), None);
        assert_eq!(ends.take(later), Some(id(1)));
    }
}
