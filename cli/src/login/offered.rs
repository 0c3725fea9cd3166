//! What a relay says, without a login, about logging in.

use naru_core::client::Method;
use serde::{Deserialize, Serialize};

use super::asking::ask;
use crate::{http::HttpTransport, terminal::Failure, text::Language};

#[derive(Deserialize)]
struct Settings {
    login: Option<Login>,
}

#[derive(Deserialize)]
struct Login {
    providers: Vec<Offered>,
}

/// A provider at which one can log in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offered {
    id: String,
    pub(super) issuer: String,
    /// As which client the command line logs in.
    pub(super) client_id: Option<String>,
    /// Where devices prove to each other whose they are.
    pub(super) channel: Option<Channel>,
}

/// The clients whose ID tokens devices show each other (`docs/protocol.md` §8.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Channel {
    page_client_id: String,
    app_client_ids: Vec<String>,
}

impl Channel {
    /// As which this machine asks for its token.
    pub(super) fn own(&self) -> Option<&str> {
        self.app_client_ids.first().map(String::as_str)
    }

    pub(super) fn clients(&self) -> impl Iterator<Item = &str> {
        let apps = self.app_client_ids.iter();
        apps.chain([&self.page_client_id]).map(String::as_str)
    }

    /// Whether it has the same clients, in whatever order.
    pub(super) fn is(&self, clients: &[&str]) -> bool {
        self.clients().all(|it| clients.contains(&it))
            && clients
                .iter()
                .all(|it| self.clients().any(|own| own == *it))
    }
}

impl Offered {
    /// The one that the person wants, or the only one.
    pub(super) async fn by(
        relay: &HttpTransport,
        wanted: Option<&str>,
        language: Language,
    ) -> Result<Self, Failure> {
        let answer = ask(relay, Method::Get, "/v1/settings", language).await?;
        let settings: Settings = serde_json::from_slice(&answer)
            .map_err(|error| Failure::other("relay_refused", &error))?;
        let mut providers = settings
            .login
            .map_or_else(Vec::new, |login| login.providers);
        let ids: Vec<String> = providers.iter().map(|it| it.id.clone()).collect();
        let found = match wanted {
            Some(wanted) => providers.iter().position(|it| it.id == wanted),
            None => (providers.len() == 1).then_some(0),
        };
        match found {
            Some(at) => Ok(providers.swap_remove(at)),
            None if ids.is_empty() => Err(Failure::new(
                "no_login",
                language.pick(
                    "이 중계 서버에는 로그인이 필요하지 않습니다.",
                    "This relay needs no login.",
                ),
            )),
            None => Err(Failure::new(
                "which_provider",
                format!(
                    "{} {}",
                    language.pick(
                        "--provider로 로그인할 기관을 고르세요:",
                        "Choose where to log in with --provider:"
                    ),
                    ids.join(", ")
                ),
            )),
        }
    }
}
