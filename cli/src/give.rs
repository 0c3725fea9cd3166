//! `naru give`: plays the PC.

use std::path::PathBuf;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru_core::{
    certificate::{CertificateSet, Checked, OpenedKey, Password},
    client::{GiverCommand, GiverEvent, give},
    giver::{Conclusion, Offer},
    handshake::SecurityCode,
    pairing::{Direction, Origin, Pairing},
    qr::draw,
};

use crate::{
    camera::Source,
    http::HttpTransport,
    inspect::{describe, look},
    rng,
    storage::Gathered,
    terminal::{Failure, ask, ask_secret, confirm},
    text::Language,
};

/// What to give, and how.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A folder with certificates, or a `.pfx` file.
    path: PathBuf,
    /// Which of several certificates, by its number in `naru inspect`.
    #[arg(long, value_name = "NUMBER")]
    certificate: Option<usize>,
    /// Scans a receiving device's code instead of showing one: from the terminal, or as the
    /// options below say.
    #[arg(long)]
    scan: bool,
    #[command(flatten)]
    source: Source,
    /// The relay.
    #[arg(
        long,
        env = "NARU_RELAY",
        default_value = "http://localhost:8080",
        value_delimiter = ','
    )]
    relay: Vec<Origin>,
    /// Deletes the original after a receipt that checks out.
    #[arg(long, conflicts_with = "keep")]
    delete: bool,
    /// Keeps the original without asking.
    #[arg(long)]
    keep: bool,
    /// How this device calls itself on the other one.
    #[arg(long, default_value = "naru")]
    device: String,
}

/// Gives a certificate, and deletes the original only when it has arrived and the person wants it.
pub async fn run(options: Options, language: Language, now: i64) -> Result<(), Failure> {
    let (set, gathered) = choose(&options, language, now)?;
    let opened = open(&set, language)?;
    let offer = Offer::new([(set.clone(), opened)])
        .map_err(|error| Failure::new(error.code(), error.to_string()))?;
    let mut generator = rng::seeded()?;
    let pairing = pairing(&options, language, &mut generator)?;
    let transport = HttpTransport::new(pairing.origin().clone())
        .map_err(|error| Failure::other("no_https", &error))?;
    let (commands, queue) = unbounded();
    let (shown, events) = unbounded();
    let device = naru_core::device::Device::new(&options.device, std::env::consts::OS);
    let show = |event| drop(shown.unbounded_send(event));
    let driver = give(
        &transport,
        pairing,
        offer,
        device,
        &mut generator,
        queue,
        show,
    );
    let person = Person {
        options,
        language,
        set,
        gathered,
        commands,
    };
    let runtime = tokio::runtime::Handle::current();
    let screen = tokio::task::spawn_blocking(move || runtime.block_on(person.follow(events)));
    let result = driver.await;
    drop(shown);
    result.map_err(|error| Failure::transfer(language, error))?;
    screen
        .await
        .map_err(|error| Failure::other("internal", &error))?
}

fn choose(
    options: &Options,
    language: Language,
    now: i64,
) -> Result<(CertificateSet, Gathered), Failure> {
    let (found, gathered) = look(&options.path)?;
    for (number, set) in found.sets.iter().enumerate() {
        println!("{}", describe(number + 1, set, language, now));
    }
    let count = found.sets.len();
    let wanted = match (options.certificate, count) {
        (_, 0) => {
            let text = language.pick(
                "인증서를 찾지 못했습니다. signCert와 signPri, 또는 _sig.cer와 _sig.key가 있는 폴더를 고르세요.",
                "No certificate was found. Choose a folder with signCert and signPri, or _sig.cer and _sig.key.",
            );
            return Err(Failure::new("no_certificate", text));
        }
        (Some(number), _) => number,
        (None, 1) => 1,
        (None, _) => {
            let question = language.pick("보낼 인증서 번호:", "Number of the certificate:");
            ask(question)
                .and_then(|line| line.trim().parse().ok())
                .unwrap_or(0)
        }
    };
    found
        .sets
        .into_iter()
        .nth(wanted.wrapping_sub(1))
        .map(|set| (set, gathered))
        .ok_or_else(|| {
            Failure::new(
                "no_such_certificate",
                language.pick("그런 번호가 없습니다.", "There is no such number."),
            )
        })
}

