//! Who may use the dashboard. It shows and changes what rooms store, so this is checked before
//! anything else, for every request.
//!
//! Three things are kept out. *Other people*: unless the operator says otherwise, the client has to be
//! on this machine, and not behind a proxy that is. *Other names*: a web page whose name was made to
//! point here (DNS rebinding) sends its own name as `Host`; only names that cannot be somebody else's
//! are answered. *Other sites*: a page of another origin, and be it one on another port of this
//! machine, may neither read (`Sec-Fetch-Site`, `Origin`, no CORS) nor change anything (a header that
//! no form can send, and for which a browser would first ask for permission that nobody gives).

use std::net::SocketAddr;

use http::header::{FORWARDED, HeaderName, ORIGIN};
use http::{HeaderMap, Method};
use url::{Host, Url};

use super::reply::Problem;
use crate::room::event::Request;

/// For whom the dashboard is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// This machine; not through a proxy.
    Loopback,
    /// Everybody who can reach the port, under any name.
    Everybody,
}

/// What proxies add.
const PASSED_ON: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
];

/// What a request that changes something has to carry.
const GUARD: HeaderName = HeaderName::from_static("x-houseparty");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

pub fn admit(
    request: &Request,
    url: &Url,
    audience: Audience,
    address: SocketAddr,
) -> Result<(), Problem> {
    let headers = &request.headers;
    if audience == Audience::Loopback {
        let local = request.peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        if !local || PASSED_ON.iter().any(|name| headers.contains_key(name)) {
            return Err(Problem::forbidden(
                "the dashboard is for this machine only; start the host with \
                 --dashboard=everybody to show it to everybody who can reach it",
            ));
        }
        if !is_own_name(url, address) {
            return Err(Problem::forbidden(
                "the dashboard is reached as localhost, 127.0.0.1 or [::1], not under another name",
            ));
        }
    }
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    if !comes_from_here(headers, url, reads) {
        return Err(Problem::forbidden("pages of other sites have no access to the dashboard"));
    }
    if !reads && !headers.contains_key(GUARD) {
        return Err(Problem::forbidden(
            "what changes something needs the header `X-Houseparty: 1`",
        ));
    }
    Ok(())
}

/// Whether the host that the client asked for is this machine under a name that is nobody else's.
fn is_own_name(url: &Url, address: SocketAddr) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback() || address.ip() == ip,
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback() || address.ip() == ip,
        None => false,
    }
}

/// Whether a browser says that the request is of the dashboard's own page, or of its user. Programs
/// that are no browsers say nothing.
fn comes_from_here(headers: &HeaderMap, url: &Url, reads: bool) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let own_origin = match text(&ORIGIN) {
        None => true,
        Some(origin) => Url::parse(origin).is_ok_and(|origin| {
            let authority = |url: &Url| (url.host_str().map(str::to_owned), url.port());
            // The scheme may differ behind a proxy that speaks TLS; one port serves one of them.
            matches!(origin.scheme(), "http" | "https") && authority(&origin) == authority(url)
        }),
    };
    let own_site = match text(&FETCH_SITE) {
        None | Some("same-origin") => true,
        // Typed into the address bar.
        Some("none") => reads,
        // A link to the page is fine; the API is nothing to navigate to.
        Some(_) => reads && text(&FETCH_MODE) == Some("navigate") && !url.path().contains("/api/"),
    };
    own_origin && own_site
}

#[cfg(test)]
#[path = "access_test.rs"]
mod access_test;
