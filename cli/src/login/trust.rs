//! Whose word this machine takes for who people are: noted at the first login, and changed by nobody but the
//! person. The relay names it, and a relay may lie.

use std::io::{self, IsTerminal};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{
    offered::{Channel, Offered},
    provider::{is_safe, plain},
};
use crate::{
    terminal::{Failure, confirm},
    text::Language,
};

/// What is known of one relay's logins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trusted {
    pub(super) issuer: String,
    /// Where it is here, no transfer over this relay goes without a proof.
    pub(super) channel: Option<Channel>,
}

/// What the person says of it with the command.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Named {
    /// The login server that is the right one, exactly as its tokens name it; asked for at the first login, and
    /// needed where the relay names another one than before.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// All clients whose tokens devices show each other; asked for like the login server.
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    channel_clients: Vec<String>,
}

/// Why the relay is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Distrusted {
    /// The person has named another login server.
    OtherIssuer,
    /// The login before was at another one.
    IssuerChanged,
    /// The relay names other clients than before, or than the person.
    ChannelChanged,
    /// It names none any more.
    ChannelGone,
    /// It names a client whose tokens it takes itself, or none for this machine.
    ChannelUnsafe,
}

/// Whether the person has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Known,
    New,
}

impl Trusted {
    /// What the relay offers, if it is what was known or what the person says or confirms.
    pub(super) fn weigh(
        before: Option<&Self>,
        offered: &Offered,
        named: &Named,
        language: Language,
    ) -> Result<Self, Failure> {
        let verdict = judge(before, offered, named).map_err(|it| it.told(offered, language))?;
        let trusted = Self {
            issuer: offered.issuer.clone(),
            channel: offered.channel.clone(),
        };
        if verdict == Verdict::New {
            trusted.ask(language)?;
        }
        Ok(trusted)
    }

    /// Without a person to ask, only a login that vouches for nobody but to the relay itself goes on.
    fn ask(&self, language: Language) -> Result<(), Failure> {
        let issuer = plain(&self.issuer);
        let clients: Vec<&str> = self.channel.iter().flat_map(Channel::clients).collect();
        let clients = plain(&clients.join(","));
        if !io::stdin().is_terminal() {
            if self.channel.is_none() {
                return Ok(());
            }
            let text = language.pick(
                "로그인 서버를 확인할 사람이 없습니다. IT 담당자가 맞다고 하면 이렇게 지정하세요:",
                "There is nobody to confirm the login server. If your IT desk says that it is right, name it so:",
            );
            return Err(Failure::new(
                "issuer_unconfirmed",
                format!("{text} --issuer {issuer} --channel-clients {clients}"),
            ));
        }
        println!(
            "{}: {}\n  {}",
            language.pick("처음 쓰는 로그인 서버", "A login server that is new here"),
            host(&self.issuer),
            issuer
        );
        if !clients.is_empty() {
            let label = language.pick("기기를 확인하는 클라이언트", "Clients that prove devices");
            println!("{label}: {clients}");
        }
        let question = language.pick(
            "내 기관의 로그인 서버가 맞습니까?",
            "Is this your agency's login server?",
        );
        if confirm(question) {
            return Ok(());
        }
        Err(Failure::new(
            "issuer_declined",
            language.pick(
                "로그인하지 않았습니다. IT 담당자에게 로그인 서버의 주소를 확인하세요.",
                "Nobody was logged in. Ask the IT desk for the address of your login server.",
            ),
        ))
    }
}

