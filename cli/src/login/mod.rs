//! `naru login` and `naru logout`: who uses this machine's relay, where it wants to know.

mod asking;
mod browser;
mod channel;
mod device;
mod error;
mod kept;
mod loopback;
mod offered;
mod page;
mod provider;
mod session;
mod trust;

use naru_core::{client::Method, pairing::Origin};
use openidconnect::Nonce;
use serde::Deserialize;

use self::{
    asking::ask,
    browser::Visit,
    channel::{ChannelLogin, ChannelVisit},
    device::Grant,
    error::LoginError,
    kept::{Kept, Place},
    offered::Offered,
    provider::{Provider, SCOPES, Tokens},
    trust::{Named, Trusted},
};
pub(crate) use self::{channel::identity, session::Session};
use crate::{
    connect::{Relays, transport},
    http::{self, HttpTransport},
    rng,
    terminal::Failure,
    text::Language,
};

/// How a login goes, in both languages: nobody has said yet which one they read.
pub const HELP: &str = "\
An address and a code are shown, for any device. Where the login server has no such grant, the browser of this \
machine is opened instead. Where the relay has devices prove whose they are, that browser is needed once more; \
`naru give` and `naru receive` then deal with your own devices only, until that login is over and you log in again.
The first login asks whether the login server is the right one. Without a terminal, name it with --issuer, and the \
clients that prove devices with --channel-clients.

주소와 코드를 보여 주며, 아무 기기에서나 열 수 있습니다. 로그인 서버가 이 방식을 받지 않으면 이 컴퓨터의 브라우저를 \
엽니다. 중계 서버가 기기를 확인하게 하면 이 컴퓨터의 브라우저로 한 번 더 로그인합니다. 그 뒤 `naru give`와 \
`naru receive`는 내 기기와만 주고받으며, 로그인이 끝나면 다시 로그인해야 합니다.
처음 로그인할 때 로그인 서버가 맞는지 묻습니다. 터미널이 없으면 --issuer로, 기기를 확인하는 클라이언트는 \
--channel-clients로 지정하세요.";

/// What a logout leaves, in both languages.
pub const LOGOUT_HELP: &str = "\
The device stays the same one, and transfers that had to be proved still have to be: --forget ends that too.

기기는 그대로이고, 확인해야 하던 전송은 계속 확인해야 합니다. --forget은 그것도 끝냅니다.";

/// Where and as what to log in.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    relays: Relays,
    /// At which of the relay's providers; needed where there are several.
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// How this device is called in the list of the person's devices.
    #[arg(long, default_value = "naru")]
    device: String,
    /// Makes a new key for this device: one that was removed from the list stays so.
    #[arg(long)]
    new_device: bool,
    #[command(flatten)]
    named: Named,
}

/// Whose login to end.
#[derive(Debug, clap::Args)]
pub struct LogoutOptions {
    #[command(flatten)]
    relays: Relays,
    /// Forgets the login server too, and that devices had to prove whose they are.
    #[arg(long)]
    forget: bool,
}

/// Shows where to log in, waits until the person has, and keeps what the provider gives.
pub async fn run(options: Options, language: Language) -> Result<(), Failure> {
    let origin = options.relays.first()?;
    let no_https = |error: http::HttpError| Failure::other("no_https", &error);
    let client = http::client().map_err(no_https)?;
    // As nobody: who was logged in before counts for nothing.
    let relay = HttpTransport::new(origin.clone()).map_err(no_https)?;
    let offered = Offered::by(&relay, options.provider.as_deref(), language).await?;
    let place = Place::of(origin)?;
    let before = place.trusted(language)?;
    let trusted = Trusted::weigh(before.as_ref(), &offered, &options.named, language)?;
    let Some(client_id) = offered.client_id else {
        return Err(Failure::new(
            "no_app_client",
            language.pick(
                "이 중계 서버는 명령줄 로그인을 받지 않습니다. IT 담당자에게 문의하세요.",
                "This relay takes no logins of the command line. Ask the IT desk.",
            ),
        ));
    };
    let failed = |error: LoginError| error.told(language);
    let provider = Provider::discover(&client, &trusted.issuer, &client_id);
    let provider = provider.await.map_err(failed)?;
    let tokens = logged_in(&provider, language).await.map_err(failed)?;
    let channel = proven(&provider, &trusted, language).await?;
    if options.new_device {
        place.forget_key()?;
    }
    place.key(&mut rng::seeded()?)?;
    // Before the tokens: whoever asks for proofs from now on does so even if they cannot be kept.
    place.trust(&trusted)?;
    place.keep(&Kept {
        issuer: trusted.issuer,
        client_id,
        device: options.device,
        tokens,
        channel,
    })?;
    let name = greeted(origin, language).await?;
    let done = language.pick("로그인했습니다", "Logged in");
    println!(
        "{done}{}",
        name.map_or_else(String::new, |name| format!(": {name}"))
    );
    Ok(())
}

