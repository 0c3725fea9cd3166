//! The person at a device that receives: sees what came, agrees, and gives the password.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use naru_core::{
    certificate::{CertificateSet, Checked, Roots},
    client::{ReceiverCommand, ReceiverEvent, TransferError},
    receiver::{Arrival, StoredSet},
};

use tokio::task::JoinHandle;

use crate::{
    http::HttpTransport,
    inspect::describe,
    password,
    storage::{Replace, Stored, store},
    terminal::{Failure, confirm},
    text::Language,
};

/// Where and how to store what comes.
#[derive(Debug, Clone, clap::Args)]
pub struct Destination {
    /// The folder that GPKI and NPKI folders are made in.
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// Takes the place of other files of the same name.
    #[arg(long)]
    replace: bool,
    /// Stores without asking whether the certificate is the right one.
    #[arg(long)]
    yes: bool,
    /// PEM file with the root and intermediate certificates against which the chain is checked.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// How this device calls itself on the other one.
    #[arg(long, default_value = "naru")]
    pub(crate) device: String,
}

/// What is on this disk, for whoever has to explain a failure after it.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Stored>>>);

impl Kept {
    /// Explains what an error leaves behind; takes back what another device has.
    pub(crate) fn after(&self, error: TransferError, language: Language) {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if kept.is_empty() {
            return;
        }
        if error == TransferError::TakenByAnother {
            for path in kept.into_iter().flat_map(Stored::undo) {
                println!(
                    "{} {}",
                    language.pick("직접 삭제하세요:", "Delete this yourself:"),
                    path.display()
                );
            }
            return;
        }
        println!(
            "{}",
            language.pick(
                "저장은 끝났지만 보낸 기기에 알리지 못했습니다. 원본은 그대로 남아 있습니다.",
                "Everything is stored, but the sending device could not be told. Its original stays.",
            )
        );
    }
}

/// How a transfer that failed is told; the failure to store explains the refusal that it led to.
pub(crate) async fn failed(
    error: TransferError,
    screen: JoinHandle<Result<(), Failure>>,
    kept: &Kept,
    language: Language,
    transport: &HttpTransport,
) -> Failure {
    if error == TransferError::Refused
        && let Ok(Err(failure)) = screen.await
    {
        return failure;
    }
    kept.after(error, language);
    Failure::transfer(language, error, transport)
}

pub(crate) struct Recipient {
    pub(crate) destination: Destination,
    pub(crate) language: Language,
    pub(crate) now: i64,
    pub(crate) commands: UnboundedSender<ReceiverCommand>,
    pub(crate) kept: Kept,
    /// Called when the other device is there.
    pub(crate) joined: Box<dyn Fn() + Send>,
}

impl Recipient {
    pub(crate) async fn follow(
        self,
        mut events: UnboundedReceiver<ReceiverEvent>,
    ) -> Result<(), Failure> {
        while let Ok(event) = events.recv().await {
            match event {
                ReceiverEvent::Open { expires_in } => eprintln!(
                    "{} ({} s)",
                    self.language
                        .pick("연결을 기다립니다", "Waiting for the other device"),
                    expires_in.as_secs()
                ),
                ReceiverEvent::ShowCode { code, .. } => {
                    (self.joined)();
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
        if !self.destination.yes && !confirm(question) {
            return Ok(None);
        }
        // Before anything is stored.
        let roots = self.roots()?;
        let replace = if self.destination.replace {
            Replace::Allow
        } else {
            Replace::Refuse
        };
        for set in &arrival.sets {
            let stored = store(set, &self.destination.into, replace)?;
            println!(
                "{} {}",
                self.language.pick("저장:", "Stored in"),
                stored.folder.display()
            );
            let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(stored);
        }
        let signed = arrival.sets.iter().map(|set| StoredSet {
            location: self.destination.device.clone(),
            signature: self.check(set, roots.as_ref(), arrival.receipt_message()),
        });
        Ok(Some(signed.collect()))
    }

    /// Says what is known of the certificate, and signs where the password opens it.
    fn check(
        &self,
        set: &CertificateSet,
        roots: Option<&Roots>,
        message: &[u8],
    ) -> Option<Vec<u8>> {
        let checked = password::optional(set, self.language).map(|opened| opened.checked);
        let report = set.report(checked.as_ref(), roots, self.now);
        for line in self.language.report(&report, self.now) {
            println!("  {line}");
        }
        match checked? {
            Checked::Opened(key) => key.sign(message).ok(),
            Checked::Unchecked { .. } => None,
        }
    }

    fn roots(&self) -> Result<Option<Roots>, Failure> {
        let Some(path) = &self.destination.roots else {
            return Ok(None);
        };
        let pem = fs::read(path)
            .map_err(|error| Failure::new("cannot_read", format!("{}: {error}", path.display())))?;
        Roots::from_pem(&pem)
            .map(Some)
            .map_err(|error| Failure::new(error.code(), format!("{}: {error}", path.display())))
    }
}
