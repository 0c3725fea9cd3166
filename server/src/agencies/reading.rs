//! Reading a file of rules: everything that is wrong with it at once, each with its line and key.

use std::{
    fmt,
    net::Ipv4Addr,
    num::{NonZeroU16, NonZeroU32},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use der::oid::ObjectIdentifier;
use ipnet::IpNet;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Agencies, Agency, Desk, Direction, Localised};
use crate::store::Capacity;

/// Longest text that a page or a phone has to show.
const TEXT_CHARACTERS: usize = 500;
/// As long as anything that stands in a sentence.
const NAME_CHARACTERS: usize = 100;

/// Something that is wrong with a file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// Dotted, as `agency.mois.networks`; empty where the file is no TOML at this line.
    pub key: String,
    /// What is expected.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.reason)
    }
}

impl Agencies {
    /// Reads a file's text. No agency may have more than the relay's own capacity.
    pub fn parse(text: &str, capacity: &Capacity) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults {
            text,
            found: Vec::new(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            faults.add(error.span().unwrap_or(0..0), "", error.message());
        }
        if !faults.found.is_empty() {
            return Err(faults.found);
        }
        let mut file = Section::new("", table.span(), table.into_inner());
        let desk = file.section("desk", &mut faults);
        let desk = desk.and_then(|section| self::desk(section, &mut faults));
        let mut agencies = Vec::new();
        match file.section("agency", &mut faults) {
            None => faults.add(0..0, "agency", "a section `[agency.<id>]` is needed"),
            Some(mut sections) => {
                for (id, section) in sections.sections(&mut faults) {
                    agencies.extend(agency(id, section, capacity, &mut faults).map(Arc::new));
                }
                if agencies.is_empty() && faults.found.is_empty() {
                    faults.add(
                        sections.span,
                        "agency",
                        "a section `[agency.<id>]` is needed",
                    );
                }
            }
        }
        file.finish(&mut faults);
        match faults.found.is_empty() {
            true => Ok(Self { agencies, desk }),
            false => {
                faults.found.sort_by_key(|fault| fault.line);
                Err(faults.found)
            }
        }
    }
}

fn agency(
    id: String,
    mut section: Section<'_>,
    capacity: &Capacity,
    faults: &mut Faults<'_>,
) -> Option<Agency> {
    let section = &mut section;
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if id.is_empty() || id.len() > 40 || !id.chars().all(is_plain) {
        faults.add(
            section.span.clone(),
            &section.path,
            "an agency's id has 1 to 40 letters, digits, `-` or `_`",
        );
    }
    let name = section.required("name", faults, localised);
    let most_hours = u16::try_from(capacity.deposit_ttl.as_secs() / 3_600).unwrap_or(u16::MAX);
    let join_ttl = section.take("join_ttl", faults, |value| {
        seconds(value, capacity.join_ttl)
    });
    let transfer_ttl = section.take("transfer_ttl", faults, |value| {
        seconds(value, capacity.transfer_ttl)
    });
    let deposit_max_hours = section.take("deposit_max_hours", faults, |value| {
        number(value, most_hours)
    });
    let most_hours = deposit_max_hours.map_or(most_hours, NonZeroU16::get);
    let agency = Agency {
        networks: section.take("networks", faults, |value| list(value, network)),
        directions: section.take("directions", faults, |value| list(value, direction)),
        devices: section.take("devices", faults, |value| number(value, 1_000)),
        join_ttl,
        transfer_ttl,
        deposits: section.take("deposits", faults, boolean).unwrap_or(true),
        deposit_hours: section.take("deposit_hours", faults, |value| number(value, most_hours)),
        deposit_max_hours,
        issuers: section.take("issuers", faults, |value| {
            list(value, |it| text(it, NAME_CHARACTERS))
        }),
        policies: section.take("policies", faults, |value| list(value, policy)),
        password_characters: section.take("password_characters", faults, |value| number(value, 64)),
        password_kinds: section.take("password_kinds", faults, |value| number(value, 4)),
        shared_pc: section.take("shared_pc", faults, boolean),
        text: section.take("text", faults, localised),
        desk: section
            .section("desk", faults)
            .and_then(|section| desk(section, faults)),
        name: Localised {
            ko: String::new(),
            en: String::new(),
        },
        id,
    };
    section.finish(faults);
    Some(Agency {
        name: name?,
        ..agency
    })
}

