//! The agencies whose people may use the relay, and their rules (`docs/agencies.md`).

mod current;
mod reading;

use std::{
    fmt,
    net::IpAddr,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use naru_core::rules::{self, Movement};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::{
    current::{CurrentRules, RulesError},
    reading::Fault,
};
use crate::store::{Capacity, Lifetimes};

/// The rules of one file, in the order in which it has the agencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agencies {
    pub(crate) agencies: Vec<Arc<Agency>>,
    /// Whom people turn to who belong to no agency.
    pub(crate) desk: Option<Desk>,
}

/// One agency and its rules. What is absent is the relay's own setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its name in the file.
    pub(crate) id: String,
    pub(crate) name: Localised,
    /// Where its people are; `None` is everywhere.
    pub(crate) networks: Option<Vec<IpNet>>,
    /// Which ways a certificate may go; `None` is all.
    pub(crate) directions: Option<Vec<Direction>>,
    pub(crate) devices: Option<NonZeroU16>,
    pub(crate) join_ttl: Option<Duration>,
    pub(crate) transfer_ttl: Option<Duration>,
    pub(crate) deposits: bool,
    pub(crate) deposit_hours: Option<NonZeroU16>,
    pub(crate) deposit_max_hours: Option<NonZeroU16>,
    /// Common names of the issuers whose certificates may be moved; `None` is all.
    pub(crate) issuers: Option<Vec<String>>,
    /// Certificate policies of which one has to be in a certificate; `None` is all.
    pub(crate) policies: Option<Vec<String>>,
    pub(crate) password_characters: Option<NonZeroU16>,
    pub(crate) password_kinds: Option<NonZeroU16>,
    pub(crate) shared_pc: Option<bool>,
    /// What the page says at its start.
    pub(crate) text: Option<Localised>,
    pub(crate) desk: Option<Desk>,
}

/// A text for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Localised {
    pub(crate) ko: String,
    pub(crate) en: String,
}

/// Whom people turn to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Desk {
    pub(crate) name: Localised,
    pub(crate) phone: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) hours: Option<Localised>,
}

/// Which way a certificate goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the PC to another device.
    FromPc,
    /// From another device to the PC.
    ToPc,
    /// From the PC to removable storage, which the relay never sees.
    ToStorage,
}

impl From<rules::Direction> for Direction {
    fn from(direction: rules::Direction) -> Self {
        match direction {
            rules::Direction::FromPc => Self::FromPc,
            rules::Direction::ToPc => Self::ToPc,
        }
    }
}

/// A rule that stops somebody, by its name in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Where one is.
    Networks,
    /// Whether anything may be deposited.
    Deposits,
    /// Which way the certificate goes.
    Directions,
    /// Who has issued the certificate.
    Issuers,
    /// Under which policy it was issued.
    Policies,
    /// How many devices one may have.
    Devices,
    /// Whether the account is one of an agency's.
    Accounts,
}

impl Rule {
    /// Stable, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Networks => "networks",
            Self::Deposits => "deposits",
            Self::Directions => "directions",
            Self::Issuers => "issuers",
            Self::Policies => "policies",
            Self::Devices => "devices",
            Self::Accounts => "accounts",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The rule that stops somebody, whose it is, and whom to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refusal {
    pub(crate) rule: Rule,
    /// `null` for those who belong to no agency.
    pub(crate) agency: Option<AgencyName>,
    pub(crate) desk: Option<Desk>,
}

/// Which agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgencyName {
    pub(crate) id: String,
    pub(crate) name: Localised,
}

/// Who asks, as far as it decides which agency's rules hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requester<'r> {
    pub(crate) address: IpAddr,
    /// The agency of the account, where people log in.
    pub(crate) agency: Option<&'r str>,
}

impl Agencies {
    /// Whose rules hold: those of the account's agency, and without an account those of the first agency that
    /// has the requester's network.
    pub(crate) fn of(&self, requester: Requester<'_>) -> Result<&Arc<Agency>, Box<Refusal>> {
        let address = requester.address.to_canonical();
        let mut agencies = self.agencies.iter();
        if let Some(id) = requester.agency {
            let agency = agencies.find(|agency| agency.id == id).ok_or_else(|| {
                Box::new(Refusal {
                    rule: Rule::Accounts,
                    agency: None,
                    desk: self.desk(),
                })
            })?;
            return match agency.has(address) {
                true => Ok(agency),
                false => Err(agency.refuses(Rule::Networks)),
            };
        }
        agencies.find(|agency| agency.has(address)).ok_or_else(|| {
            Box::new(Refusal {
                rule: Rule::Networks,
                agency: self.only_name(),
                desk: self.desk(),
            })
        })
    }

    /// Where there is only one agency, it is the one that refuses.
    fn only_name(&self) -> Option<AgencyName> {
        match self.agencies.as_slice() {
            [agency] => Some(agency.public_name()),
            _ => None,
        }
    }

    fn desk(&self) -> Option<Desk> {
        match self.agencies.as_slice() {
            [agency] if self.desk.is_none() => agency.desk.clone(),
            _ => self.desk.clone(),
        }
    }
}

impl Agency {
    fn has(&self, address: IpAddr) -> bool {
        let networks = self.networks.as_ref();
        networks.is_none_or(|networks| networks.iter().any(|network| network.contains(&address)))
    }

    pub(crate) fn public_name(&self) -> AgencyName {
        AgencyName {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }

    pub(crate) fn refuses(&self, rule: Rule) -> Box<Refusal> {
        Box::new(Refusal {
            rule,
            agency: Some(self.public_name()),
            desk: self.desk.clone(),
        })
    }

    /// Refuses what its rules do not allow, as far as the client has said what it does.
    pub(crate) fn judge(&self, movement: &Movement) -> Result<(), Box<Refusal>> {
        let ways = self.directions.as_ref().zip(movement.direction);
        if ways.is_some_and(|(allowed, way)| !allowed.contains(&way.into())) {
            return Err(self.refuses(Rule::Directions));
        }
        let Some(certificate) = &movement.certificate else {
            return Ok(());
        };
        let issuers = self.issuers.as_ref();
        if issuers.is_some_and(|issuers| !issuers.contains(&certificate.issuer)) {
            return Err(self.refuses(Rule::Issuers));
        }
        let is_allowed = |policies: &Vec<String>| {
            let mut own = certificate.policies.iter();
            own.any(|policy| policies.contains(policy))
        };
        match self.policies.as_ref().is_none_or(is_allowed) {
            true => Ok(()),
            false => Err(self.refuses(Rule::Policies)),
        }
    }

    /// How long its mailboxes live at most.
    pub(crate) fn lifetimes(&self, capacity: &Capacity) -> Lifetimes {
        let own = Lifetimes::of(capacity);
        Lifetimes {
            join: self.join_ttl.unwrap_or(own.join),
            transfer: self.transfer_ttl.unwrap_or(own.transfer),
        }
    }

    /// How many seconds it lets a deposit be kept, of those that are asked for.
    pub(crate) fn keeps(&self, asked: NonZeroU32) -> NonZeroU32 {
        let most = self.deposit_max_hours.and_then(|hours| {
            NonZeroU32::from(hours).checked_mul(NonZeroU32::MIN.saturating_add(3_599))
        });
        most.map_or(asked, |most| most.min(asked))
    }
}
