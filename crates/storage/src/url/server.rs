//! A PostgreSQL server's address and how to sign in to it.

use std::{fmt, mem, net::IpAddr, path::PathBuf};

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Config, Host};

use super::{
    error::DatabaseUrlError,
    values::{check, read, value_error},
};

/// The `sslrootcert` that means the system's authorities. A file of this name is `./system`.
const SYSTEM: &str = "system";

/// A PostgreSQL server.
#[derive(Clone)]
pub(crate) struct Server {
    /// Everything but TLS.
    pub(crate) config: Config,
    /// Whether and how to use TLS.
    pub(crate) ssl_mode: SslMode,
    /// The PEM file of the authorities to trust; `None`: the system's.
    pub(crate) ssl_root_cert: Option<PathBuf>,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS when the server offers it, without verification.
    #[default]
    Prefer,
    /// TLS, without verification.
    Require,
    /// TLS; verifies the certificate chain.
    VerifyCa,
    /// TLS; verifies the certificate chain and the host name.
    VerifyFull,
}

impl SslMode {
    const EXPECTED: &str = "disable, prefer, require, verify-ca or verify-full";

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl Server {
    /// Reads what follows `postgres://`: `user:password@host:port,…/name?key=value&…`, each part percent-encoded.
    pub(super) fn from_url(rest: &str) -> Result<Self, DatabaseUrlError> {
        let (address, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        // Part of a password would be taken for a name, and shown.
        if tail.contains('@') {
            return Err(DatabaseUrlError::Form(
                "the URL has an @ after its first / or ?: write /, ? and @ as %2F, %3F and %40 in its parts",
            ));
        }
        let (name, parameters) = tail.split_once('?').unwrap_or((tail, ""));
        let name = name.strip_prefix('/').unwrap_or(name);
        // The last @: no host holds one, so a password may, even when it should not.
        let (user, hosts) = address.rsplit_once('@').unwrap_or(("", address));
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let (hosts, ports) = hosts_and_ports(hosts)?;
        let mut pairs = Vec::new();
        for (key, part) in [
            ("user", user),
            ("password", password),
            ("host", &hosts),
            ("port", &ports),
            ("dbname", name),
        ] {
            if !part.is_empty() {
                pairs.push((key.to_owned(), decode(part)?));
            }
        }
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').ok_or(DatabaseUrlError::Form(
                "a parameter of the URL has no value: give key=value, separated by &",
            ))?;
            pairs.push((decode(key)?, decode(value)?));
        }
        Self::from_pairs(pairs)
    }

    /// Reads pairs of libpq keys and values. Of a key that comes twice, the last counts, as in libpq.
    pub(super) fn from_pairs(
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, DatabaseUrlError> {
        let (mut ssl_mode, mut ssl_root_cert) = (None, None);
        let mut others: Vec<(String, String)> = Vec::new();
        let mut after_password = false;
        for (key, value) in pairs {
            let follows_password = mem::replace(&mut after_password, key == "password");
            match key.as_str() {
                "sslmode" => {
                    let wrong = value_error("sslmode", SslMode::EXPECTED);
                    ssl_mode = Some(SslMode::parse(&value).ok_or(wrong)?);
                }
                "sslrootcert" => {
                    check(&key, &value, follows_password)?;
                    ssl_root_cert = (!value.is_empty()).then_some(value);
                }
                _ => {
                    check(&key, &value, follows_password)?;
                    others.retain(|(other, _)| *other != key);
                    others.push((key, value));
                }
            }
        }
        let mut config = read(&others)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host("localhost");
        }
        let ssl_mode = match (ssl_mode, ssl_root_cert.as_deref()) {
            // As libpq does: authorities that vouch for any host prove nothing unless the name is checked.
            (None | Some(SslMode::VerifyFull), Some(SYSTEM)) => SslMode::VerifyFull,
            (Some(_), Some(SYSTEM)) => {
                return Err(value_error(
                    "sslmode",
                    "verify-full, which sslrootcert=system requires",
                ));
            }
            // As libpq does: a named authority is to be asked.
            (Some(SslMode::Require), Some(_)) => SslMode::VerifyCa,
            (mode, _) => mode.unwrap_or_default(),
        };
        let ssl_root_cert = ssl_root_cert.filter(|file| file != SYSTEM).map(PathBuf::from);
        Ok(Self { config, ssl_mode, ssl_root_cert })
    }
}

impl Server {
    /// Whether connections are encrypted whatever the server offers.
    pub(super) fn is_encrypted(&self) -> bool {
        !matches!(self.ssl_mode, SslMode::Disable | SslMode::Prefer)
    }

    /// Whether every host is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let is_loopback = |host: &str| {
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        };
        let hosts = self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(host) => is_loopback(host),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        hosts && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }
}

/// Parts `host:port,[v6]:port` into a list of hosts and a list of ports, for libpq's keys of that name.
fn hosts_and_ports(list: &str) -> Result<(String, String), DatabaseUrlError> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in list.split(',') {
        let (host, port) = match place.strip_prefix('[') {
            Some(v6) => {
                let wrong = value_error("host", "an IPv6 address between [ and ]");
                let (host, rest) = v6.split_once(']').ok_or_else(|| wrong.clone())?;
                if !(rest.is_empty() || rest.starts_with(':')) {
                    return Err(wrong);
                }
                (host, rest.trim_start_matches(':'))
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        hosts.push(host);
        ports.push(port);
    }
    let ports = if ports.iter().all(|port| port.is_empty()) { vec![] } else { ports };
    Ok((hosts.join(","), ports.join(",")))
}

fn decode(part: &str) -> Result<String, DatabaseUrlError> {
    let decoded = percent_decode_str(part).decode_utf8();
    Ok(decoded
        .map_err(|_| {
            DatabaseUrlError::Form("a part of the URL is not UTF-8 when its %XX are decoded")
        })?
        .into_owned())
}

/// As a URL, without the password, and with nothing but what says which database it is.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(host) if host.contains(':') => write!(f, "{comma}[{host}]")?,
                Host::Tcp(host) => write!(f, "{comma}{host}")?,
                #[cfg(unix)]
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
            let port = ports.get(index).or(ports.first()).unwrap_or(&5432);
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.config.get_dbname().or(self.config.get_user()).unwrap_or_default())?;
        write!(f, "?sslmode={}", self.ssl_mode.as_str())
    }
}
