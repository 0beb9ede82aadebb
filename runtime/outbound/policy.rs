//! Which servers parties may talk to: `--deny-net` and `--allow-net`. Pure.
//!
//! A destination is asked about twice: by the name or address in the URL (`ask`), and once the name is
//! resolved, by its addresses (`resolved`), so that a name cannot lead to a place that is refused. It is
//! refused if a rule of `deny` matches and none of `allow` does; `--allow-net` alone refuses everything
//! else. The host's own address always stays reachable (G-06).
//!
//! A name that `allow` gives with a port is reachable at that port only: its addresses are not looked at
//! any more.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;

/// Networks that are nobody's on the internet: this machine, private and shared ranges, link-local with
/// the metadata services of clouds, multicast, reserved.
const PRIVATE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Everything,
    Private,
    Net(IpNet),
    Name(String),
    /// `*.example.com`: what is below the name.
    Below(String),
}

/// `HOST[:PORT]`, a network, `private` or `all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    place: Place,
    port: Option<u16>,
}

#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error(
        "`{0}` is no destination: write a host or an address, with or without a port \
         (`db.example.com:5432`, `10.0.0.5`, `[::1]:80`), a network (`10.0.0.0/8`), \
         `*.example.com`, `private` or `all`"
    )]
    Rule(String),
}

/// A party may not go there.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the operator of this host does not let parties connect to {destination} (see --deny-net and \
     --allow-net of houseparty)"
)]
pub struct Refused {
    destination: String,
}

#[derive(Debug, Clone, Default)]
pub struct Policy {
    deny: Vec<Rule>,
    allow: Vec<Rule>,
    /// Where this host is reached itself.
    own: Vec<(String, u16)>,
}

impl FromStr for Rule {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let bad = || PolicyError::Rule(text.to_owned());
        let whole = |place| Ok(Self { place, port: None });
        match text {
            "all" => return whole(Place::Everything),
            "private" => return whole(Place::Private),
            _ => {}
        }
        if let Ok(net) = text.parse::<IpNet>() {
            return whole(Place::Net(net.trunc()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return whole(Place::Net(plain(address).into()));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self { place: Place::Net(plain(address).into()), port });
        }
        let (below, name) = match host.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, host),
        };
        let legal = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '_');
        if name.is_empty() || !name.chars().all(legal) {
            return Err(bad());
        }
        let name = normal(name);
        Ok(Self { place: if below { Place::Below(name) } else { Place::Name(name) }, port })
    }
}

/// A name as it is compared.
fn normal(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name).to_owned()
}

/// An IPv4 address in whatever clothes it comes.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    // The translators' well-known prefix (RFC 6052).
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)).into()
        }
        _ => address,
    }
}

fn is_private(address: IpAddr) -> bool {
    PRIVATE.iter().any(|net| net.parse::<IpNet>().is_ok_and(|net| net.contains(&address)))
}

/// The address that is written in a host, if it is one. `localhost` is this machine whatever the
/// resolver says.
fn address_of(host: &str) -> Option<IpAddr> {
    let host = normal(host);
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    host.parse::<IpAddr>().ok().map(plain)
}

impl Rule {
    fn names(&self, host: &str) -> bool {
        let host = normal(host);
        match &self.place {
            Place::Everything => true,
            Place::Name(name) => *name == host,
            Place::Below(name) => {
                host.strip_suffix(name.as_str()).is_some_and(|front| front.ends_with('.'))
            }
            Place::Private | Place::Net(_) => false,
        }
    }

    fn holds(&self, address: IpAddr) -> bool {
        match &self.place {
            Place::Everything => true,
            Place::Private => is_private(address),
            Place::Net(net) => net.contains(&address),
            Place::Name(_) | Place::Below(_) => false,
        }
    }

    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

impl Policy {
    pub fn new(mut deny: Vec<Rule>, allow: Vec<Rule>) -> Self {
        if deny.is_empty() && !allow.is_empty() {
            deny.push(Rule { place: Place::Everything, port: None });
        }
        Self { deny, allow, own: Vec::new() }
    }

