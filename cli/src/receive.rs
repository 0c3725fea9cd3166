//! `naru receive`: plays the phone.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru_core::{
    certificate::{CertificateSet, Checked, Password},
    client::{ReceiverCommand, ReceiverEvent, TransferError, receive},
    giver::Conclusion,
    pairing::{Direction, Origin, Pairing},
    qr::draw,
    receiver::{Arrival, StoredSet},
};

use tokio::runtime::Handle;

use crate::{
    camera::Source,
    http::HttpTransport,
    inspect::describe,
    rng,
    storage::{Replace, store},
    terminal::{Failure, ask_secret, confirm},
    text::Language,
};

/// How to receive.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    source: Source,
    /// Shows a QR for the giving device to scan, instead of scanning one.
    #[arg(long, conflicts_with_all = ["image", "code", "screen"])]
    show: bool,
    /// A relay that this device uses; may be given several times.
    #[arg(
        long,
        env = "NARU_RELAY",
        default_value = "http://localhost:8080",
        value_delimiter = ','
    )]
    relay: Vec<Origin>,
    /// The folder that GPKI and NPKI folders are made in.
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// Takes the place of other files of the same name.
    #[arg(long)]
    replace: bool,
    /// Stores without asking whether the certificate is the right one.
    #[arg(long)]
    yes: bool,
    /// How this device calls itself on the other one.
    #[arg(long, default_value = "naru")]
    device: String,
}

/// Receives, stores, checks, and says what became of the original.
pub async fn run(options: Options, language: Language, now: i64) -> Result<(), Failure> {
    let pairing = pairing(&options, language)?;
    let transport = HttpTransport::new(pairing.origin().clone())
        .map_err(|error| Failure::other("no_https", &error))?;
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let device = naru_core::device::Device::new(&options.device, std::env::consts::OS);
    let mut generator = rng::seeded()?;
    let show = |event| drop(shown.unbounded_send(event));
    let driver = receive(&transport, pairing, device, &mut generator, queue, show);
    let stored = Arc::new(AtomicBool::new(false));
    let person = Person {
        options,
        language,
        now,
        commands,
        stored: Arc::clone(&stored),
    };
    // A person's answer may take its time: the transfer goes on beside it, and ends it.
    let runtime = Handle::current();
    let screen = tokio::task::spawn_blocking(move || runtime.block_on(person.follow(events)));
    let result = driver.await;
    drop(shown);
    match result {
        Ok(conclusion) => {
            screen
                .await
                .map_err(|error| Failure::other("internal", &error))??;
            println!("{}", concluded(language, conclusion));
            Ok(())
        }
        // The failure to store explains the refusal that it led to.
        Err(error @ TransferError::Refused) => match screen.await {
            Ok(Err(failure)) => Err(failure),
            _ => Err(Failure::transfer(language, error)),
        },
        Err(error) => {
            if stored.load(Ordering::Relaxed) {
                println!(
                    "{}",
                    language.pick(
                        "저장은 끝났지만 보낸 기기에 알리지 못했습니다. 원본은 그대로 남아 있습니다.",
                        "Everything is stored, but the sending device could not be told. Its original stays.",
                    )
                );
            }
            Err(Failure::transfer(language, error))
        }
    }
}

fn pairing(options: &Options, language: Language) -> Result<Pairing, Failure> {
    if !options.show {
        let text = options.source.text(language)?;
        return Pairing::scan(&text, &options.relay)
            .map_err(|error| Failure::pairing(language, error));
    }
    let relay = options
        .relay
        .first()
        .ok_or_else(|| Failure::new("no_relay", "--relay"))?;
    let pairing = Pairing::display(relay, Direction::ScannerGives, &mut rng::seeded()?);
    let text = pairing.code().to_string();
    let code = draw(&text).map_err(|error| Failure::other("no_qr", &error))?;
    println!("{}\n{text}", code.to_text());
    Ok(pairing)
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

struct Person {
    options: Options,
    language: Language,
    now: i64,
    commands: UnboundedSender<ReceiverCommand>,
    /// Whether everything is on this disk, for whoever has to explain a failure after it.
    stored: Arc<AtomicBool>,
}

impl Person {
    async fn follow(self, mut events: UnboundedReceiver<ReceiverEvent>) -> Result<(), Failure> {
        while let Ok(event) = events.recv().await {
            match event {
                ReceiverEvent::Open { expires_in } => eprintln!(
                    "{} ({} s)",
                    self.language
                        .pick("연결을 기다립니다", "Waiting for the other device"),
                    expires_in.as_secs()
                ),
                ReceiverEvent::ShowCode { code, .. } => {
                    let label = self.language.pick("보안번호", "Security code");
                    println!("{label}: {code}");
                }
                ReceiverEvent::Arrived(arrival) => {
                    let command = match self.decide(&arrival) {
                        Ok(Some(stored)) => ReceiverCommand::Stored(stored),
                        Ok(None) => ReceiverCommand::Refuse,
                        Err(failure) => {
                            self.send(ReceiverCommand::Refuse);
                            return Err(failure);
                        }
                    };
                    self.send(command);
                }
                ReceiverEvent::Acknowledged => {
                    println!(
                        "{}",
                        self.language
                            .pick("저장하고 확인했습니다.", "Stored and checked.")
                    );
                }
                ReceiverEvent::Reconnecting => eprintln!(
                    "{}",
                    self.language
                        .pick("연결이 끊겼습니다. 다시 연결하는 중…", "Reconnecting…")
                ),
                ReceiverEvent::Reconnected => {}
            }
        }
        Ok(())
    }

    fn send(&self, command: ReceiverCommand) {
        // The driver has ended when nobody listens, and says why itself.
        let _ = self.commands.unbounded_send(command);
    }

    /// Shows whose certificate came, stores it once the person agrees, and signs the receipt once
    /// the password is given.
    fn decide(&self, arrival: &Arrival) -> Result<Option<Vec<StoredSet>>, Failure> {
        for (number, set) in arrival.sets.iter().enumerate() {
            println!("{}", describe(number + 1, set, self.language, self.now));
        }
        let question = self
            .language
            .pick("이 인증서를 저장할까요?", "Store this certificate?");
        if !self.options.yes && !confirm(question) {
            return Ok(None);
        }
        let replace = if self.options.replace {
            Replace::Allow
        } else {
            Replace::Refuse
        };
        for set in &arrival.sets {
            let folder = store(set, &self.options.into, replace)?;
            println!(
                "{} {}",
                self.language.pick("저장:", "Stored in"),
                folder.display()
            );
        }
        self.stored.store(true, Ordering::Relaxed);
        let signed = arrival.sets.iter().map(|set| StoredSet {
            location: self.options.device.clone(),
            signature: self.signature(set, arrival.receipt_message()),
        });
        Ok(Some(signed.collect()))
    }

    /// Asks until the password is right or skipped.
    fn signature(&self, set: &CertificateSet, message: &[u8]) -> Option<Vec<u8>> {
        let question = self.language.pick(
            "인증서 비밀번호 (Enter: 건너뛰기):",
            "Certificate password (Enter to skip):",
        );
        loop {
            let text = ask_secret(question).filter(|text| !text.is_empty())?;
            match set.check_password(&Password::from(text)) {
                Ok(Checked::Opened(key)) => return key.sign(message).ok(),
                Ok(Checked::Unchecked { .. }) => {
                    let text = self
                        .language
                        .pick("암호를 확인할 수 없음", "The key cannot be checked here.");
                    println!("{text}");
                    return None;
                }
                Err(error) => {
                    eprintln!("{} [{}]", self.language.password_error(error), error.code())
                }
            }
        }
    }
}
