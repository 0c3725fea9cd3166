//! `naru login` and `naru logout`: who uses this machine's relay, where it wants to know.

mod asking;
mod kept;
mod provider;
mod session;

use naru_core::{client::Method, pairing::Origin};
use serde::Deserialize;

pub(crate) use self::session::Session;
use self::{
    asking::ask,
    kept::{Kept, Place},
    provider::{Grant, Provider},
};
use crate::{
    connect::{Relays, transport},
    http::{self, HttpTransport},
    rng,
    terminal::Failure,
    text::Language,
};

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
}

/// Whose login to end.
#[derive(Debug, clap::Args)]
pub struct LogoutOptions {
    #[command(flatten)]
    relays: Relays,
}

/// What the relay says about logging in.
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
struct Offered {
    id: String,
    issuer: String,
    client_id: Option<String>,
}

/// Shows where to log in, waits until the person has, and keeps what the provider gives.
pub async fn run(options: Options, language: Language) -> Result<(), Failure> {
    let origin = options.relays.first()?;
    let no_https = |error: http::HttpError| Failure::other("no_https", &error);
    let client = http::client().map_err(no_https)?;
    // As nobody: who was logged in before counts for nothing.
    let relay = HttpTransport::new(origin.clone()).map_err(no_https)?;
    let offered = offered(&relay, options.provider.as_deref(), language).await?;
    let Some(client_id) = offered.client_id else {
        return Err(Failure::new(
            "no_app_client",
            language.pick(
                "이 중계 서버는 명령줄 로그인을 받지 않습니다. IT 담당자에게 문의하세요.",
                "This relay takes no logins of the command line. Ask the IT desk.",
            ),
        ));
    };
    let place = Place::of(origin)?;
    let failed = |error: provider::LoginError| error.told(language);
    let provider = Provider::discover(&client, &offered.issuer, &client_id);
    let provider = provider.await.map_err(failed)?;
    let grant = provider.begin().await.map_err(failed)?;
    invite(&grant, &offered.issuer, language);
    let tokens = provider.wait(grant).await.map_err(failed)?;
    if options.new_device {
        place.forget_key()?;
    }
    place.key(&mut rng::seeded()?)?;
    place.keep(&Kept {
        issuer: offered.issuer,
        client_id,
        device: options.device,
        tokens,
    })?;
    let name = greeted(origin, language).await?;
    let done = language.pick("로그인했습니다", "Logged in");
    println!(
        "{done}{}",
        name.map_or_else(String::new, |name| format!(": {name}"))
    );
    Ok(())
}

/// Ends the login at the relay, and forgets it here. The device stays the same one.
pub async fn log_out(options: LogoutOptions, language: Language) -> Result<(), Failure> {
    let origin = options.relays.first()?;
    let place = Place::of(origin)?;
    if place.kept()?.is_none() {
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

async fn offered(
    relay: &HttpTransport,
    wanted: Option<&str>,
    language: Language,
) -> Result<Offered, Failure> {
    let answer = ask(relay, Method::Get, "/v1/settings", language).await?;
    let settings: Settings =
        serde_json::from_slice(&answer).map_err(|error| Failure::other("relay_refused", &error))?;
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