/// What proofs rest on is either known, or named by the person, or has to be confirmed by them.
fn judge(
    before: Option<&Trusted>,
    offered: &Offered,
    named: &Named,
) -> Result<Verdict, Distrusted> {
    let same = before.is_some_and(|before| before.issuer == offered.issuer);
    match &named.issuer {
        Some(issuer) if *issuer != offered.issuer => return Err(Distrusted::OtherIssuer),
        None if before.is_some() && !same => return Err(Distrusted::IssuerChanged),
        _ => {}
    }
    let known = before.and_then(|before| before.channel.as_ref());
    let Some(channel) = &offered.channel else {
        return match (known, named.channel_clients.is_empty()) {
            (None, true) if same || named.issuer.is_some() => Ok(Verdict::Known),
            (None, true) => Ok(Verdict::New),
            _ => Err(Distrusted::ChannelGone),
        };
    };
    let is_unsafe = |it: &str| it.is_empty() || Some(it) == offered.client_id.as_deref();
    if channel.own().is_none() || channel.clients().any(is_unsafe) {
        return Err(Distrusted::ChannelUnsafe);
    }
    let mut expected: Vec<&str> = named.channel_clients.iter().map(String::as_str).collect();
    if expected.is_empty() && same {
        expected.extend(known.iter().flat_map(|known| known.clients()));
    }
    if expected.is_empty() {
        return Ok(Verdict::New);
    }
    match channel.is(&expected) {
        true if same || named.issuer.is_some() => Ok(Verdict::Known),
        true => Ok(Verdict::New),
        false => Err(Distrusted::ChannelChanged),
    }
}

impl Distrusted {
    fn told(self, offered: &Offered, language: Language) -> Failure {
        let (code, ko, en) = match self {
            Self::OtherIssuer => (
                "issuer_other",
                "중계 서버가 --issuer와 다른 로그인 서버를 알려 줍니다. IT 담당자에게 알리세요:",
                "The relay names another login server than --issuer. Tell your IT desk:",
            ),
            Self::IssuerChanged => (
                "issuer_changed",
                "로그인 서버가 바뀌었습니다. IT 담당자가 맞다고 하면 --issuer로 지정하세요:",
                "The login server has changed. If your IT desk says that this is right, name it with --issuer:",
            ),
            Self::ChannelChanged => (
                "channel_changed",
                "기기를 확인하는 클라이언트가 바뀌었습니다. IT 담당자가 맞다고 하면 --channel-clients로 모두 지정하세요:",
                "The clients that prove devices have changed. If your IT desk says that this is right, name all of them with --channel-clients:",
            ),
            Self::ChannelGone => (
                "channel_gone",
                "이 중계 서버는 기기를 더 이상 확인하지 않습니다. IT 담당자가 맞다고 하면 `naru logout --forget` 뒤에 다시 로그인하세요:",
                "This relay has devices prove nothing any more. If your IT desk says that this is right, run `naru logout --forget` and log in again:",
            ),
            Self::ChannelUnsafe => (
                "channel_unsafe",
                "중계 서버가 기기를 확인하는 데 쓸 수 없는 클라이언트를 알려 줍니다. IT 담당자에게 알리세요:",
                "The relay names clients that cannot prove devices. Tell your IT desk:",
            ),
        };
        let mut named = vec![offered.issuer.as_str()];
        if !matches!(self, Self::OtherIssuer | Self::IssuerChanged) {
            let channel = offered.channel.iter();
            named.extend(channel.flat_map(Channel::clients));
        }
        let named = plain(&named.join(", "));
        Failure::new(code, format!("{} {named}", language.pick(ko, en)))
    }
}

