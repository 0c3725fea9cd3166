//! The file that says by which providers people log in.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;
use url::Url;

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

    /// Whether they are an administrator's.
    pub(super) fn is_admin(&self, claims: &Value) -> bool {
        self.admin.as_ref().is_some_and(|claim| claim.is_in(claims))
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
    let sections =
        std::collections::BTreeMap::<String, ProviderSettings>::deserialize(deserializer)?;
    if sections.is_empty() {
        return Err(D::Error::custom("a section `[provider.<id>]` is needed"));
    }
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    for id in sections.keys() {
        if id.is_empty() || id.len() > 40 || !id.chars().all(is_plain) || id == "callback" {
            return Err(D::Error::custom(format!(
                "`{id}`: a provider's id has 1 to 40 letters, digits, `-` or `_`, and is not `callback`"
            )));
        }
    }
    Ok(sections.into_iter().collect())
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
