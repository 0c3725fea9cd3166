//! Who may call. Without providers: everybody, as anybody.

use actix_web::{
    HttpMessage, HttpRequest,
    http::{Method, header},
};
use naru_core::mailbox::{DEVICE, DEVICE_NAME, LOGIN, MailboxId};

use super::relay::Relay;
use crate::{
    agencies::Rule,
    audit::Kind,
    client_network::ClientAddress,
    identity::{
        Account, Admission, By, Identity, Introduction, Owner, Person, Proven, ProvenDevice,
    },
    problem::Problem,
};

/// The session's cookie. Its prefix makes browsers refuse it from other hosts and without TLS.
pub(super) const SESSION_COOKIE: &str = "__Host-naru-session";
const NAME_CHARACTERS: usize = 64;

/// Somebody who may make the request.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) person: Person,
    /// The device from which an app calls.
    pub(crate) device: Option<String>,
}

/// What a request does to the caller's devices.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// A device that is not known becomes so.
    Begins,
    /// Only a known device goes on.
    GoesOn,
}

impl Relay {
    pub(super) fn identity(&self) -> Result<&Identity, Problem> {
        self.identity.as_ref().ok_or(Problem::NotFound)
    }

    /// Who calls; `None` where nobody has to log in.
    pub(super) async fn caller(
        &self,
        request: &HttpRequest,
        client: ClientAddress,
        doing: Doing,
    ) -> Result<Option<Box<Caller>>, Problem> {
        match &self.identity {
            // What it takes to know somebody is large, and is kept out of the calls' own futures.
            Some(identity) => Box::pin(self.known(identity, request, client, doing))
                .await
                .map(|caller| Some(Box::new(caller))),
            None => Ok(None),
        }
    }

    async fn known(
        &self,
        identity: &Identity,
        request: &HttpRequest,
        client: ClientAddress,
        doing: Doing,
    ) -> Result<Caller, Problem> {
        let token = header_text(request, LOGIN);
        let person = match &token {
            Some(value) => {
                let token = value
                    .strip_prefix("Bearer ")
                    .ok_or(Problem::LoginRequired)?;
                identity.by_token(token.trim()).await?
            }
            None => {
                let cookie = request.cookie(SESSION_COOKIE);
                let cookie = cookie.ok_or(Problem::LoginRequired)?;
                if !matches!(*request.method(), Method::GET | Method::HEAD)
                    && !is_same_origin(request, identity.origin())
                {
                    return Err(Problem::CrossSite);
                }
                identity.by_cookie(cookie.value()).await?
            }
        };
        let mut caller = Caller {
            person,
            device: None,
        };
        // From here on what goes wrong is noted as this person's.
        request.extensions_mut().insert(caller.clone());
        if let Some(value) = &token {
            let token = value.trim_start_matches("Bearer ").trim();
            caller.device = Some(
                self.device(request, client, identity, &caller, token, doing)
                    .await?,
            );
            request.extensions_mut().insert(caller.clone());
        }
        Ok(caller)
    }

    async fn device(
        &self,
        request: &HttpRequest,
        client: ClientAddress,
        identity: &Identity,
        caller: &Caller,
        token: &str,
        doing: Doing,
    ) -> Result<String, Problem> {
        let proof = header_text(request, DEVICE).ok_or(Problem::DeviceRequired)?;
        let target = request.uri().path_and_query();
        let proven = Proven {
            method: request.method().as_str(),
            origin: identity.origin(),
            target: target.map_or("/", |target| target.as_str()),
            token,
        };
        let device = ProvenDevice::verify(&proof, &proven).map_err(|_| Problem::DeviceRequired)?;
        let agency = self.agency(client, Some(caller))?;
        let introduction = (doing == Doing::Begins).then(|| introduction(request));
        let most = agency.as_ref().and_then(|agency| agency.devices);
        let admission = identity
            .admit(
                &caller.person.account,
                &device.id,
                introduction.as_ref(),
                most.map(|most| most.get()),
            )
            .await?;
        match admission {
            Admission::Known => Ok(device.id),
            Admission::Enrolled => {
                let mut event = self.event(Kind::DeviceChange, client, Some(caller));
                event.note = Some(format!("enrolled {}", device.id));
                self.audit.record(event);
                Ok(device.id)
            }
            Admission::Revoked => Err(Problem::DeviceRevoked),
            Admission::Unknown => Err(Problem::DeviceRequired),
            Admission::TooMany => Err(match agency {
                Some(agency) => agency.refuses(Rule::Devices).into(),
                None => Problem::TooManyDevices,
            }),
        }
    }

    /// Refuses those to whom the mailbox does not belong.
    pub(super) async fn own(&self, id: &MailboxId, caller: Option<&Caller>) -> Result<(), Problem> {
        let (Some(identity), Some(caller)) = (&self.identity, caller) else {
            return Ok(());
        };
        match Box::pin(identity.owner(id, &caller.person.account)).await? {
            Owner::Same => Ok(()),
            Owner::Other => Err(Problem::OtherPerson),
            Owner::Nobody => Err(Problem::MailboxUnknown),
        }
    }

    /// Refuses those who have logged out, or whose device was revoked, since they called.
    pub(super) async fn still(&self, caller: Option<&Caller>) -> Result<(), Problem> {
        let (Some(identity), Some(caller)) = (&self.identity, caller) else {
            return Ok(());
        };
        Box::pin(still(identity, caller)).await
    }
}

async fn still(identity: &Identity, caller: &Caller) -> Result<(), Problem> {
    if !identity.is_logged_in(&caller.person).await? {
        return Err(Problem::LoginRequired);
    }
    if let Some(device) = &caller.device {
        let account = &caller.person.account;
        match identity.admit(account, device, None, None).await? {
            Admission::Known => {}
            _ => return Err(Problem::DeviceRevoked),
        }
    }
    Ok(())
}

impl Caller {
    pub(super) fn account(&self) -> &Account {
        &self.person.account
    }

    /// Whether it is a person with the page, and not an app.
    pub(super) fn is_browser(&self) -> bool {
        matches!(self.person.by, By::Session(_))
    }
}

/// Whether the relay's own page has made the request: another site's has the cookie too, in old browsers.
fn is_same_origin(request: &HttpRequest, origin: &str) -> bool {
    match header_text(request, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header_text(request, header::ORIGIN.as_str()).is_some_and(|it| it == origin),
    }
}

/// How a device introduces itself: its name and its platform, percent-encoded, with a comma between.
fn introduction(request: &HttpRequest) -> Introduction {
    let text = header_text(request, DEVICE_NAME).unwrap_or_default();
    let (name, platform) = text.split_once(',').unwrap_or((&text, ""));
    Introduction {
        name: shown(&decoded(name)),
        platform: shown(&decoded(platform)),
    }
}

fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.trim().replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// What may stand on a screen.
pub(super) fn shown(text: &str) -> String {
    let is_hidden = |it: char| {
        it.is_control()
            || matches!(it, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .filter(|it| !is_hidden(*it))
        .take(NAME_CHARACTERS)
        .collect()
}

pub(super) fn header_text(request: &HttpRequest, name: &str) -> Option<String> {
    let value = request.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}
