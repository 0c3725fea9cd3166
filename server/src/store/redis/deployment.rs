//! What the operator's URL says of the Redis: one server, Sentinels that know the master, or a Cluster.

use std::{fmt, path::PathBuf, str::FromStr};

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use url::Url;

const SENTINEL_PORT: u16 = 26_379;

/// A Redis, by its topology.
#[derive(Clone)]
pub struct Deployment {
    pub(super) topology: Topology,
    /// PEM file with the certificates that sign the servers'; `None` takes the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// How many replicas have to hold a change of a deposit before it is acknowledged.
    pub(super) replicas: u8,
}

#[derive(Clone)]
pub(super) enum Topology {
    Single(ConnectionInfo),
    Sentinel(Sentinels),
    Cluster(Vec<ConnectionInfo>),
}

#[derive(Clone)]
pub(super) struct Sentinels {
    pub(super) sentinels: Vec<ConnectionInfo>,
    /// The name under which they know the master.
    pub(super) master: String,
    /// How to log in to the master, at whatever address it is.
    pub(super) login: RedisConnectionInfo,
}

/// The text is no URL of a Redis. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the URL of a Redis")]
pub struct NoRedisUrl;

impl FromStr for Deployment {
    type Err = NoRedisUrl;

    fn from_str(text: &str) -> Result<Self, NoRedisUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(NoRedisUrl)?;
        let (transport, topology) = match scheme.split_once('+') {
            None => (scheme, None),
            Some((transport, topology)) => (transport, Some(topology)),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, hosts) = match authority.rsplit_once('@') {
            None => (String::new(), authority),
            Some((user, hosts)) => (format!("{user}@"), hosts),
        };
        // A URL names one host; each of several is read in a URL of its own.
        let urls = hosts.split(',').map(|host| {
            let url = format!("{transport}://{user}{host}{tail}");
            redis::parse_redis_url(&url).ok_or(NoRedisUrl)
        });
        let urls = urls.collect::<Result<Vec<_>, _>>()?;
        let options = Options::of(urls.first().ok_or(NoRedisUrl)?)?;
        let topology = match topology {
            None => Topology::Single(only(urls)?),
            Some("sentinel") => Topology::Sentinel(sentinels(urls, &options)?),
            Some("cluster") => Topology::Cluster(cluster(urls)?),
            Some(_) => return Err(NoRedisUrl),
        };
        let replicas = match topology {
            Topology::Single(_) => 0,
            Topology::Sentinel(_) | Topology::Cluster(_) => 1,
        };
        Ok(Self {
            topology,
            ca_file: options.ca_file,
            replicas: options.replicas.unwrap_or(replicas),
        })
    }
}

/// Without addresses, names and passwords.
impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.topology {
            Topology::Single(_) => "redis://..",
            Topology::Sentinel(_) => "redis+sentinel://..",
            Topology::Cluster(_) => "redis+cluster://..",
        })
    }
}

/// What stands behind the `?`.
#[derive(Default)]
struct Options {
    ca_file: Option<PathBuf>,
    replicas: Option<u8>,
    database: i64,
    sentinel_user: Option<String>,
    sentinel_password: Option<String>,
}

impl Options {
    fn of(url: &Url) -> Result<Self, NoRedisUrl> {
        let mut options = Self::default();
        for (name, value) in url.query_pairs() {
            match &*name {
                "ca_file" => options.ca_file = Some(PathBuf::from(&*value)),
                "replicas" => options.replicas = Some(value.parse().map_err(|_| NoRedisUrl)?),
                "db" => options.database = value.parse().map_err(|_| NoRedisUrl)?,
                "sentinel_user" => options.sentinel_user = Some(value.into_owned()),
                "sentinel_password" => options.sentinel_password = Some(value.into_owned()),
                _ => return Err(NoRedisUrl),
            }
        }
        Ok(options)
    }
}

/// The address and the login of a URL, without what is ours.
fn server(mut url: Url) -> Result<ConnectionInfo, NoRedisUrl> {
    url.set_query(None);
    // A certificate that nobody checks is none.
    if url.fragment().is_some() {
        return Err(NoRedisUrl);
    }
    let server = url.into_connection_info().map_err(|_| NoRedisUrl)?;
    let login = server.redis_settings().clone().set_skip_set_lib_name();
    Ok(server.set_redis_settings(login))
}

fn only(urls: Vec<Url>) -> Result<ConnectionInfo, NoRedisUrl> {
    match <[Url; 1]>::try_from(urls) {
        Ok([url]) => server(url),
        Err(_) => Err(NoRedisUrl),
    }
}

