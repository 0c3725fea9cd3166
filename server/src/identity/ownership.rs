//! Whose mailboxes are whose.

use std::time::Duration;

use naru_core::mailbox::MailboxId;

use super::{
    Identity,
    person::{Account, hashed},
};
use crate::registry::{Registry, RegistryError};

/// Whose a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Same,
    Other,
    Nobody,
}

impl Identity {
    /// Takes a mailbox for an account, unless it is another's.
    pub(crate) async fn own(
        &self,
        id: &MailboxId,
        account: &Account,
        for_at_most: Duration,
    ) -> Result<Owner, RegistryError> {
        let key = hashed("mailbox", id.as_bytes());
        let name = account.to_string();
        for _ in 0..super::ATTEMPTS {
            let owner = self.owner(id, account).await?;
            if owner != Owner::Nobody {
                return Ok(owner);
            }
            let new = Some(name.as_bytes());
            if self
                .registry
                .swap(&key, None, new, Some(for_at_most))
                .await?
            {
                return Ok(Owner::Same);
            }
        }
        Err(RegistryError::Busy)
    }

    /// Whose a mailbox is, seen from an account.
    pub(crate) async fn owner(
        &self,
        id: &MailboxId,
        account: &Account,
    ) -> Result<Owner, RegistryError> {
        let key = hashed("mailbox", id.as_bytes());
        let owner = self.registry.get(&key).await?;
        Ok(match owner {
            None => Owner::Nobody,
            Some(owner) if owner == account.to_string().as_bytes() => Owner::Same,
            Some(_) => Owner::Other,
        })
    }
}
