//! What the operator wants of the page and of every other client.

use std::num::NonZeroU16;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CacheControl, CacheDirective},
    web,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Relay,
    gate::{Caller, Doing},
};
use crate::{
    agencies::{Agency, AgencyName, Desk, Direction, Localised},
    client_network::ClientAddress,
    identity::Channel,
    problem::Problem,
    settings::Settings,
};

/// The answer of `/v1/settings`. Nothing in it is secret, and nothing that a client relies on for
/// its safety: the relay is not trusted.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientSettings {
    /// Whether the page keeps nothing unless the person says that the PC is their own.
    shared_pc: bool,
    /// How long deposits are kept; `null` where none are taken.
    deposit: Option<DepositHours>,
    /// Root and intermediate certificates against which chains are checked: base64url of DER, unpadded.
    roots: Option<Vec<String>>,
    /// What a new password needs.
    password: PasswordRules,
    /// Whose rules these are; absent where there are no agencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyName>,
    /// What the agency says to its people at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Localised>,
    /// Whom they can ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<Desk>,
    /// Which ways a certificate may go; absent is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    directions: Option<Vec<Direction>>,
    /// How many receiving devices one person may have; absent is any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<u16>,
    /// Common names of the issuers whose certificates may be moved; absent is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuers: Option<Vec<String>>,
    /// Certificate policies of which one has to be in a certificate; absent is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<Vec<String>>,
    /// Where people log in; absent where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<Login>,
}

#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Login {
    providers: Vec<LoginProvider>,
}

#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LoginProvider {
    /// For `/login/{provider}`.
    id: String,
    /// Its people's agency; absent where there is none at this network.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Localised>,
    /// Its issuer, for apps that log in there themselves.
    issuer: String,
    /// As which client they can do so where they have no identifier of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// By which clients devices prove to each other whose they are; absent where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
}

#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DepositHours {
    default_hours: u64,
    max_hours: u64,
}

#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordRules {
    min_characters: u16,
    min_kinds: u16,
}

impl ClientSettings {
    pub(crate) fn of(settings: &Settings) -> Self {
        let page = &settings.page;
        Self {
            shared_pc: page.shared_pc,
            deposit: settings.deposit.map(|kept| DepositHours {
                default_hours: kept.as_secs() / 3_600,
                max_hours: settings.capacity.deposit_ttl.as_secs() / 3_600,
            }),
            roots: page.roots.as_ref().map(|roots| {
                let encoded = roots
                    .iter()
                    .map(|der| Base64UrlUnpadded::encode_string(der));
                encoded.collect()
            }),
            password: PasswordRules {
                min_characters: page.password_characters.get(),
                min_kinds: page.password_kinds.get(),
            },
            agency: None,
            text: None,
            desk: None,
            directions: None,
            devices: None,
            issuers: None,
            policies: None,
            login: None,
        }
    }

    /// The relay's own, with what an agency wants otherwise.
    fn under(&self, agency: &Agency) -> Self {
        let number = |rule: Option<NonZeroU16>, own| rule.map_or(own, NonZeroU16::get);
        let deposit = self.deposit.as_ref().filter(|_| agency.deposits);
        Self {
            shared_pc: agency.shared_pc.unwrap_or(self.shared_pc),
            deposit: deposit.map(|own| {
                let most = agency.deposit_max_hours.map(|hours| u64::from(hours.get()));
                let max_hours = most.map_or(own.max_hours, |most| most.min(own.max_hours));
                let default = agency.deposit_hours.map(|hours| u64::from(hours.get()));
                DepositHours {
                    default_hours: default.unwrap_or(own.default_hours).min(max_hours),
                    max_hours,
                }
            }),
            roots: self.roots.clone(),
            password: PasswordRules {
                min_characters: number(agency.password_characters, self.password.min_characters),
                min_kinds: number(agency.password_kinds, self.password.min_kinds),
            },
            agency: Some(agency.public_name()),
            text: agency.text.clone(),
            desk: agency.desk.clone(),
            directions: agency.directions.clone(),
            devices: agency.devices.map(NonZeroU16::get),
            issuers: agency.issuers.clone(),
            policies: agency.policies.clone(),
            login: None,
        }
    }
}

/// The settings for whoever asks.
#[utoipa::path(get, path = "/v1/settings",
    responses(
        (status = 200, description = "The settings", body = ClientSettings),
        (status = 403, description = "not_allowed"),
    ))]
pub(super) async fn read(
    relay: web::Data<Relay>,
    request: HttpRequest,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    // Before the login the page needs to know what it is to say, and where to log in.
    let caller = relay.caller(&request, client, Doing::GoesOn).await;
    let caller = caller.unwrap_or_default();
    let mut settings = own(&relay, client, caller.as_deref())?;
    settings.login = relay.identity.as_ref().map(|identity| {
        let entrances = identity.entrances();
        Login {
            providers: entrances
                .map(|entrance| LoginProvider {
                    id: entrance.id.to_owned(),
                    name: relay.agency_name(client, entrance.agency),
                    issuer: entrance.issuer.to_owned(),
                    client_id: entrance.app_client_id.map(str::to_owned),
                    channel: entrance.channel.cloned(),
                })
                .collect(),
        }
    });
    let fresh = CacheControl(vec![CacheDirective::NoStore]);
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, fresh.to_string()))
        .json(settings))
}

fn own(
    relay: &Relay,
    client: ClientAddress,
    caller: Option<&Caller>,
) -> Result<ClientSettings, Problem> {
    Ok(match relay.agency(client, caller)? {
        None => relay.client_settings.clone(),
        Some(agency) => relay.client_settings.under(&agency),
    })
}