/// The login for the relay: on whatever device the person likes, or in a browser of this one.
async fn logged_in(provider: &Provider, language: Language) -> Result<Tokens, LoginError> {
    if let Some(grant) = provider.begin().await? {
        invite(&grant, provider.issuer(), language);
        return provider.wait(grant).await;
    }
    let visit = provider.invite(Nonce::new_random(), &SCOPES).await?;
    let text = language.pick(
        "이 컴퓨터의 브라우저에서 로그인하세요. 창이 열리지 않으면 이 주소를 여세요. 주소가 기관의 로그인 서버인지 확인하세요:",
        "Log in with a browser of this computer. If no window opens, open this address. See that it is your agency's login server:",
    );
    send(&visit, text, provider.issuer(), language);
    provider.welcome(visit, language).await
}

/// The login for the other device, where there is one: the grant for devices cannot name a key.
async fn proven(
    provider: &Provider,
    trusted: &Trusted,
    language: Language,
) -> Result<Option<ChannelLogin>, Failure> {
    let failed = |error: LoginError| error.told(language);
    let Some(channel) = &trusted.channel else {
        return Ok(None);
    };
    let provider = provider.as_client(channel.own().unwrap_or_default());
    let begun = ChannelVisit::begin(&provider, &mut rng::seeded()?).await;
    let begun = begun.map_err(failed)?;
    let text = language.pick(
        "내 기기끼리 서로 알아볼 수 있도록 이 컴퓨터의 브라우저에서 한 번 더 로그인하세요. 창이 열리지 않으면 이 주소를 여세요:",
        "Once more, with a browser of this computer, so that your devices recognise each other. If no window opens, open this address:",
    );
    send(&begun.visit, text, provider.issuer(), language);
    let login = begun.end(&provider, channel, language).await;
    Ok(Some(login.map_err(failed)?))
}

/// Ends the login at the relay, and forgets it here. The device stays the same one, and whose word counts stays
/// known: a transfer that had to be proved cannot go on unproved because somebody has logged out.
pub async fn log_out(options: LogoutOptions, language: Language) -> Result<(), Failure> {
    let origin = options.relays.first()?;
    let place = Place::of(origin)?;
    if options.forget {
        place.forget_trusted()?;
    }
    if place.kept()?.is_none() {
        if options.forget {
            println!("{}", language.pick("잊었습니다.", "Forgotten."));
            return Ok(());
        }
        let text = language.pick("로그인한 적이 없습니다.", "Nobody is logged in.");
        return Err(Failure::new("not_logged_in", text));
    }
    let told = ask(&transport(origin)?, Method::Post, "/logout", language).await;
    place.forget()?;
    // A token that is over opens nothing any more.
    match told {
        Err(failure) if !matches!(failure.code(), "login_required" | "device_required") => {
            Err(failure)
        }
        _ => {
            println!("{}", language.pick("로그아웃했습니다.", "Logged out."));
            Ok(())
        }
    }
}

/// Sends the person's browser to the provider, and says where that is in any case.
fn send(visit: &Visit, text: &str, issuer: &str, language: Language) {
    println!("{text}\n  {}", visit.address());
    println!("{}: {issuer}", language.pick("로그인 서버", "Login server"));
    visit.open();
}

/// Tells the person where to log in; whoever names the page can be a relay that lies, so that its issuer is shown.
fn invite(grant: &Grant, issuer: &str, language: Language) {
    let text = language.pick(
        "아무 기기의 브라우저에서 이 주소를 열고 로그인하세요. 주소가 기관의 로그인 서버인지 확인하세요:",
        "Open this address in a browser on any device and log in. See that it is your agency's login server:",
    );
    println!("{text}\n  {}", grant.address());
    println!("{}: {}", language.pick("코드", "Code"), grant.user_code());
    println!("{}: {issuer}", language.pick("로그인 서버", "Login server"));
}

/// The person's name, from the relay, which so has taken the login.
async fn greeted(origin: &Origin, language: Language) -> Result<Option<String>, Failure> {
    #[derive(Deserialize)]
    struct Me {
        name: Option<String>,
    }
    match ask(&transport(origin)?, Method::Get, "/v1/me", language).await {
        // A device becomes known with its first transfer.
        Err(failure) if failure.code() == "device_required" => Ok(None),
        Err(failure) => Err(failure),
        Ok(body) => {
            let me: Option<Me> = serde_json::from_slice(&body).ok();
            let shown = |name: String| name.chars().filter(|it| !it.is_control()).collect();
            Ok(me.and_then(|me| me.name).map(shown))
        }
    }
}
