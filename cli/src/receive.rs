//! `naru receive`: plays the phone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_channel::mpsc::unbounded;
use naru_core::{client::receive, giver::Conclusion, pairing::Direction};
use tokio::runtime::Handle;

use crate::{
    camera::Source,
    connect::{Numbers, Relays, displayed, scanned, transport},
    recipient::{self, Destination, Kept, Recipient},
    rng, rules,
    terminal::Failure,
    text::Language,
};

/// How to receive.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    source: Source,
    /// Shows a QR and a number for the giving device, instead of taking one.
    #[arg(long, conflicts_with_all = ["image", "code", "screen"])]
    show: bool,
    #[command(flatten)]
    relays: Relays,
    #[command(flatten)]
    destination: Destination,
}

/// Receives, stores, checks, and says what became of the original.
pub async fn run(options: Options, language: Language, now: i64) -> Result<(), Failure> {
    let mut generator = rng::seeded()?;
    let meeting = if options.show {
        let direction = Direction::ScannerGives;
        displayed(&options.relays, direction, language, &mut generator).await?
    } else {
        scanned(&options.source, &options.relays, language, &mut generator).await?
    };
    let (pairing, party) = meeting.into_parts(&options.destination.device);
    let numbers = options
        .show
        .then(|| Numbers::of(&pairing, language))
        .transpose()?;
    let transport = transport(pairing.origin())?;
    let way = pairing.direction().into();
    rules::ask(&transport, Some(way), None, language).await?;
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let show = |event| drop(shown.unbounded_send(event));
    let driver = receive(&transport, pairing, party, &mut generator, queue, show);
    let kept = Kept::default();
    let joined = Arc::new(AtomicBool::new(false));
    let has_joined = Arc::clone(&joined);
    let person = Recipient {
        destination: options.destination,
        language,
        now,
        commands,
        kept: kept.clone(),
        joined: Box::new(move || has_joined.store(true, Ordering::Relaxed)),
    };
    // A person's answer may take its time: the transfer goes on beside it, and ends it.
    let runtime = Handle::current();
    let screen = tokio::task::spawn_blocking(move || runtime.block_on(person.follow(events)));
    let result = match numbers {
        Some(numbers) => numbers.beside(&transport, &joined, driver).await,
        None => driver.await,
    };
    drop(shown);
    match result {
        Ok(conclusion) => {
            screen
                .await
                .map_err(|error| Failure::other("internal", &error))??;
            println!("{}", concluded(language, conclusion));
            Ok(())
        }
        Err(error) => Err(recipient::failed(error, screen, &kept, language, &transport).await),
    }
}

fn concluded(language: Language, conclusion: Option<Conclusion>) -> &'static str {
    match conclusion {
        Some(Conclusion::Deleted) => language.pick(
            "보낸 기기에서 원본을 삭제했습니다.",
            "The original was deleted there.",
        ),
        Some(Conclusion::Kept) => language.pick(
            "보낸 기기에 원본이 남아 있습니다.",
            "The original stays there.",
        ),
        None => language.pick(
            "보낸 기기가 원본을 어떻게 했는지 알려 주지 않았습니다.",
            "The other device did not say what became of the original.",
        ),
    }
}
