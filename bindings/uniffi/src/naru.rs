//! What an app holds for as long as it lives.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use naru_core::{
    certificate::{Password, PasswordRules, Roots},
    client::{Party, Remark, deposit_status, withdraw},
    connection_number::ConnectionNumber,
    deposit::{RecoveryCode, WithdrawCode},
    device::Device,
    identity,
    pairing::{Direction, Origin, Pairing},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::{
    certificates::Certificate,
    deposits::{DepositStatus, Depositing},
    failure::{Failure, Refusal},
    giving::{self, Giving},
    host::{CertificateStore, Login, Transport, UserVerification},
    identity::Identity,
    live::Live,
    lock::lock,
    log::{Log, LogSink},
    login::Person,
    receiving::{self, Receiving},
    relay::Relay,
    signal::Signal,
    storage::Storage,
};

/// What an app is made with.
#[derive(Clone, uniffi::Record)]
pub struct Options {
    /// The origins of the relays that the app was built for, such as `https://relay.example`. The first
    /// is the one that this device opens transfers on; a scanned code picks among all.
    pub relays: Vec<String>,
    /// How this device calls itself on the other one, such as `갤럭시 S30`.
    pub device_name: String,
    /// Such as `Android 17`.
    pub platform: String,
    /// PEM file of the root and intermediate certificates against which chains are checked.
    pub roots: Option<Vec<u8>>,
    /// What a new password needs; the usual where the agency says nothing.
    pub password_policy: Option<PasswordPolicy>,
}

/// What a new password needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PasswordPolicy {
    /// Fewest characters.
    pub min_characters: u32,
    /// Fewest kinds of small letters, capitals, digits and others.
    pub min_kinds: u32,
}

/// Who the other device says it is. It can say anything.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Peer {
    /// Such as `업무용 PC`.
    pub name: String,
    /// Such as `Chrome 156 · Windows`.
    pub platform: String,
}

impl From<Device> for Peer {
    fn from(device: Device) -> Self {
        Self {
            name: device.name().to_owned(),
            platform: device.platform().to_owned(),
        }
    }
}

/// Moves certificates from and to this device. One for the whole app; any number of transfers can run
/// at once.
#[derive(uniffi::Object)]
pub struct Naru {
    pub(crate) context: Arc<Context>,
    _live: Live,
}

/// What all that an app does has in common.
pub(crate) struct Context {
    transport: Arc<dyn Transport>,
    person: Arc<Person>,
    pub(crate) storage: Storage,
    pub(crate) verification: Arc<dyn UserVerification>,
    pub(crate) log: Log,
    pub(crate) relays: Vec<Origin>,
    pub(crate) device: Device,
    identity: Mutex<Option<identity::Identity>>,
    pub(crate) roots: Option<Roots>,
    pub(crate) rules: PasswordRules,
}

impl Context {
    /// The relay that this device opens transfers on.
    pub(crate) fn relay(&self) -> Result<Origin, Failure> {
        Ok(self.relays.first().ok_or(Refusal::NoRelay)?.clone())
    }

    /// This device, and whoever is logged in on it.
    pub(crate) fn party(&self) -> Party {
        Party::new(self.device.clone(), lock(&self.identity).clone())
    }

    /// For a question that nothing stops.
    fn errand(&self) -> Result<Relay, Failure> {
        Ok(self.line(self.relay()?, &Arc::new(Signal::new()), &Arc::default()))
    }

    pub(crate) fn line(
        &self,
        origin: Origin,
        stop: &Arc<Signal>,
        remark: &Arc<Mutex<Remark>>,
    ) -> Relay {
        Relay {
            transport: Arc::clone(&self.transport),
            person: Arc::clone(&self.person),
            origin,
            stop: Arc::clone(stop),
            remark: Arc::clone(remark),
        }
    }
}

#[uniffi::export]
impl Naru {
    /// Takes what the app brings: `login` where the agency's relay wants to know who the person is. Fails for
    /// a relay that is no origin, and for roots that are none.
    #[uniffi::constructor]
    pub fn new(
        transport: Arc<dyn Transport>,
        store: Arc<dyn CertificateStore>,
        verification: Arc<dyn UserVerification>,
        log: Option<Arc<dyn LogSink>>,
        options: Options,
        login: Option<Arc<dyn Login>>,
    ) -> Result<Arc<Self>, Failure> {
        let relays: Vec<Origin> = options
            .relays
            .iter()
            .map(|relay| relay.parse())
            .collect::<Result<_, _>>()?;
        if relays.is_empty() {
            return Err(Refusal::NoRelay.into());
        }
        let rules = options.password_policy.map(|policy| PasswordRules {
            min_characters: policy.min_characters as usize,
            min_kinds: policy.min_kinds as usize,
        });
        let storage = Storage::new(store);
        let device = Device::new(&options.device_name, &options.platform);
        let context = Context {
            transport,
            person: Arc::new(Person::new(login, storage.clone(), device.clone())),
            storage,
            verification,
            log: Log(log),
            relays,
            device,
            identity: Mutex::default(),
            roots: options.roots.map(|pem| Roots::from_pem(&pem)).transpose()?,
            rules: rules.unwrap_or_default(),
        };
        Ok(Arc::new(Self {
            context: Arc::new(context),
            _live: Live::new(),
        }))
    }