    /// The host's own addresses, which stay reachable.
    pub fn except(mut self, bound: SocketAddr, public: &str) -> Self {
        let mut own = |host: &str| self.own.push((normal(host), bound.port()));
        own(&bound.ip().to_string());
        if bound.ip().is_loopback() || bound.ip().is_unspecified() {
            for local in ["localhost", "127.0.0.1", "::1"] {
                own(local);
            }
        }
        if let Some((host, port)) = public.rsplit_once(':')
            && let Ok(port) = port.parse()
        {
            self.own.push((normal(host), port));
        } else if !public.is_empty() {
            for port in [80, 443] {
                self.own.push((normal(public), port));
            }
        }
        self
    }

    /// Proxies through which requests go: they are reached, but parties may not ask for them.
    pub fn through(mut self, proxies: impl IntoIterator<Item = String>) -> Self {
        self.own.extend(proxies.into_iter().map(|host| (normal(&host), 0)));
        self
    }

    /// Whether everything may be reached.
    pub fn is_open(&self) -> bool {
        self.deny.is_empty()
    }

    fn is_own(&self, host: &str, port: u16) -> bool {
        let host = normal(host);
        self.own.iter().any(|(own, at)| *own == host && *at == port)
    }

    /// Whether `host`, as a URL or a socket names it, may be tried.
    pub fn ask(&self, host: &str, port: u16) -> Result<(), Refused> {
        if self.is_open() || self.is_own(host, port) {
            return Ok(());
        }
        let refused = || Err(Refused { destination: format!("{host}:{port}") });
        if self.allow.iter().any(|rule| rule.names(host) && rule.has_port(port)) {
            return Ok(());
        }
        if let Some(address) = address_of(host) {
            return self.judge(address, Some(port)).map_or_else(|_| refused(), Ok);
        }
        // What is reachable at one port is not looked at again when it is resolved.
        if self.is_trusted(host)
            || self.deny.iter().any(|rule| self.names_for_good(rule, host, port))
        {
            return refused();
        }
        Ok(())
    }

    /// Whether a rule refuses a name, and no address it may have can save it.
    fn names_for_good(&self, rule: &Rule, host: &str, port: u16) -> bool {
        let saved = rule.place == Place::Everything
            && self.allow.iter().any(|rule| matches!(rule.place, Place::Net(_) | Place::Private));
        rule.names(host) && rule.has_port(port) && !saved
    }

    /// Whether a name is reachable by its name, at some port.
    fn is_trusted(&self, host: &str) -> bool {
        let host = normal(host);
        self.allow.iter().any(|rule| rule.names(&host))
            || self.own.iter().any(|(own, _)| *own == host)
    }

    /// Which of its addresses a name may be reached at. `port`: 0 if it is not known; then a rule with
    /// a port refuses the address, as it might be that port.
    pub fn resolved(
        &self,
        host: &str,
        port: u16,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Refused> {
        let all = addresses.into_iter();
        if self.is_open() || self.is_trusted(host) {
            return Ok(all.collect());
        }
        let port = (port != 0).then_some(port);
        let good: Vec<_> = all.filter(|it| self.judge(plain(it.ip()), port).is_ok()).collect();
        if good.is_empty() {
            return Err(Refused { destination: host.to_owned() });
        }
        Ok(good)
    }

    fn judge(&self, address: IpAddr, port: Option<u16>) -> Result<(), ()> {
        let denied = self
            .deny
            .iter()
            .any(|rule| rule.holds(address) && port.is_none_or(|port| rule.has_port(port)));
        let allowed = || {
            self.allow.iter().any(|rule| {
                rule.holds(address) && port.map_or(rule.port.is_none(), |port| rule.has_port(port))
            })
        };
        if denied && !allowed() { Err(()) } else { Ok(()) }
    }
}

#[cfg(test)]
#[path = "policy_test.rs"]
mod policy_test;
