//! What every call works with.

use std::{sync::Arc, time::Duration};

use naru_core::mailbox::{MailboxId, Open};
use tokio::sync::watch;

use super::{client_settings::ClientSettings, gate::Caller};
use crate::{
    agencies::{Agency, CurrentRules, Localised, Requester},
    audit::{Audit, Event, Kind},
    client_network::ClientAddress,
    identity::{Identity, Owner},
    limits::Limits,
    problem::Problem,
    reference::Reference,
    store::{Accepted, Backend, Capacity, Lifetimes},
    waiters::Waiters,
};

/// What every call works with.
pub(crate) struct Relay {
    pub(crate) store: Backend,
    pub(crate) limits: Limits,
    pub(crate) waiters: Waiters,
    pub(crate) rules: CurrentRules,
    pub(crate) audit: Audit,
    /// Who people are, where they have to log in.
    pub(crate) identity: Option<Identity>,
    pub(crate) capacity: Capacity,
    /// Whether deposits are taken.
    pub(crate) deposits: bool,
    /// What `/v1/settings` answers.
    pub(crate) client_settings: ClientSettings,
    pub(crate) frame_bytes: usize,
    pub(crate) body_deadline: Duration,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Relay {
    /// [`Problem::ShuttingDown`] once the relay is told to stop.
    pub(crate) fn goes_on(&self) -> Result<(), Problem> {
        match *self.stopping.borrow() {
            true => Err(Problem::ShuttingDown),
            false => Ok(()),
        }
    }

    /// Whose rules hold for the client; `None` where there are no agencies.
    pub(crate) fn agency(
        &self,
        client: ClientAddress,
        caller: Option<&Caller>,
    ) -> Result<Option<Arc<Agency>>, Problem> {
        let requester = Requester {
            address: client.0,
            agency: caller.map(|caller| &*caller.person.agency),
        };
        Ok(self.rules.agency(requester)?)
    }

    /// How an agency is called, where its people may be here.
    pub(super) fn agency_name(&self, client: ClientAddress, id: &str) -> Option<Localised> {
        let requester = Requester {
            address: client.0,
            agency: Some(id),
        };
        let agency = self.rules.agency(requester).ok().flatten();
        agency.map(|agency| agency.public_name().name)
    }

    /// Reads the agencies' rules again; wrong ones change nothing.
    pub(crate) fn reload(&self) {
        match self.rules.reload() {
            Ok(true) => {
                tracing::info!("the agencies' rules are changed");
                self.audit.record(Event::now(Kind::RuleChange));
            }
            Ok(false) => tracing::info!("the agencies' rules are the same"),
            Err(error) => {
                tracing::error!(%error, "the agencies' rules stay as they were");
                self.audit.record(Event {
                    failure: Some("wrong_rules".to_owned()),
                    ..Event::now(Kind::RuleChange)
                });
            }
        }
    }

    /// Something that a client does now.
    pub(crate) fn event(
        &self,
        kind: Kind,
        client: ClientAddress,
        caller: Option<&Caller>,
    ) -> Event {
        let agency = match caller {
            Some(caller) => Some(caller.person.agency.clone()),
            None => self
                .agency(client, None)
                .ok()
                .flatten()
                .map(|it| it.public_name().id),
        };
        Event {
            from: Some(client.0),
            agency,
            account: caller.map(|caller| caller.person.account.to_string()),
            note: caller.and_then(|caller| caller.device.as_ref().map(|it| format!("device {it}"))),
            ..Event::now(kind)
        }
    }

    /// Notes what a client has changed about a mailbox; a repetition is nothing new.
    pub(super) fn note(
        &self,
        accepted: Accepted,
        kind: Kind,
        client: ClientAddress,
        caller: Option<&Caller>,
        mailbox: Reference,
    ) {
        if accepted == Accepted::New {
            let event = self.event(kind, client, caller).about(mailbox);
            self.audit.record(event);
        }
    }

    /// Takes a mailbox that is opened for whoever opens it.
    pub(super) async fn take(
        &self,
        id: &MailboxId,
        open: &Open,
        caller: Option<&Caller>,
    ) -> Result<(), Problem> {
        let (Some(identity), Some(caller)) = (&self.identity, caller) else {
            return Ok(());
        };
        let waits = self.capacity.waits(open, Lifetimes::of(&self.capacity))
            + self.capacity.transfer_ttl * 2;
        match Box::pin(identity.own(id, &caller.person.account, waits)).await? {
            Owner::Same => Ok(()),
            Owner::Other | Owner::Nobody => Err(Problem::MailboxExists),
        }
    }

    pub(super) fn lifetimes(&self, agency: Option<&Arc<Agency>>) -> Lifetimes {
        agency.map_or(Lifetimes::LONGEST, |agency| {
            agency.lifetimes(&self.capacity)
        })
    }
}