fn open(set: &CertificateSet, language: Language) -> Result<Option<OpenedKey>, Failure> {
    let question = language.pick("인증서 비밀번호:", "Certificate password:");
    loop {
        let text = ask_secret(question).ok_or_else(|| {
            Failure::new(
                "no_password",
                language.pick("비밀번호가 없습니다.", "No password was given."),
            )
        })?;
        match set.check_password(&Password::from(text)) {
            Ok(Checked::Opened(key)) => return Ok(Some(key)),
            Ok(Checked::Unchecked { .. }) => {
                println!(
                    "{}",
                    language.pick("암호를 확인할 수 없음", "The key cannot be checked here.")
                );
                return Ok(None);
            }
            Err(error) => eprintln!("{} [{}]", language.password_error(error), error.code()),
        }
    }
}

fn pairing(
    options: &Options,
    language: Language,
    generator: &mut rand_chacha::ChaCha20Rng,
) -> Result<Pairing, Failure> {
    if options.scan || options.source.is_given() {
        let warning = language.pick(
            "인증서를 보냅니다. 전화나 메시지로 받은 QR이면 취소하세요.",
            "You are about to SEND the certificate. Cancel if the QR came by phone or message.",
        );
        println!("{warning}");
        let text = options.source.text(language)?;
        return Pairing::scan(&text, &options.relay)
            .map_err(|error| Failure::pairing(language, error));
    }
    let relay = options
        .relay
        .first()
        .ok_or_else(|| Failure::new("no_relay", "--relay"))?;
    let pairing = Pairing::display(relay, Direction::DisplayerGives, generator);
    let text = pairing.code().to_string();
    let code = draw(&text).map_err(|error| Failure::other("no_qr", &error))?;
    println!("{}\n{text}", code.to_text());
    Ok(pairing)
}

struct Person {
    options: Options,
    language: Language,
    set: CertificateSet,
    gathered: Gathered,
    commands: UnboundedSender<GiverCommand>,
}

impl Person {
    async fn follow(self, mut events: UnboundedReceiver<GiverEvent>) -> Result<(), Failure> {
        while let Ok(event) = events.recv().await {
            match event {
                GiverEvent::Open { expires_in } => eprintln!(
                    "{} ({} s)",
                    self.language
                        .pick("연결을 기다립니다", "Waiting for the other device"),
                    expires_in.as_secs()
                ),
                GiverEvent::Joined { peer, .. } => {
                    let name = peer.as_ref().map_or("", |peer| peer.name());
                    println!(
                        "{} {name}",
                        self.language.pick("연결된 기기:", "Connected:")
                    );
                    self.code();
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
                    let conclusion = self.conclude();
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
        Ok(())
    }

    fn send(&self, command: GiverCommand) {
        // The driver has ended when nobody listens, and says why itself.
        let _ = self.commands.unbounded_send(command);
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

    /// The default keeps.
    fn conclude(&self) -> Conclusion {
        println!(
            "{} …{}",
            self.language
                .pick("보냈습니다.", "Received on the other device."),
            self.set.fingerprint().short()
        );
        let question = self.language.pick(
            "원본을 삭제할까요? 삭제하면 이 PC에서 쓸 수 없습니다.",
            "Delete the original? It cannot be used on this PC then.",
        );
        if !self.options.delete && (self.options.keep || !confirm(question)) {
            return Conclusion::Kept;
        }
        let left = self.gathered.delete(&self.set);
        for path in &left {
            println!(
                "{} {}",
                self.language.pick("삭제하지 못했습니다:", "Not deleted:"),
                path.display()
            );
        }
        if left.is_empty() {
            Conclusion::Deleted
        } else {
            Conclusion::Kept
        }
    }
}