fn desk(mut section: Section<'_>, faults: &mut Faults<'_>) -> Option<Desk> {
    let name = section.required("name", faults, localised);
    let phone = section.take("phone", faults, |value| text(value, NAME_CHARACTERS));
    let mail = section.take("mail", faults, |value| {
        let mail = text(value, NAME_CHARACTERS)?;
        match mail.split_once('@') {
            Some((user, host)) if !user.is_empty() && !host.is_empty() && !mail.contains(' ') => {
                Ok(mail)
            }
            _ => Err("expected a mail address".to_owned()),
        }
    });
    let hours = section.take("hours", faults, localised);
    section.finish(faults);
    Some(Desk {
        name: name?,
        phone,
        mail,
        hours,
    })
}

type Value<'i> = DeValue<'i>;
type Read<T> = Result<T, String>;

fn text(value: &Value<'_>, most: usize) -> Read<String> {
    let DeValue::String(text) = value else {
        return Err("expected a text".to_owned());
    };
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(format!("expected 1 to {most} characters in one line"));
    }
    Ok(text.to_owned())
}

fn localised(value: &Value<'_>) -> Read<Localised> {
    let expected = || "expected `{ ko = \"…\", en = \"…\" }`".to_owned();
    let DeValue::Table(table) = value else {
        return Err(expected());
    };
    let language = |name: &str| {
        let found = table.iter().find(|(key, _)| key.get_ref() == name);
        let (_, value) = found.ok_or_else(expected)?;
        text(value.get_ref(), TEXT_CHARACTERS).map_err(|reason| format!("{name}: {reason}"))
    };
    let texts = Localised {
        ko: language("ko")?,
        en: language("en")?,
    };
    match table.iter().count() {
        2 => Ok(texts),
        _ => Err(expected()),
    }
}

fn boolean(value: &Value<'_>) -> Read<bool> {
    match value {
        DeValue::Boolean(boolean) => Ok(*boolean),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

fn number(value: &Value<'_>, most: u16) -> Read<NonZeroU16> {
    let number = integer(value).and_then(|number| NonZeroU16::try_from(number).ok());
    number
        .filter(|number| number.get() <= most)
        .ok_or_else(|| format!("expected a number from 1 to {most}"))
}

fn seconds(value: &Value<'_>, most: Duration) -> Read<Duration> {
    let seconds = integer(value).map(|seconds| Duration::from_secs(seconds.get().into()));
    seconds.filter(|seconds| *seconds <= most).ok_or_else(|| {
        format!(
            "expected seconds from 1 to the relay's own {}",
            most.as_secs()
        )
    })
}

fn integer(value: &Value<'_>) -> Option<NonZeroU32> {
    match value {
        DeValue::Integer(integer) => {
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            NonZeroU32::new(number)
        }
        _ => None,
    }
}

fn list<T>(value: &Value<'_>, each: impl Fn(&Value<'_>) -> Read<T>) -> Read<Vec<T>> {
    let DeValue::Array(array) = value else {
        return Err("expected a list".to_owned());
    };
    let items: Vec<T> = array
        .iter()
        .map(|item| each(item.get_ref()))
        .collect::<Result<_, _>>()?;
    match items.is_empty() {
        true => Err("an empty list lets nothing through: leave the key out to allow all".into()),
        false => Ok(items),
    }
}

fn network(value: &Value<'_>) -> Read<IpNet> {
    let expected = "expected networks such as \"10.1.0.0/16\" or \"2001:db8::/32\"";
    let text = text(value, NAME_CHARACTERS)?;
    let network: IpNet = text.parse().map_err(|_| format!("`{text}`: {expected}"))?;
    if network.trunc() != network {
        return Err(format!(
            "`{text}`: bits are set behind the prefix; did you mean `{}`?",
            network.trunc()
        ));
    }
    // Addresses are compared in their canonical form, which is never a mapped one.
    match network {
        IpNet::V6(v6) if v6.addr().to_ipv4_mapped() >= Some(Ipv4Addr::UNSPECIFIED) => {
            Err(format!("`{text}`: write the IPv4 network itself"))
        }
        network => Ok(network),
    }
}

fn direction(value: &Value<'_>) -> Read<Direction> {
    match &*text(value, NAME_CHARACTERS)? {
        "from-pc" => Ok(Direction::FromPc),
        "to-pc" => Ok(Direction::ToPc),
        "to-storage" => Ok(Direction::ToStorage),
        other => Err(format!(
            "`{other}`: expected \"from-pc\", \"to-pc\" or \"to-storage\""
        )),
    }
}

fn policy(value: &Value<'_>) -> Read<String> {
    let text = text(value, NAME_CHARACTERS)?;
    match ObjectIdentifier::new(&text) {
        Ok(identifier) => Ok(identifier.to_string()),
        Err(_) => Err(format!(
            "`{text}`: expected object identifiers such as \"1.2.410.100001.2.1.1\""
        )),
    }
}

/// What has been found wrong so far.
struct Faults<'t> {
    text: &'t str,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, at: Range<usize>, key: &str, reason: impl Into<String>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        self.found.push(Fault {
            line: before.matches('\n').count() + 1,
            key: key.to_owned(),
            reason: reason.into(),
        });
    }
}

