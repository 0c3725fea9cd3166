//! `naru fetch`: takes what was deposited.

use futures_channel::mpsc::unbounded;
use naru_core::{client::claim, deposit::RecoveryCode};
use tokio::runtime::Handle;

use crate::{
    connect::{Relays, transport},
    recipient::{self, Destination, Kept, Recipient},
    rng,
    terminal::{Failure, deposit_code},
    text::Language,
};

/// What to fetch, and where to.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The recovery code. Other users of this machine can see it: without this option it is asked for.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    relays: Relays,
    #[command(flatten)]
    destination: Destination,
}

/// Fetches, stores and checks a deposit.
pub async fn run(options: Options, language: Language, now: i64) -> Result<(), Failure> {
    let question = language.pick("복구 코드를 입력하세요:", "Recovery code:");
    let code: RecoveryCode = deposit_code(options.code, question, language)?;
    let origin = options.relays.first()?;
    let transport = transport(origin)?;
    let mut generator = rng::seeded()?;
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let show = |event| drop(shown.unbounded_send(event));
    let driver = claim(&transport, origin, &code, &mut generator, queue, show);
    let kept = Kept::default();
    let person = Recipient {
        destination: options.destination,
        language,
        now,
        commands,
        kept: kept.clone(),
        joined: Box::new(|| {}),
    };
    let runtime = Handle::current();
    let screen = tokio::task::spawn_blocking(move || runtime.block_on(person.follow(events)));
    let result = driver.await;
    drop(shown);
    match result {
        Ok(()) => screen
            .await
            .map_err(|error| Failure::other("internal", &error))?,
        Err(error) => Err(recipient::failed(error, screen, &kept, language, &transport).await),
    }
}
