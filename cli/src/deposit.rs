//! `naru deposit`: leaves a certificate with the relay, for whoever has its code.

use std::num::NonZeroU32;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use naru_core::{
    client::{Deposit, DepositCommand, DepositEvent, deposit},
    device::Device,
    qr::draw,
};

use crate::{
    connect::{Relays, transport},
    original::{Choice, Fate, Original},
    password::Sending,
    rng, rules,
    terminal::Failure,
    text::Language,
};

const SECONDS_AN_HOUR: NonZeroU32 = NonZeroU32::MIN.saturating_add(3_599);

/// What to deposit, and for how long.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    choice: Choice,
    /// Hours that the relay is asked to keep it; it may keep it for less.
    #[arg(long, value_name = "HOURS", default_value = "24")]
    hours: NonZeroU32,
    /// Ends as soon as it is stored, instead of waiting until it is fetched.
    #[arg(long, conflicts_with = "delete")]
    leave: bool,
    #[command(flatten)]
    sending: Sending,
    #[command(flatten)]
    relays: Relays,
    #[command(flatten)]
    fate: Fate,
    /// How this device calls itself on the other one.
    #[arg(long, default_value = "naru")]
    device: String,
}

/// Deposits a certificate, and waits until it is fetched. Stopping the command leaves it there.
pub async fn run(options: Options, language: Language, now: i64) -> Result<(), Failure> {
    let original = Original::choose(&options.choice, language, now)?;
    let offer = options.sending.offer(&original.set, language)?;
    let keep = SECONDS_AN_HOUR.saturating_mul(options.hours);
    let origin = options.relays.first()?;
    let transport = transport(origin)?;
    rules::ask(&transport, None, Some(&original.set), language).await?;
    let mut generator = rng::seeded()?;
    let (commands, queue) = unbounded::<DepositCommand>();
    let (shown, events) = unbounded();
    let device = Device::new(&options.device, std::env::consts::OS);
    let show = |event| drop(shown.unbounded_send(event));
    let wanted = Deposit { offer, keep };
    let driver = deposit(
        &transport,
        origin,
        wanted,
        device,
        &mut generator,
        queue,
        show,
    );
    let runtime = tokio::runtime::Handle::current();
    let (fate, leave) = (options.fate, options.leave);
    let screen = tokio::task::spawn_blocking(move || {
        runtime.block_on(async move {
            follow(events, &original, (fate, leave), language, now).await?;
            // From here on nobody waits for the deposit.
            drop(commands);
            Ok(())
        })
    });
    let result = driver.await;
    drop(shown);
    result.map_err(|error| Failure::transfer(language, error, &transport))?;
    screen
        .await
        .map_err(|error| Failure::other("internal", &error))?
}

async fn follow(
    mut events: UnboundedReceiver<DepositEvent>,
    original: &Original,
    (fate, leave): (Fate, bool),
    language: Language,
    now: i64,
) -> Result<(), Failure> {
    while let Ok(event) = events.recv().await {
        let line = match event {
            DepositEvent::Stored {
                recovery,
                withdraw,
                expires_in,
            } => {
                let recovery = recovery.to_string();
                let code = draw(&recovery).map_err(|error| Failure::other("no_qr", &error))?;
                println!("{}", code.to_text());
                println!(
                    "{}: {recovery}",
                    language.pick("복구 코드", "Recovery code")
                );
                println!(
                    "{}: {withdraw}",
                    language.pick("회수 코드", "Withdraw code")
                );
                let hours = expires_in.as_secs().div_ceil(SECONDS_AN_HOUR.get().into());
                match language {
                    Language::Ko => println!(
                        "{hours}시간 동안 맡아 둡니다. 복구 코드는 다시 볼 수 없으니 적어 두세요."
                    ),
                    Language::En => println!(
                        "It is kept for {hours} hours. Write the recovery code down: it is not shown again."
                    ),
                }
                if leave {
                    return Ok(());
                }
                continue;
            }
            DepositEvent::Claimed => language.pick("지금 받는 중입니다.", "It is being fetched."),
            DepositEvent::Released => language.pick(
                "받던 기기가 그만두었습니다. 아직 맡겨져 있습니다.",
                "The fetching device has given it back. It is still deposited.",
            ),
            DepositEvent::Fetched(_) => {
                original.conclude(fate, language, now);
                return Ok(());
            }
            DepositEvent::Reconnecting => {
                language.pick("연결이 끊겼습니다. 다시 연결하는 중…", "Reconnecting…")
            }
            DepositEvent::Reconnected => continue,
        };
        eprintln!("{line}");
    }
    Ok(())
}