/// A table of the file, from which what is known is taken out.
struct Section<'i> {
    /// Dotted.
    path: String,
    span: Range<usize>,
    entries: Vec<(Spanned<String>, Spanned<Value<'i>>)>,
}

impl<'i> Section<'i> {
    fn new(path: &str, span: Range<usize>, table: DeTable<'i>) -> Self {
        let entries = table.into_iter().map(|(key, value)| {
            let name = Spanned::new(key.span(), key.into_inner().into_owned());
            (name, value)
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        Self {
            path: path.to_owned(),
            span,
            entries,
        }
    }

    fn below(&self, key: &str) -> String {
        match self.path.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.path),
        }
    }

    fn remove(&mut self, key: &str) -> Option<(Spanned<String>, Spanned<Value<'i>>)> {
        let at = self
            .entries
            .iter()
            .position(|(name, _)| name.get_ref() == key)?;
        Some(self.entries.remove(at))
    }

    fn take<T>(
        &mut self,
        key: &str,
        faults: &mut Faults<'_>,
        read: impl FnOnce(&Value<'i>) -> Read<T>,
    ) -> Option<T> {
        let (name, value) = self.remove(key)?;
        match read(value.get_ref()) {
            Ok(read) => Some(read),
            Err(reason) => {
                faults.add(name.span(), &self.below(key), reason);
                None
            }
        }
    }

    fn required<T>(
        &mut self,
        key: &str,
        faults: &mut Faults<'_>,
        read: impl FnOnce(&Value<'i>) -> Read<T>,
    ) -> Option<T> {
        if self.entries.iter().all(|(name, _)| name.get_ref() != key) {
            faults.add(self.span.clone(), &self.below(key), "it is needed");
        }
        self.take(key, faults, read)
    }

    fn section(&mut self, key: &str, faults: &mut Faults<'_>) -> Option<Self> {
        let (name, value) = self.remove(key)?;
        self.enter(name, value, faults).map(|(_, section)| section)
    }

    /// All that is left, each a section, in the file's order.
    fn sections(&mut self, faults: &mut Faults<'_>) -> Vec<(String, Self)> {
        let entries = std::mem::take(&mut self.entries);
        let entries = entries.into_iter();
        entries
            .filter_map(|(name, value)| self.enter(name, value, faults))
            .collect()
    }

    fn enter(
        &self,
        name: Spanned<String>,
        value: Spanned<Value<'i>>,
        faults: &mut Faults<'_>,
    ) -> Option<(String, Self)> {
        let path = self.below(name.get_ref());
        match value.into_inner() {
            DeValue::Table(table) => {
                let section = Self::new(&path, name.span(), table);
                Some((name.into_inner(), section))
            }
            _ => {
                faults.add(name.span(), &path, format!("expected a section `[{path}]`"));
                None
            }
        }
    }

    /// What nobody has taken is unknown.
    fn finish(&mut self, faults: &mut Faults<'_>) {
        for (name, _) in std::mem::take(&mut self.entries) {
            faults.add(
                name.span(),
                &self.below(name.get_ref()),
                "there is no such rule",
            );
        }
    }
}
