//! The operator's settings: flags over environment over a TOML file over defaults.

use std::{
    fs,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use naru_core::mailbox;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;

use crate::{
    audit::{AuditUrl, ExportTarget, Retention, UnknownAudit, UnknownSyslog},
    reference::Reference,
    registry::{RegistryUrl, UnknownRegistry},
    store::{Capacity, StoreUrl, UnknownStore},
};

const DEPOSIT_HOURS: u16 = 24;
const DEPOSIT_MAX_HOURS: u16 = 7 * 24;
const NETWORK_MAILBOXES: NonZeroU32 = NonZeroU32::MIN.saturating_add(1_999);
/// Half of the memory's default, however large each is.
const NETWORK_DEPOSITS: NonZeroU32 = NonZeroU32::MIN.saturating_add(499);
const NETWORK_JOINS: NonZeroU32 = NonZeroU32::MIN.saturating_add(3_999);
const ACCOUNT_MAILBOXES: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
const ACCOUNT_DEPOSITS: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);
const ACCOUNT_JOINS: NonZeroU32 = NonZeroU32::MIN.saturating_add(199);
const WAITERS: NonZeroU32 = NonZeroU32::MIN.saturating_add(49_999);
const NETWORK_WAITERS: NonZeroU32 = NonZeroU32::MIN.saturating_add(3_999);
const CONNECTIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(59_999);
const PASSWORD_CHARACTERS: NonZeroU16 = NonZeroU16::MIN.saturating_add(9);
const PASSWORD_KINDS: NonZeroU16 = NonZeroU16::MIN.saturating_add(2);

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// The relay's certificate and key, as PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain, end-entity certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Settings that have been checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where mailboxes live.
    pub store: StoreUrl,
    /// Serves HTTPS where given.
    pub tls: Option<Tls>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest frame, in bytes.
    pub frame_bytes: usize,
    /// What mailboxes may hold.
    pub capacity: Capacity,
    /// How long a deposit is kept when nothing else is asked for; `None` takes no deposits.
    pub deposit: Option<Duration>,
    /// How many deposits one client network may make within the longest time that one is kept.
    pub network_deposits: NonZeroU32,
    /// How often one client network may try to join within the lifetime of a mailbox.
    pub network_joins: NonZeroU32,
    /// How many mailboxes one account may open within their lifetime, where people log in.
    pub account_mailboxes: NonZeroU32,
    /// How many deposits one account may make within the longest time that one is kept.
    pub account_deposits: NonZeroU32,
    /// How often one account may try to join within the lifetime of a mailbox.
    pub account_joins: NonZeroU32,
    /// TOML file with the agencies whose people may use the relay; without one, everybody may.
    pub agencies: Option<PathBuf>,
    /// Where it is noted what happened.
    pub audit: AuditUrl,
    /// File with the providers by which people log in; without one, nobody has to.
    pub identity: Option<PathBuf>,
    /// Where sessions and devices are kept.
    pub registry: RegistryUrl,
    /// Where that is written as JSON lines too.
    pub audit_exports: Vec<ExportTarget>,
    /// How long it is kept.
    pub audit_retention: Retention,
    /// What the page is told.
    pub page: PageSettings,
    /// How many mailboxes one client network may open at once.
    pub network_mailboxes: NonZeroU32,
    /// How many clients may wait at once.
    pub waiters: NonZeroU32,
    /// How many clients of one network may wait at once.
    pub network_waiters: NonZeroU32,
    /// How many connections may be open at once.
    pub connections: NonZeroU32,
    /// How long a request's head and body may take.
    pub request_deadline: Duration,
}

/// What the operator wants of the page, and of every other client that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSettings {
    /// Whether the page keeps nothing unless the person says that the PC is their own.
    pub shared_pc: bool,
    /// Root and intermediate certificates (DER) against which chains are checked.
    pub roots: Option<Vec<Vec<u8>>>,
    /// Fewest characters of a new password.
    pub password_characters: NonZeroU16,
    /// Fewest kinds of characters in a new password, of four.
    pub password_kinds: NonZeroU16,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The settings file says something that is no setting.
    #[error("the settings file {path} is wrong: {error}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line and key.
        error: Box<toml::de::Error>,
    },
    /// The roots are not what they should be.
    #[error("cannot use the root certificates in {path}: {reason}")]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A value that does not fit the others.
    #[error("the setting `{name}` is wrong: {reason}")]
    Unusable {
        /// Its name in the file.
        name: &'static str,
        /// What is expected.
        reason: &'static str,
    },
}

