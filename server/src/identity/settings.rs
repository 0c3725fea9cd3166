//! The file that says by which providers people log in.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

/// The file that `--identity` names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// Where people reach the relay: the address to which providers send them back.
    pub(super) origin: HttpsOrigin,
    /// One `[provider.<id>]` for each provider.
    #[serde(rename = "provider", deserialize_with = "providers")]
    pub(super) providers: Vec<(String, ProviderSettings)>,
}

/// One provider, and which of its people may use the relay.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderSettings {
    /// Exactly as its tokens have it.
    pub(super) issuer: HttpsUrl,
    /// As which client the relay is registered.
    pub(super) client_id: String,
    /// File with the client's secret. Without one the relay is a public client, with PKCE alone.
    #[serde(default, rename = "client_secret_file", deserialize_with = "secret")]
    pub(super) client_secret: Option<Secret>,
    /// Clients whose ID tokens an app may hand in.
    #[serde(default)]
    pub(super) app_client_ids: Vec<String>,
    /// Only those with a verified address in one of these domains.
    #[serde(default)]
    pub(super) domains: Vec<String>,
    /// Only those with this claim.
    pub(super) claim: Option<Claim>,
    /// Those with this claim may look into the audit.
    pub(super) admin: Option<Claim>,
    /// The `[agency.<id>]` whose rules hold for its people; the provider's own id where it is absent.
    pub(super) agency: Option<String>,
    /// By which clients two devices prove to each other that one person has both.
    pub(super) channel: Option<Channel>,
}

/// Clients whose ID tokens devices show each other (`docs/protocol.md`, §8.1), and nobody takes as a login.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schema(rename_all = "camelCase")]
pub(crate) struct Channel {
    /// As which client the page is registered.
    pub(crate) page_client_id: String,
    /// As which clients apps are.
    pub(crate) app_client_ids: Vec<String>,
}

/// A claim of an ID token, and the value that it has to have or to hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    name: String,
    value: String,
}

/// What the relay proves itself with to the provider.
#[derive(Clone)]
pub(super) struct Secret(pub(super) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An address with `https`, or with `http` on this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HttpsUrl(pub(super) String);

/// The same without a path.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "HttpsUrl")]
pub(super) struct HttpsOrigin(pub(super) String);

/// A file of providers that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("cannot read the identity file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is wrong.
    #[error("the identity file {path} is wrong: {error}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line and key.
        error: Box<toml::de::Error>,
    },
}

impl IdentitySettings {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        let text = fs::read_to_string(path).map_err(|error| IdentityError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        toml::from_str(&text).map_err(|error| IdentityError::Malformed {
            path: path.to_owned(),
            error: Box::new(error),
        })
    }
}

impl ProviderSettings {
    /// Whether whoever has these verified claims may use the relay.
    pub(super) fn takes(&self, claims: &Value) -> bool {
        let in_domain = || {
            let is_verified = claims.get("email_verified") == Some(&Value::Bool(true));
            let mail = claims.get("email").and_then(Value::as_str);
            let domain = mail.and_then(|mail| mail.rsplit_once('@'));
            is_verified
                && domain.is_some_and(|(_, domain)| {
                    let mut domains = self.domains.iter();
                    domains.any(|it| it.eq_ignore_ascii_case(domain))
                })
        };
        (self.domains.is_empty() || in_domain())
            && self.claim.as_ref().is_none_or(|claim| claim.is_in(claims))
    }

    /// Whether these claims do not say all that is asked of them.
    pub(super) fn lacks(&self, claims: &Value) -> bool {
        let asked = self.claim.iter().chain(&self.admin);
        let mut asked = asked.map(|claim| claim.name.as_str()).chain(["name"]);
        let lacks = |name: &str| claims.get(name).is_none();
        asked.any(lacks)
            || (!self.domains.is_empty() && (lacks("email") || lacks("email_verified")))
    }

    /// Refuses a channel whose tokens would open something: what a device shows another is not secret from it.
    fn check(&self) -> Result<(), String> {
        let Some(channel) = &self.channel else {
            return Ok(());
        };
        if channel.app_client_ids.is_empty() {
            return Err("`channel.app_client_ids`: at least one is needed".into());
        }
        for id in channel.client_ids() {
            if id.is_empty() {
                return Err("`channel`: a client's id is not empty".into());
            }
            if self.takes_as_login(id) {
                return Err(format!(
                    "`channel`: `{id}` is a client by which people log in, in `client_id` or `app_client_ids`, and cannot be one of the channel"
                ));
            }
        }
        Ok(())
    }

    /// Whether an ID token of this client lets somebody in.
    fn takes_as_login(&self, client: &str) -> bool {
        client == self.client_id || self.app_client_ids.iter().any(|it| it == client)
    }

    /// Whether they are an administrator's.
    pub(super) fn is_admin(&self, claims: &Value) -> bool {
        self.admin.as_ref().is_some_and(|claim| claim.is_in(claims))
    }
}

impl Channel {
    fn client_ids(&self) -> impl Iterator<Item = &str> {
        let apps = self.app_client_ids.iter();
        apps.chain([&self.page_client_id]).map(String::as_str)
    }
}

