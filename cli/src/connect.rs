//! How two devices find each other: a code or a number that one shows and the other takes.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::future::{Either, select};
use naru_core::{
    client::{NumberEvent, Party, Transport, announce, look_up},
    connection_number::ConnectionNumber,
    device::Device,
    identity::Identity,
    pairing::{Direction, Origin, Pairing, PairingCode},
    qr::draw,
};
use rand_chacha::ChaCha20Rng;

use crate::{
    camera::Source,
    http::HttpTransport,
    login::{self, Session},
    rng,
    terminal::Failure,
    text::Language,
};

/// How many numbers a device shows, one after the other, while each is used up by somebody else.
const NUMBERS: u8 = 3;

/// The relays that a device uses.
#[derive(Debug, Clone, clap::Args)]
pub struct Relays {
    /// A relay that this device uses; may be given several times. The first is the one that it asks
    /// by itself.
    #[arg(
        long,
        env = "NARU_RELAY",
        default_value = "http://localhost:8080",
        value_delimiter = ','
    )]
    relay: Vec<Origin>,
}

impl Relays {
    /// The relay that this device chooses where the other one does not.
    pub(crate) fn first(&self) -> Result<&Origin, Failure> {
        self.relay
            .first()
            .ok_or_else(|| Failure::new("no_relay", "--relay"))
    }
}

/// A client of one relay, as whoever is logged in there on this machine.
pub(crate) fn transport(origin: &Origin) -> Result<HttpTransport, Failure> {
    let transport = HttpTransport::new(origin.clone());
    let transport = transport.map_err(|error| Failure::other("no_https", &error))?;
    Ok(transport.of(Session::of(origin)?))
}

/// Two devices that have found each other, and who this one proves to be.
pub(crate) struct Meeting {
    pairing: Pairing,
    identity: Option<Identity>,
}

impl Meeting {
    pub(crate) fn into_parts(self, device: &str) -> (Pairing, Party) {
        let device = Device::new(device, std::env::consts::OS);
        (self.pairing, Party::new(device, self.identity))
    }
}

/// Takes the other device's code, or the number that it shows.
pub(crate) async fn scanned(
    source: &Source,
    relays: &Relays,
    language: Language,
    generator: &mut ChaCha20Rng,
) -> Result<Meeting, Failure> {
    let text = source.text(language)?;
    if !text
        .trim_start()
        .starts_with(|first: char| first.is_numeric())
    {
        let pairing = Pairing::scan(&text, &relays.relay);
        let pairing = pairing.map_err(|error| Failure::pairing(language, error))?;
        let identity = login::identity(pairing.origin(), language).await?;
        return Ok(Meeting { pairing, identity });
    }
    let number: ConnectionNumber = text
        .parse()
        .map_err(|error| Failure::number(language, error))?;
    let origin = relays.first()?;
    // A number takes one try: whoever cannot go on does not use it up.
    let identity = login::identity(origin, language).await?;
    let transport = transport(origin)?;
    let pairing = look_up(&transport, origin, &number, generator)
        .await
        .map_err(|error| Failure::transfer(language, error, &transport))?;
    Ok(Meeting { pairing, identity })
}

/// Makes a code and shows it.
pub(crate) async fn displayed(
    relays: &Relays,
    direction: Direction,
    language: Language,
    generator: &mut ChaCha20Rng,
) -> Result<Meeting, Failure> {
    let identity = login::identity(relays.first()?, language).await?;
    let pairing = Pairing::display(relays.first()?, direction, generator);
    let text = pairing.code().to_string();
    let code = draw(&text).map_err(|error| Failure::other("no_qr", &error))?;
    println!("{}\n{text}", code.to_text());
    Ok(Meeting { pairing, identity })
}

/// Shows numbers for a displayed code until somebody has joined.
pub(crate) struct Numbers {
    code: PairingCode,
    origin: Origin,
    language: Language,
    generator: ChaCha20Rng,
}

impl Numbers {
    pub(crate) fn of(pairing: &Pairing, language: Language) -> Result<Self, Failure> {
        Ok(Self {
            code: pairing.code().clone(),
            origin: pairing.origin().clone(),
            language,
            generator: rng::seeded()?,
        })
    }

    /// Runs beside the transfer, which alone decides how it ends.
    pub(crate) async fn beside<R>(
        self,
        transport: &impl Transport,
        joined: &AtomicBool,
        transfer: impl Future<Output = R>,
    ) -> R {
        let transfer = pin!(transfer);
        let numbers = pin!(self.show(transport, joined));
        match select(transfer, numbers).await {
            Either::Left((result, _)) => result,
            Either::Right(((), transfer)) => transfer.await,
        }
    }

    async fn show(mut self, transport: &impl Transport, joined: &AtomicBool) {
        let language = self.language;
        for _ in 0..NUMBERS {
            let mut used = false;
            let show = |event| match event {
                NumberEvent::Ready { number, .. } => {
                    println!(
                        "{}: {number}",
                        language.pick("연결번호", "Connection number")
                    );
                }
                NumberEvent::Used => used = true,
            };
            let generator = &mut self.generator;
            // The QR is there as well: without a number the transfer goes on.
            let _ = announce(transport, &self.origin, &self.code, generator, show).await;
            if !used || joined.load(Ordering::Relaxed) {
                return;
            }
            println!(
                "{}",
                language.pick(
                    "누군가 연결번호를 잘못 입력해 더 쓸 수 없습니다.",
                    "Somebody has entered the connection number wrongly: it is used up.",
                )
            );
        }
    }
}