fn sentinels(urls: Vec<Url>, options: &Options) -> Result<Sentinels, NoRedisUrl> {
    let mut sentinels = Vec::new();
    let mut found = None;
    for mut url in urls {
        let name = url.path().trim_matches('/').to_owned();
        url.set_path("");
        if url.port().is_none() {
            url.set_port(Some(SENTINEL_PORT)).map_err(|()| NoRedisUrl)?;
        }
        let server = server(url)?;
        let login = server.redis_settings().clone().set_db(options.database);
        let mut own = RedisConnectionInfo::default();
        if let Some(user) = &options.sentinel_user {
            own = own.set_username(user);
        }
        if let Some(password) = &options.sentinel_password {
            own = own.set_password(password);
        }
        sentinels.push(server.set_redis_settings(own));
        found = Some((name, login));
    }
    match found {
        Some((master, login)) if !master.is_empty() => Ok(Sentinels {
            sentinels,
            master,
            login,
        }),
        _ => Err(NoRedisUrl),
    }
}

/// A Cluster has one database only.
fn cluster(urls: Vec<Url>) -> Result<Vec<ConnectionInfo>, NoRedisUrl> {
    let servers = urls.into_iter().map(server);
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    let is_plain = |server: &ConnectionInfo| {
        server.redis_settings().db() == 0 && !matches!(server.addr(), ConnectionAddr::Unix(_))
    };
    match servers.iter().all(is_plain) {
        true => Ok(servers),
        false => Err(NoRedisUrl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Deployment, NoRedisUrl> {
        text.parse()
    }

    fn addresses(servers: &[ConnectionInfo]) -> Vec<String> {
        let texts = servers.iter().map(|server| server.addr().to_string());
        texts.collect()
    }

    #[test]
    fn one_server_keeps_its_login_and_database() {
        let deployment = parse("redis://naru:p%40ss@host:7000/3").unwrap();
        let Topology::Single(server) = deployment.topology else {
            panic!("another topology");
        };
        assert_eq!(server.addr().to_string(), "host:7000");
        let login = server.redis_settings();
        assert_eq!(
            (login.username(), login.password()),
            (Some("naru"), Some("p@ss"))
        );
        assert_eq!((login.db(), deployment.replicas), (3, 0));
    }

    #[test]
    fn sentinels_are_asked_for_a_master_that_has_another_login() {
        let text = "rediss+sentinel://naru:secret@a,b:7001,[::1]/mine\
            ?db=2&sentinel_password=other&ca_file=/etc/ca.pem&replicas=2";
        let deployment = parse(text).unwrap();
        assert_eq!(deployment.ca_file.as_deref(), Some("/etc/ca.pem".as_ref()));
        assert_eq!(deployment.replicas, 2);
        let Topology::Sentinel(found) = deployment.topology else {
            panic!("another topology");
        };
        assert_eq!(
            addresses(&found.sentinels),
            ["a:26379", "b:7001", "::1:26379"]
        );
        assert_eq!(found.master, "mine");
        assert_eq!(
            (found.login.password(), found.login.db()),
            (Some("secret"), 2)
        );
        let asked = found.sentinels[0].redis_settings();
        assert_eq!((asked.username(), asked.password()), (None, Some("other")));
        assert!(matches!(
            found.sentinels[0].addr(),
            ConnectionAddr::TcpTls {
                insecure: false,
                ..
            }
        ));
    }

    #[test]
    fn a_cluster_is_entered_by_any_of_its_nodes() {
        let deployment = parse("redis+cluster://:secret@a:7000,b:7001").unwrap();
        assert_eq!(deployment.replicas, 1);
        let Topology::Cluster(nodes) = deployment.topology else {
            panic!("another topology");
        };
        assert_eq!(addresses(&nodes), ["a:7000", "b:7001"]);
        assert_eq!(nodes[1].redis_settings().password(), Some("secret"));
    }

    #[test]
    fn refuses_what_names_no_redis() {
        for text in [
            "",
            "redis",
            "http://host",
            "redis://",
            "redis://a,b",
            "redis://host/notanumber",
            "redis://host?unknown=1",
            "redis://host?replicas=many",
            "rediss://host#insecure",
            "redis+sentinel://a,b",
            "redis+sentinel://a,,b/mine",
            "redis+cluster://a,b/1",
            "redis+ring://a",
            "http+cluster://a",
        ] {
            assert_eq!(parse(text).err(), Some(NoRedisUrl), "{text}");
        }
    }

    #[test]
    fn shows_no_password() {
        let deployment = parse("redis+sentinel://naru:secret@a/mine").unwrap();
        assert_eq!(format!("{deployment:?}"), "redis+sentinel://..");
    }
}