/// The one part of an address that says whose it is.
fn host(issuer: &str) -> String {
    let url = Url::parse(issuer).ok().filter(|_| is_safe(issuer));
    let host = url.as_ref().and_then(Url::host_str);
    plain(host.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(issuer: &str, channel: Option<&str>) -> Offered {
        let channel = channel.map(|apps| {
            let apps: Vec<&str> = apps.split(',').filter(|it| !it.is_empty()).collect();
            serde_json::json!({ "pageClientId": "page", "appClientIds": apps })
        });
        serde_json::from_value(serde_json::json!({
            "id": "interior", "issuer": issuer, "clientId": "naru", "channel": channel
        }))
        .unwrap()
    }

    fn known(issuer: &str, channel: Option<&str>) -> Trusted {
        let offered = offered(issuer, channel);
        Trusted {
            issuer: offered.issuer,
            channel: offered.channel,
        }
    }

    fn named(issuer: Option<&str>, clients: &[&str]) -> Named {
        Named {
            issuer: issuer.map(str::to_owned),
            channel_clients: clients.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn asks_for_what_is_new_and_takes_what_is_known() {
        let nothing = named(None, &[]);
        for channel in [None, Some("app")] {
            let offered = offered("https://a", channel);
            assert_eq!(judge(None, &offered, &nothing), Ok(Verdict::New));
            let clients: &[&str] = match channel {
                Some(app) => &["page", app],
                None => &[],
            };
            let said = named(Some("https://a"), clients);
            assert_eq!(judge(None, &offered, &said), Ok(Verdict::Known));
            let before = known("https://a", channel);
            assert_eq!(judge(Some(&before), &offered, &nothing), Ok(Verdict::Known));
        }
        // Half of it is not enough, and that devices prove themselves is new.
        for said in [named(Some("https://a"), &[]), named(None, &["page", "app"])] {
            let offered = offered("https://a", Some("app"));
            assert_eq!(judge(None, &offered, &said), Ok(Verdict::New));
        }
        let before = known("https://a", None);
        let offered = offered("https://a", Some("app"));
        assert_eq!(judge(Some(&before), &offered, &nothing), Ok(Verdict::New));
    }

    #[test]
    fn another_login_server_counts_only_where_the_person_names_it() {
        let before = known("https://a", Some("app"));
        let offered = offered("https://b", Some("app"));
        let judged = |issuer| judge(Some(&before), &offered, &named(issuer, &[]));
        assert_eq!(judged(None), Err(Distrusted::IssuerChanged));
        assert_eq!(judged(Some("https://b/")), Err(Distrusted::OtherIssuer));
        assert_eq!(judged(Some("https://a")), Err(Distrusted::OtherIssuer));
        // Its clients are new, whatever they are called.
        assert_eq!(judged(Some("https://b")), Ok(Verdict::New));
    }

    #[test]
    fn other_clients_count_only_where_the_person_names_all_of_them() {
        let before = known("https://a", Some("app"));
        let offered = offered("https://a", Some("app,mail"));
        let judged = |clients: &[&str]| {
            // Naming the login server is not naming its clients.
            judge(Some(&before), &offered, &named(Some("https://a"), clients))
        };
        for clients in [
            &[][..],
            &["app", "mail"],
            &["page", "app"],
            &["page", "app", "mail", "x"],
        ] {
            assert_eq!(
                judged(clients),
                Err(Distrusted::ChannelChanged),
                "{clients:?}"
            );
        }
        assert_eq!(judged(&["mail", "page", "app"]), Ok(Verdict::Known));
    }

    #[test]
    fn a_relay_cannot_take_the_proofs_away() {
        let before = known("https://a", Some("app"));
        for issuer in [None, Some("https://a")] {
            let judged = judge(
                Some(&before),
                &offered("https://a", None),
                &named(issuer, &[]),
            );
            assert_eq!(judged, Err(Distrusted::ChannelGone));
        }
        let judged = judge(None, &offered("https://a", None), &named(None, &["page"]));
        assert_eq!(judged, Err(Distrusted::ChannelGone));
    }

    #[test]
    fn a_client_whose_tokens_the_relay_takes_proves_nothing() {
        for apps in ["", "naru", "app,naru"] {
            let judged = judge(
                None,
                &offered("https://a", Some(apps)),
                &named(Some("https://a"), &[]),
            );
            assert_eq!(judged, Err(Distrusted::ChannelUnsafe), "{apps}");
        }
    }

    #[test]
    fn shows_the_host_of_a_login_server_and_of_nothing_else() {
        assert_eq!(
            host("https://login.example@evil.example/login.example"),
            "evil.example"
        );
        assert_eq!(host("http://login.example"), "?");
    }
}