impl Claim {
    fn is_in(&self, claims: &Value) -> bool {
        match claims.get(&self.name) {
            Some(Value::String(value)) => *value == self.value,
            Some(Value::Array(values)) => {
                let mut values = values.iter().filter_map(Value::as_str);
                values.any(|value| value == self.value)
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for HttpsUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).map_err(|error| format!("no address: {error}"))?;
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address here has no user and no password".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("an address here has no query and no fragment".into());
        }
        match url.scheme() {
            "https" => Ok(Self(text)),
            "http" if is_local => Ok(Self(text)),
            _ => Err("an address has to begin with https://".into()),
        }
    }
}

impl TryFrom<HttpsUrl> for HttpsOrigin {
    type Error = String;

    fn try_from(HttpsUrl(text): HttpsUrl) -> Result<Self, String> {
        let url = Url::parse(&text).map_err(|error| format!("no address: {error}"))?;
        match url.path() {
            "/" => Ok(Self(url.origin().ascii_serialization())),
            _ => Err("an origin has no path".into()),
        }
    }
}

/// A section each, with an id that fits into an address.
fn providers<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, ProviderSettings)>, D::Error> {
    use serde::de::Error;
    let sections = std::collections::BTreeMap::<String, Section>::deserialize(deserializer)?;
    if sections.is_empty() {
        return Err(D::Error::custom("a section `[provider.<id>]` is needed"));
    }
    let sections: Vec<_> = sections.into_iter().map(|(id, it)| (id, it.0)).collect();
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    for (id, section) in &sections {
        let is_taken = matches!(id.as_str(), "callback" | "channel");
        if id.is_empty() || id.len() > 40 || !id.chars().all(is_plain) || is_taken {
            return Err(D::Error::custom(format!(
                "`{id}`: a provider's id has 1 to 40 letters, digits, `-` or `_`, and is neither `callback` nor `channel`"
            )));
        }
        let shown = section.channel.iter().flat_map(Channel::client_ids);
        for client in shown {
            let takes = |it: &ProviderSettings| {
                it.issuer.0 == section.issuer.0 && it.takes_as_login(client)
            };
            if let Some((other, _)) = sections.iter().find(|(_, it)| takes(it)) {
                return Err(D::Error::custom(format!(
                    "`{id}.channel`: `{client}` is a client by which people log in at `{other}`, and cannot be one of the channel"
                )));
            }
        }
    }
    Ok(sections)
}

/// One section, whose mistakes are told with its own line.
struct Section(ProviderSettings);

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = ProviderSettings::deserialize(deserializer)?;
        let checked = settings.check();
        checked.map_err(<D::Error as serde::de::Error>::custom)?;
        Ok(Self(settings))
    }
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    use serde::de::Error;
    let path = PathBuf::deserialize(deserializer)?;
    let text = fs::read_to_string(&path)
        .map_err(|error| D::Error::custom(format!("cannot read {}: {error}", path.display())))?;
    match text.trim() {
        "" => Err(D::Error::custom(format!("{} is empty", path.display()))),
        secret => Ok(Some(Secret(secret.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: &str = "origin = \"https://relay.example\"\n\
        [provider.x]\nissuer = \"https://login.example\"\nclient_id = \"relay\"\napp_client_ids = [\"app\"]\n";

    fn read(text: &str) -> Result<IdentitySettings, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_by_which_clients_devices_prove_whose_they_are() {
        let channel = "channel = { page_client_id = \"page\", app_client_ids = [\"a\", \"b\"] }";
        let settings = read(&format!("{PROVIDER}{channel}")).unwrap();
        let channel = settings.providers[0].1.channel.as_ref().unwrap();
        assert!(channel.client_ids().eq(["a", "b", "page"]));
        assert!(read(PROVIDER).unwrap().providers[0].1.channel.is_none());
    }

    #[test]
    fn refuses_a_channel_that_is_incomplete_or_opens_something() {
        let other = "[provider.y]\nissuer = \"https://login.example\"\nclient_id = \"page\"\n";
        for (channel, more, said) in [
            ("page_client_id = \"page\"", "", "app_client_ids"),
            (
                "page_client_id = \"page\", app_client_ids = []",
                "",
                "at least one",
            ),
            (
                "page_client_id = \"\", app_client_ids = [\"a\"]",
                "",
                "not empty",
            ),
            (
                "page_client_id = \"relay\", app_client_ids = [\"a\"]",
                "",
                "`relay`",
            ),
            (
                "page_client_id = \"page\", app_client_ids = [\"a\", \"app\"]",
                "",
                "`app`",
            ),
            (
                "page_client_id = \"page\", app_client_ids = [\"a\"], other = 1",
                "",
                "`other`",
            ),
            (
                "page_client_id = \"page\", app_client_ids = [\"a\"]",
                other,
                "`x.channel`",
            ),
        ] {
            let text = format!("{PROVIDER}channel = {{ {channel} }}\n{more}");
            let error = read(&text).unwrap_err();
            assert!(error.contains(said), "{error}");
            assert!(error.contains("at line"), "{error}");
        }
        assert!(read(&PROVIDER.replace("provider.x", "provider.channel")).is_err());
    }
}
