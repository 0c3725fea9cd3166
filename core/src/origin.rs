//! The origin of a relay (RFC 6454).
use std::{fmt, str::FromStr};

/// A relay's origin in its ASCII serialisation (RFC 6454 §6.2): scheme, host in lower case, and the
/// port unless it is the scheme's own. `https://relay.example`, `http://localhost:8080`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// The text is no `http` or `https` origin: it has a path, a user, a query or an unusable host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an http or https origin such as https://relay.example")]
pub struct InvalidOrigin;

impl Origin {
    /// The serialisation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// Normalises case and the default port and takes one trailing slash; an internationalised host
    /// is given in its ASCII form (`xn--…`).
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.trim().to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(InvalidOrigin)?;
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(InvalidOrigin),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_port(authority)?;
        if !is_host(host) {
            return Err(InvalidOrigin);
        }
        Ok(Self(match port {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidOrigin> {
    let after_host = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[after_host..].find(':') {
        None => Ok((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            let digits = &port[1..];
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(InvalidOrigin);
            }
            Ok((host, Some(digits.parse().map_err(|_| InvalidOrigin)?)))
        }
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return address.to_owned().parse::<std::net::Ipv6Addr>().is_ok();
    }
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_case_the_default_port_and_a_trailing_slash() {
        for (text, origin) in [
            ("HTTPS://Relay.Example:443/", "https://relay.example"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), origin);
        }
    }

    #[test]
    fn rejects_what_is_no_origin() {
        for text in [
            "",
            "relay.example",
            "ftp://relay.example",
            "https://",
            "https:///",
            "https://a b",
            "https://relay.example/path",
            "https://user@relay.example",
            "https://relay.example:",
            "https://relay.example:+1",
            "https://relay.example:65536",
            "https://-a.example",
            "https://나루.example",
            "https://[::1",
            "https://relay.example?x",
            "https://a..b",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