impl Settings {
    /// Reads flags, environment and file, and what is to be done. A wrong flag or variable ends the process
    /// as clap does: a message on standard error, status 2.
    pub fn load() -> Result<(Self, Task), SettingsError> {
        let mut arguments = Arguments::parse();
        let task = match arguments.command.take() {
            None => Task::Serve,
            Some(Command::Audit(look_up)) => {
                let LookUpArguments {
                    look_up,
                    config,
                    options,
                } = *look_up;
                arguments.config = config.or(arguments.config);
                arguments.options = options.or(arguments.options);
                Task::LookUp(look_up)
            }
        };
        Ok((Self::from_arguments(arguments)?, task))
    }

    /// The defaults on a free port of the loopback interface, for tests.
    pub fn local() -> Result<Self, SettingsError> {
        Self::from_arguments(Arguments::parse_from([
            "naru-relay",
            "--listen",
            "127.0.0.1:0",
        ]))
    }

    /// Reads a TOML file alone, without flags and environment.
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        Options::read(path)?.check()
    }

    fn from_arguments(arguments: Arguments) -> Result<Self, SettingsError> {
        let file = match &arguments.config {
            None => Options::default(),
            Some(path) => Options::read(path)?,
        };
        arguments.options.or(file).check()
    }
}

/// The blind relay of Naru: carries certificates between two devices without seeing them.
#[derive(Parser)]
#[command(name = "naru-relay", version)]
struct Arguments {
    /// TOML file with any of the settings below, named with `_` in place of `-`.
    #[arg(long, env = "NARU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Looks something up in the audit, and notes that there.
    Audit(Box<LookUpArguments>),
}

#[derive(clap::Args)]
struct LookUpArguments {
    #[command(flatten)]
    look_up: LookUp,
    /// TOML file with the relay's settings.
    #[arg(long, env = "NARU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// What the command is to do.
pub enum Task {
    /// Run the relay.
    Serve,
    /// Look something up.
    LookUp(LookUp),
}

/// What is to be looked up in the audit.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct LookUp {
    /// Shows everything about a reference number, as 4F7K-22T.
    #[arg(long, value_name = "NUMBER")]
    pub reference: Option<Reference>,
    /// Says whether every entry is as it was written, and none is missing.
    #[arg(long)]
    pub verify: bool,
    /// Writes all entries to standard output, each a line of JSON.
    #[arg(long)]
    pub all: bool,
}

