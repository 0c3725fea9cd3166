//! The log for a syslog server (RFC 5424): each entry's JSON line is a message.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    net::{TcpStream, ToSocketAddrs, UdpSocket},
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use syslog::{Facility, Formatter5424, LogFormat, Severity};

use super::chain::Entry;

/// How long the server may take to answer or to take a message; nobody but the audit waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a syslog server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyslogAddress {
    /// One datagram a message (RFC 5426): some may be lost on the way.
    Udp(String),
    /// With octets counted (RFC 6587 §3.4.1).
    Tcp(String),
    /// The socket of this machine's own.
    Unix(PathBuf),
}

/// The text names no syslog server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither `udp://HOST:PORT`, `tcp://HOST:PORT` nor `unix:FILE`")]
pub struct UnknownSyslog;

impl FromStr for SyslogAddress {
    type Err = UnknownSyslog;

    fn from_str(text: &str) -> Result<Self, UnknownSyslog> {
        let is_place = |place: &&str| {
            let parts = place.rsplit_once(':');
            parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        if let Some(place) = text.strip_prefix("udp://").filter(is_place) {
            return Ok(Self::Udp(place.to_owned()));
        }
        if let Some(place) = text.strip_prefix("tcp://").filter(is_place) {
            return Ok(Self::Tcp(place.to_owned()));
        }
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            _ => Err(UnknownSyslog),
        }
    }
}

impl fmt::Display for SyslogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(place) => write!(f, "udp://{place}"),
            Self::Tcp(place) => write!(f, "tcp://{place}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A syslog server that takes the lines.
pub struct Syslog {
    address: SyslogAddress,
    formatter: Formatter5424,
    line: Option<Line>,
}

enum Line {
    Udp(UdpSocket),
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixDatagram),
}

impl Syslog {
    /// Connects with the first message, and again after each that was not taken.
    pub fn new(address: SyslogAddress) -> Self {
        let formatter = Formatter5424 {
            facility: Facility::LOG_AUTHPRIV,
            process: "naru-relay".to_owned(),
            ..Formatter5424::default()
        };
        Self {
            address,
            formatter,
            line: None,
        }
    }

    pub(super) fn address(&self) -> &SyslogAddress {
        &self.address
    }

    /// Sends entries, each a message.
    pub(super) fn write(&mut self, entries: &[Arc<Entry>]) -> io::Result<()> {
        for entry in entries {
            let message = self.message(&entry.line())?;
            let mut sent = self.send(&message);
            // A server that was started again does not know the old connection.
            if sent.is_err() {
                self.line = None;
                sent = self.send(&message);
            }
            if sent.is_err() {
                self.line = None;
            }
            sent?;
        }
        Ok(())
    }

    fn message(&self, line: &str) -> io::Result<Vec<u8>> {
        let mut message = Vec::new();
        let no_data = BTreeMap::<String, BTreeMap<String, String>>::new();
        let parts = (0, no_data, line);
        self.formatter
            .format(&mut message, Severity::LOG_NOTICE, parts)
            .map_err(io::Error::other)?;
        Ok(message)
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let line = match self.line.take() {
            Some(line) => line,
            None => Line::connect(&self.address)?,
        };
        match self.line.insert(line) {
            Line::Udp(socket) => socket.send(message).map(drop),
            Line::Tcp(stream) => {
                let mut frame = format!("{} ", message.len()).into_bytes();
                frame.extend_from_slice(message);
                stream.write_all(&frame)
            }
            #[cfg(unix)]
            Line::Unix(socket) => socket.send(message).map(drop),
        }
    }
}

impl Line {
    fn connect(address: &SyslogAddress) -> io::Result<Self> {
        match address {
            SyslogAddress::Udp(place) => {
                let there = first(place)?;
                let here = if there.is_ipv4() {
                    "0.0.0.0:0"
                } else {
                    "[::]:0"
                };
                let socket = UdpSocket::bind(here)?;
                socket.connect(there)?;
                Ok(Self::Udp(socket))
            }
            SyslogAddress::Tcp(place) => {
                let stream = TcpStream::connect_timeout(&first(place)?, PATIENCE)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            #[cfg(unix)]
            SyslogAddress::Unix(path) => {
                let socket = std::os::unix::net::UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Unix(socket))
            }
            #[cfg(not(unix))]
            SyslogAddress::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

fn first(place: &str) -> io::Result<std::net::SocketAddr> {
    let mut found = place.to_socket_addrs()?;
    found.next().ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_nothing_that_names_no_server() {
        for text in [
            "",
            "udp://",
            "udp://host",
            "udp://:514",
            "tcp://host:x",
            "tcp://host:70000",
            "host:514",
            "unix:",
            "unix:relative",
            "http://host:1",
            "udp:host:514",
        ] {
            assert_eq!(text.parse::<SyslogAddress>(), Err(UnknownSyslog), "{text}");
        }
        for text in ["udp://log.example:514", "tcp://[::1]:601", "unix:/dev/log"] {
            assert_eq!(text.parse::<SyslogAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn writes_what_rfc_5424_asks_for() {
        let syslog = Syslog::new("udp://localhost:514".parse().unwrap());
        let message = String::from_utf8(syslog.message("{\"kind\":\"opening\"}").unwrap()).unwrap();
        // Facility 10 and severity 5, version 1.
        assert!(message.starts_with("<85>1 "), "{message}");
        let parts: Vec<&str> = message.splitn(8, ' ').collect();
        assert_eq!(parts[3], "naru-relay", "{message}");
        assert_eq!(&parts[6..], ["-", "{\"kind\":\"opening\"}"], "{message}");
        assert!(parts[1].ends_with('Z'), "{message}");
    }
}
