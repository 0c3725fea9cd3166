//! What the operator wants of the page and of every other client.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Relay;
use crate::settings::Settings;

/// The answer of `/v1/settings`. Nothing in it is secret, and nothing that a client relies on for
/// its safety: the relay is not trusted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientSettings {
    /// Whether the page keeps nothing unless the person says that the PC is their own.
    shared_pc: bool,
    /// How long deposits are kept; `null` where none are taken.
    deposit: Option<DepositHours>,
    /// Root and intermediate certificates (PEM) against which chains are checked.
    roots: Option<String>,
    /// What a new password needs.
    password: PasswordRules,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DepositHours {
    default_hours: u64,
    max_hours: u64,
}

#[derive(Serialize, ToSchema)]
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
            roots: page.roots.clone(),
            password: PasswordRules {
                min_characters: page.password_characters.get(),
                min_kinds: page.password_kinds.get(),
            },
        }
    }
}

/// The operator's settings for clients.
#[utoipa::path(get, path = "/v1/settings",
    responses((status = 200, description = "The settings", body = ClientSettings)))]
pub(super) async fn read(relay: web::Data<Relay>) -> HttpResponse {
    HttpResponse::Ok().json(&relay.client_settings)
}