    /// Says who is logged in on this device, or that nobody is. Transfers that run from now on succeed only with a
    /// device on which the same person is logged in, whatever the relay says of accounts; without a login they ask
    /// for none. Fails for a token that the other device would refuse, and changes nothing then.
    pub fn identify(&self, identity: Option<Identity>) -> Result<(), Failure> {
        let identity = identity.map(identity::Identity::try_from).transpose()?;
        *lock(&self.context.identity) = identity;
        Ok(())
    }

    /// Receives by a pairing code that this device has scanned.
    pub fn receive_by_scanning(&self, code: &str) -> Result<Arc<Receiving>, Failure> {
        let pairing = Pairing::scan(code, &self.context.relays)?;
        Receiving::prepare(&self.context, receiving::Source::Scanned(pairing))
    }

    /// Receives by the number of twelve digits that the other device shows.
    pub fn receive_by_number(&self, number: &str) -> Result<Arc<Receiving>, Failure> {
        let number = number.parse::<ConnectionNumber>()?;
        Receiving::prepare(&self.context, receiving::Source::Number(number))
    }

    /// Receives by a code that this device shows and the other one scans.
    pub fn receive_by_displaying(&self) -> Result<Arc<Receiving>, Failure> {
        let pairing = self.display(Direction::ScannerGives)?;
        Receiving::prepare(&self.context, receiving::Source::Displayed(pairing))
    }

    /// Fetches what was left with the relay under a recovery code.
    pub fn fetch(&self, recovery_code: &str) -> Result<Arc<Receiving>, Failure> {
        let code = recovery_code.parse::<RecoveryCode>()?;
        Receiving::prepare(&self.context, receiving::Source::Deposit(code))
    }

    /// Gives a certificate away by a pairing code that this device has scanned: the direction in which
    /// people are tricked. Nothing is sent before the person has confirmed who would receive it.
    pub fn give_by_scanning(
        &self,
        certificate: &Certificate,
        code: &str,
    ) -> Result<Arc<Giving>, Failure> {
        let pairing = Pairing::scan(code, &self.context.relays)?;
        let source = giving::Source::Scanned(pairing);
        Giving::prepare(&self.context, certificate, source)
    }

    /// Gives a certificate away by the number of twelve digits that the other device shows.
    pub fn give_by_number(
        &self,
        certificate: &Certificate,
        number: &str,
    ) -> Result<Arc<Giving>, Failure> {
        let source = giving::Source::Number(number.parse::<ConnectionNumber>()?);
        Giving::prepare(&self.context, certificate, source)
    }

    /// Gives a certificate away by a code that this device shows and the other one scans.
    pub fn give_by_displaying(&self, certificate: &Certificate) -> Result<Arc<Giving>, Failure> {
        let source = giving::Source::Displayed(self.display(Direction::DisplayerGives)?);
        Giving::prepare(&self.context, certificate, source)
    }

    /// Leaves a certificate with the relay, to be fetched later, for as many seconds as the relay allows
    /// up to `keep_seconds`.
    pub fn deposit(
        &self,
        certificate: &Certificate,
        keep_seconds: u32,
    ) -> Result<Arc<Depositing>, Failure> {
        let keep = NonZeroU32::new(keep_seconds).unwrap_or(NonZeroU32::MIN);
        Depositing::prepare(&self.context, certificate, keep)
    }

    /// Where the deposit of a withdraw code stands.
    pub async fn deposit_status(&self, withdraw_code: String) -> Result<DepositStatus, Failure> {
        let code = withdraw_code.parse::<WithdrawCode>()?;
        let relay = self.context.errand()?;
        let status = deposit_status(&relay, &relay.origin, &code).await;
        let status = status.map_err(|error| Failure::remarked(error, &lock(&relay.remark)))?;
        Ok(status.into())
    }

    /// Takes the deposit of a withdraw code back: nobody can fetch it from then on.
    pub async fn withdraw_deposit(&self, withdraw_code: String) -> Result<(), Failure> {
        let code = withdraw_code.parse::<WithdrawCode>()?;
        let relay = self.context.errand()?;
        let withdrawn = withdraw(&relay, &relay.origin, &code).await;
        withdrawn.map_err(|error| Failure::remarked(error, &lock(&relay.remark)))
    }

    /// Gives this device a new key, for a person who wants to use a device again that was removed: what was
    /// removed stays so.
    pub async fn renew_device(&self) -> Result<(), Failure> {
        self.context.person.renew_device().await
    }

    /// Whether a new password is as strong as the agency asks; says what it lacks.
    pub fn check_new_password(&self, password: String) -> Result<(), Failure> {
        Ok(self.context.rules.check(&Password::from(password))?)
    }
}

impl Naru {
    fn display(&self, direction: Direction) -> Result<Pairing, Failure> {
        let origin = self.context.relay()?;
        Ok(Pairing::display(&origin, direction, &mut generator()?))
    }
}

/// A generator seeded by the system.
pub(crate) fn generator() -> Result<ChaCha20Rng, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Refusal::NoRandomness)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// Unix seconds; a clock before 1970 is one that was never set.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().try_into().unwrap_or(i64::MAX))
}