macro_rules! options {
    ($($(#[$attribute:meta])* $name:ident: $kind:ty,)*) => {
        #[derive(clap::Args, Deserialize, Default)]
        #[serde(deny_unknown_fields)]
        struct Options {
            $($(#[$attribute])* $name: Option<$kind>,)*
        }

        impl Options {
            fn or(self, file: Self) -> Self {
                Self { $($name: self.$name.or(file.$name),)* }
            }
        }
    };
}

options! {
    /// Address and port to listen on [default: 127.0.0.1:8080].
    #[arg(long, env = "NARU_LISTEN", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Where mailboxes live: `memory`, or the address of a Redis, `redis://host`, of its Sentinels,
    /// `redis+sentinel://host,host,host/master`, or of a Cluster, `redis+cluster://host,host`; the same
    /// with `rediss` for TLS [default: memory].
    #[arg(long, env = "NARU_STORE", value_name = "URL", hide_env_values = true)]
    store: String,
    /// PEM file with the relay's certificate chain: serves HTTPS.
    #[arg(long, env = "NARU_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: PathBuf,
    /// PEM file with the certificate's private key.
    #[arg(long, env = "NARU_TLS_KEY", value_name = "FILE")]
    tls_key: PathBuf,
    /// How log lines look [default: text].
    #[arg(long, env = "NARU_LOG_FORMAT", value_enum)]
    log_format: LogFormat,
    /// Networks (CIDR) of the proxies whose X-Forwarded-For is believed, separated by commas.
    #[arg(long, env = "NARU_TRUSTED_PROXIES", value_name = "CIDR", value_delimiter = ',', num_args = 1)]
    trusted_proxies: Vec<IpNet>,
    /// Seconds that a mailbox waits for the scanner [default: 180].
    #[arg(long, env = "NARU_JOIN_TTL", value_name = "SECONDS")]
    join_ttl: NonZeroU32,
    /// Seconds that a mailbox lives from the join on [default: 600].
    #[arg(long, env = "NARU_TRANSFER_TTL", value_name = "SECONDS")]
    transfer_ttl: NonZeroU32,
    /// Largest frame in bytes [default: 64000].
    #[arg(long, env = "NARU_FRAME_BYTES", value_name = "BYTES")]
    frame_bytes: NonZeroUsize,
    /// Most frames of one lane [default: 32].
    #[arg(long, env = "NARU_LANE_FRAMES", value_name = "COUNT")]
    lane_frames: NonZeroU16,
    /// Most bytes of one mailbox [default: 1048576].
    #[arg(long, env = "NARU_MAILBOX_BYTES", value_name = "BYTES")]
    mailbox_bytes: NonZeroUsize,
    /// Most mailboxes at once in memory; a Redis has its own `maxmemory` [default: 100000].
    #[arg(long, env = "NARU_MAILBOXES", value_name = "COUNT")]
    mailboxes: NonZeroUsize,
    /// Most bytes of all mailboxes together in memory; a Redis has its own `maxmemory` [default:
    /// 1073741824].
    #[arg(long, env = "NARU_TOTAL_BYTES", value_name = "BYTES")]
    total_bytes: NonZeroUsize,
    /// Most mailboxes that one client address may open within their lifetime [default: 2000].
    #[arg(long, env = "NARU_NETWORK_MAILBOXES", value_name = "COUNT")]
    network_mailboxes: NonZeroU32,
    /// Hours that a deposit is kept when nothing else is asked for; 0 takes no deposits [default: 24].
    #[arg(long, env = "NARU_DEPOSIT_HOURS", value_name = "HOURS")]
    deposit_hours: u16,
    /// Hours that a deposit is kept at most, 168 at most [default: 168].
    #[arg(long, env = "NARU_DEPOSIT_MAX_HOURS", value_name = "HOURS")]
    deposit_max_hours: NonZeroU16,
    /// Most deposits that one client address may make within deposit-max-hours, each of
    /// mailbox-bytes at most [default: 500].
    #[arg(long, env = "NARU_NETWORK_DEPOSITS", value_name = "COUNT")]
    network_deposits: NonZeroU32,
    /// Most attempts of one client address to join a mailbox within its lifetime: what bounds
    /// whoever guesses connection numbers [default: 4000].
    #[arg(long, env = "NARU_NETWORK_JOINS", value_name = "COUNT")]
    network_joins: NonZeroU32,
    /// Most mailboxes that one account may open within their lifetime, where people log in [default: 100].
    #[arg(long, env = "NARU_ACCOUNT_MAILBOXES", value_name = "COUNT")]
    account_mailboxes: NonZeroU32,
    /// Most deposits that one account may make within deposit-max-hours, where people log in [default: 50].
    #[arg(long, env = "NARU_ACCOUNT_DEPOSITS", value_name = "COUNT")]
    account_deposits: NonZeroU32,
    /// Most attempts of one account to join a mailbox within its lifetime, where people log in [default:
    /// 200].
    #[arg(long, env = "NARU_ACCOUNT_JOINS", value_name = "COUNT")]
    account_joins: NonZeroU32,
    /// Takes every PC for a shared one, on which the page keeps nothing [default: false].
    #[arg(long, env = "NARU_SHARED_PC", num_args = 0..=1, default_missing_value = "true")]
    shared_pc: bool,
    /// PEM file with the root and intermediate certificates against which chains are checked.
    #[arg(long, env = "NARU_ROOTS", value_name = "FILE")]
    roots: PathBuf,
    /// Fewest characters of a new password [default: 10].
    #[arg(long, env = "NARU_PASSWORD_CHARACTERS", value_name = "COUNT")]
    password_characters: NonZeroU16,
    /// Fewest kinds of characters in a new password, of small letters, capitals, digits and others
    /// [default: 3].
    #[arg(long, env = "NARU_PASSWORD_KINDS", value_name = "COUNT")]
    password_kinds: NonZeroU16,
    /// Most clients that wait on this relay at once; the next ones are told to come back [default:
    /// 50000].
    #[arg(long, env = "NARU_WAITERS", value_name = "COUNT")]
    waiters: NonZeroU32,
    /// Most clients of one address that wait on this relay at once [default: 4000].
    #[arg(long, env = "NARU_NETWORK_WAITERS", value_name = "COUNT")]
    network_waiters: NonZeroU32,
    /// Most connections to this relay at once; further ones wait in the system's queue [default:
    /// 60000].
    #[arg(long, env = "NARU_CONNECTIONS", value_name = "COUNT")]
    connections: NonZeroU32,
    /// TOML file with the agencies whose people may use the relay, and their rules; SIGHUP reads it
    /// again. Without one, everybody may do everything.
    #[arg(long, env = "NARU_AGENCIES", value_name = "FILE")]
    agencies: PathBuf,
    /// Where it is noted what happened: `memory`, which a restart forgets, `sqlite:FILE`, or the address of a
    /// Redis as for --store [default: memory].
    #[arg(long, env = "NARU_AUDIT", value_name = "URL", hide_env_values = true)]
    audit: String,
    /// TOML file with the OpenID providers by which people log in. Without one, nobody has to.
    #[arg(long, env = "NARU_IDENTITY", value_name = "FILE")]
    identity: PathBuf,
    /// Where sessions and devices are kept: `memory`, which a restart forgets, `sqlite:FILE`, or the address of
    /// a Redis as for --store [default: as --store].
    #[arg(long, env = "NARU_REGISTRY", value_name = "URL", hide_env_values = true)]
    registry: String,
    /// File to which the audit is appended as JSON lines too; `-` is standard output.
    #[arg(long, env = "NARU_AUDIT_EXPORT", value_name = "FILE")]
    audit_export: PathBuf,
    /// Syslog server to which the audit goes too (RFC 5424): `udp://HOST:PORT`, `tcp://HOST:PORT` or
    /// `unix:/dev/log`.
    #[arg(long, env = "NARU_AUDIT_SYSLOG", value_name = "ADDRESS")]
    audit_syslog: String,
    /// Years for which the audit is kept [default: 1].
    #[arg(long, env = "NARU_AUDIT_YEARS", value_enum, value_name = "YEARS")]
    audit_years: Retention,
    /// Seconds that a request's head and body may take, and that a client may take none of its answer
    /// [default: 10].
    #[arg(long, env = "NARU_REQUEST_DEADLINE", value_name = "SECONDS")]
    request_deadline: NonZeroU32,
}

impl Options {
    fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = fs::read_to_string(path).map_err(|error| SettingsError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        toml::from_str(&text).map_err(|error| SettingsError::Malformed {
            path: path.to_owned(),
            error: Box::new(error),
        })
    }

    fn check(self) -> Result<Settings, SettingsError> {
        let tls = match (self.tls_certificate, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(SettingsError::Unusable {
                    name: "tls_key",
                    reason: "it has to be given together with tls_certificate",
                });
            }
            (None, Some(_)) => {
                return Err(SettingsError::Unusable {
                    name: "tls_certificate",
                    reason: "it has to be given together with tls_key",
                });
            }
        };
        let store = match self.store {
            None => StoreUrl::default(),
            Some(url) => url
                .parse()
                .map_err(|UnknownStore| SettingsError::Unusable {
                    name: "store",
                    reason: "expected `memory`, `redis://[user:password@]host[:port][/database]`, \
                    `redis+sentinel://[user:password@]host,host/master`, \
                    `redis+cluster://[user:password@]host,host`, or the same with `rediss` for TLS",
                })?,
        };
        let audit = match self.audit {
            None => AuditUrl::default(),
            Some(url) => url
                .parse()
                .map_err(|UnknownAudit| SettingsError::Unusable {
                    name: "audit",
                    reason: "expected `memory`, `sqlite:FILE`, or the address of a Redis as for store",
                })?,
        };
        let audit_file = self.audit_export.map(|path| match path.as_os_str() == "-" {
            true => ExportTarget::Output,
            false => ExportTarget::File(path),
        });
        let audit_syslog = match self.audit_syslog.as_deref().map(str::parse) {
            None => None,
            Some(Ok(address)) => Some(ExportTarget::Syslog(address)),
            Some(Err(UnknownSyslog)) => {
                return Err(SettingsError::Unusable {
                    name: "audit_syslog",
                    reason: "expected `udp://HOST:PORT`, `tcp://HOST:PORT` or `unix:FILE`",
                });
            }
        };
        let registry = match (&self.registry, &store) {
            (Some(url), _) => url
                .parse()
                .map_err(|UnknownRegistry| SettingsError::Unusable {
                    name: "registry",
                    reason: "expected `memory`, `sqlite:FILE`, or the address of a Redis as for store",
                })?,
            (None, StoreUrl::Memory) => RegistryUrl::Memory,
            (None, StoreUrl::Redis(deployment)) => RegistryUrl::Redis(deployment.clone()),
        };
        let seconds = |setting: Option<NonZeroU32>, default: Duration| {
            setting.map_or(default, |seconds| Duration::from_secs(seconds.get().into()))
        };
        let count =
            |setting: Option<NonZeroUsize>, default| setting.map_or(default, NonZeroUsize::get);
        let hours = |hours: u16| Duration::from_secs(u64::from(hours) * 3_600);
        let deposit_max_hours = self
            .deposit_max_hours
            .map_or(DEPOSIT_MAX_HOURS, NonZeroU16::get);
        if deposit_max_hours > DEPOSIT_MAX_HOURS {
            return Err(SettingsError::Unusable {
                name: "deposit_max_hours",
                reason: "it has to be at most 168, seven days",
            });
        }
        let deposit_hours = self
            .deposit_hours
            .unwrap_or(DEPOSIT_HOURS.min(deposit_max_hours));
        if deposit_hours > deposit_max_hours {
            return Err(SettingsError::Unusable {
                name: "deposit_hours",
                reason: "it has to be at most deposit_max_hours",
            });
        }
        let password_kinds = self.password_kinds.unwrap_or(PASSWORD_KINDS);
        if password_kinds.get() > 4 {
            return Err(SettingsError::Unusable {
                name: "password_kinds",
                reason: "there are four kinds",
            });
        }
        let capacity = Capacity {
            deposit_ttl: hours(deposit_max_hours),
            join_ttl: seconds(self.join_ttl, mailbox::JOIN_TTL),
            transfer_ttl: seconds(self.transfer_ttl, mailbox::TRANSFER_TTL),
            lane_frames: self
                .lane_frames
                .map_or(mailbox::MAX_LANE_FRAMES, NonZeroU16::get),
            mailbox_bytes: count(self.mailbox_bytes, mailbox::MAX_MAILBOX_BYTES),
            mailboxes: count(self.mailboxes, 100_000),
            total_bytes: count(self.total_bytes, 1 << 30),
        };
        let frame_bytes = count(self.frame_bytes, mailbox::MAX_FRAME_BYTES);
        if frame_bytes > capacity.mailbox_bytes {
            return Err(SettingsError::Unusable {
                name: "frame_bytes",
                reason: "it has to be at most mailbox_bytes",
            });
        }
        Ok(Settings {
            listen: self
                .listen
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            store,
            tls,
            log_format: self.log_format.unwrap_or_default(),
            trusted_proxies: self.trusted_proxies.unwrap_or_default(),
            frame_bytes,
            capacity,
            deposit: (deposit_hours > 0).then(|| hours(deposit_hours)),
            network_deposits: self.network_deposits.unwrap_or(NETWORK_DEPOSITS),
            network_joins: self.network_joins.unwrap_or(NETWORK_JOINS),
            account_mailboxes: self.account_mailboxes.unwrap_or(ACCOUNT_MAILBOXES),
            account_deposits: self.account_deposits.unwrap_or(ACCOUNT_DEPOSITS),
            account_joins: self.account_joins.unwrap_or(ACCOUNT_JOINS),
            agencies: self.agencies,
            identity: self.identity,
            registry,
            audit,
            audit_exports: audit_file.into_iter().chain(audit_syslog).collect(),
            audit_retention: self.audit_years.unwrap_or_default(),
            page: PageSettings {
                shared_pc: self.shared_pc.unwrap_or(false),
                roots: self.roots.map(read_roots).transpose()?,
                password_characters: self.password_characters.unwrap_or(PASSWORD_CHARACTERS),
                password_kinds,
            },
            network_mailboxes: self.network_mailboxes.unwrap_or(NETWORK_MAILBOXES),
            waiters: self.waiters.unwrap_or(WAITERS),
            network_waiters: self.network_waiters.unwrap_or(NETWORK_WAITERS),
            connections: self.connections.unwrap_or(CONNECTIONS),
            request_deadline: seconds(self.request_deadline, Duration::from_secs(10)),
        })
    }
}

/// The certificates of a PEM file.
fn read_roots(path: PathBuf) -> Result<Vec<Vec<u8>>, SettingsError> {
    let refuse = |reason: String| SettingsError::Roots {
        path: path.clone(),
        reason,
    };
    let pem = fs::read(&path).map_err(|error| refuse(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem);
    let certificates: Vec<_> = certificates
        .map(|certificate| Ok(certificate?.to_vec()))
        .collect::<Result<_, rustls_pki_types::pem::Error>>()
        .map_err(|error| refuse(error.to_string()))?;
    match certificates.is_empty() {
        true => Err(refuse("it holds no certificate".into())),
        false => Ok(certificates),
    }
}
