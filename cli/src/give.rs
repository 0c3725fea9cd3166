//! `naru give`: plays the PC.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru_core::{
    client::{GiverCommand, GiverEvent, give},
    handshake::SecurityCode,
    pairing::Direction,
};

use crate::{
    camera::Source,
    connect::{Numbers, Relays, displayed, scanned, transport},
    original::{Choice, Fate, Original},
    password::Sending,
    rng, rules,
    terminal::{Failure, ask, confirm},
    text::Language,
};

/// What to give, and how.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    choice: Choice,
    /// Takes a receiving device's code or number instead of showing one: from the terminal, or as
    /// the options below say.
    #[arg(long)]
    scan: bool,
    #[command(flatten)]
    source: Source,
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

/// Gives a certificate, and deletes the original only when it has arrived and the person wants it.
pub async fn run(options: Options, language: Language, now: i64) -> Result<(), Failure> {
    let original = Original::choose(&options.choice, language, now)?;
    let offer = options.sending.offer(&original.set, language)?;
    let mut generator = rng::seeded()?;
    let scans = options.scan || options.source.is_given();
    let meeting = if scans {
        let warning = language.pick(
            "인증서를 보냅니다. 전화나 메시지로 받은 QR이나 번호이면 취소하세요.",
            "You are about to SEND the certificate. Cancel if the QR or the number came by phone or message.",
        );
        println!("{warning}");
        scanned(&options.source, &options.relays, language, &mut generator).await?
    } else {
        let direction = Direction::DisplayerGives;
        displayed(&options.relays, direction, language, &mut generator).await?
    };
    let (pairing, party) = meeting.into_parts(&options.device);
    let numbers = (!scans)
        .then(|| Numbers::of(&pairing, language))
        .transpose()?;
    let transport = transport(pairing.origin())?;
    let way = pairing.direction().into();
    rules::ask(&transport, Some(way), Some(&original.set), language).await?;
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let show = |event| drop(shown.unbounded_send(event));
    let driver = give(
        &transport,
        pairing,
        offer,
        party,
        &mut generator,
        queue,
        show,
    );
    let joined = Arc::new(AtomicBool::new(false));
    let person = Person {
        fate: options.fate,
        scans,
        language,
        now,
        original,
        commands,
        joined: Arc::clone(&joined),
    };
    let runtime = tokio::runtime::Handle::current();
    let screen = tokio::task::spawn_blocking(move || runtime.block_on(person.follow(events)));
    let result = match numbers {
        Some(numbers) => numbers.beside(&transport, &joined, driver).await,
        None => driver.await,
    };
    drop(shown);
    result.map_err(|error| Failure::transfer(language, error, &transport))?;
    screen
        .await
        .map_err(|error| Failure::other("internal", &error))
}

struct Person {
    fate: Fate,
    /// Whether this device took the code of another, which may be a phisher's.
    scans: bool,
    language: Language,
    now: i64,
    original: Original,
    commands: UnboundedSender<GiverCommand>,
    joined: Arc<AtomicBool>,
}

impl Person {
    async fn follow(self, mut events: UnboundedReceiver<GiverEvent>) {
        while let Ok(event) = events.recv().await {
            match event {
                GiverEvent::Open { expires_in } => eprintln!(
                    "{} ({} s)",
                    self.language
                        .pick("연결을 기다립니다", "Waiting for the other device"),
                    expires_in.as_secs()
                ),
                GiverEvent::Joined { peer, .. } => {
                    self.joined.store(true, Ordering::Relaxed);
                    let name = peer.as_ref().map_or("", |peer| peer.name());
                    println!(
                        "{} {name}",
                        self.language.pick("연결된 기기:", "Connected:")
                    );
                    if self.scans && !self.wants_to_send_to(name) {
                        self.send(GiverCommand::Cancel);
                    } else {
                        self.code();
                    }
                }
                GiverEvent::WrongCode { tries_left } => {
                    eprintln!(
                        "{} ({tries_left})",
                        self.language
                            .pick("보안번호가 다릅니다.", "The security code is wrong.")
                    );
                    self.code();
                }
                GiverEvent::Sending => {
                    eprintln!("{}", self.language.pick("보내는 중입니다.", "Sending."))
                }
                GiverEvent::Received(_) => {
                    let conclusion = self.original.conclude(self.fate, self.language, self.now);
                    self.send(GiverCommand::Conclude(conclusion));
                }
                GiverEvent::Reconnecting => eprintln!(
                    "{}",
                    self.language
                        .pick("연결이 끊겼습니다. 다시 연결하는 중…", "Reconnecting…")
                ),
                GiverEvent::Reconnected => {}
            }
        }
    }

    fn send(&self, command: GiverCommand) {
        // The driver has ended when nobody listens, and says why itself.
        let _ = self.commands.unbounded_send(command);
    }

    fn wants_to_send_to(&self, name: &str) -> bool {
        confirm(&match self.language {
            Language::Ko => format!("‘{name}’(으)로 인증서를 보낼까요?"),
            Language::En => format!("Send the certificate to “{name}”?"),
        })
    }

    fn code(&self) {
        let question = self.language.pick(
            "받는 기기에 보이는 보안번호 (취소: 빈 줄):",
            "Security code on the receiving device (empty to cancel):",
        );
        loop {
            let Some(line) = ask(question).filter(|line| !line.trim().is_empty()) else {
                return self.send(GiverCommand::Cancel);
            };
            match line.parse::<SecurityCode>() {
                Ok(code) => return self.send(GiverCommand::EnterCode(code)),
                Err(_) => eprintln!(
                    "{}",
                    self.language
                        .pick("여섯 자리 숫자입니다.", "It has six digits.")
                ),
            }
        }
    }
}
