//! What the platform's `fetch`, `EventSource` and `WebSocket` need of the host: whom to trust, and the
//! operator's policy, which is asked for each request, redirects included, and for each address that a
//! name leads to. Proxies of the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY) are the
//! platform's affair; a proxy looks up names itself.

use std::net::SocketAddr;
use std::sync::Arc;

use deno_error::JsErrorBox;
use deno_fetch::dns::{Resolve, Resolver, Resolving};
use deno_fetch::{Options, ReqBody};
use deno_tls::RootCertStoreProvider;
use deno_tls::rustls::RootCertStore;
use hyper_util::client::legacy::connect::dns::Name;

use super::web;
use crate::outbound::{policy, roots};

/// Options of the fetch of every isolate.
pub fn fetch_options() -> Options {
    let mut options =
        Options { root_cert_store_provider: Some(Arc::new(Roots)), ..web::fetch_options() };
    if !policy().is_open() {
        options.request_builder_hook = Some(ask);
        options.resolver = Resolver::custom(Arc::new(Guarded));
    }
    options
}

struct Roots;

impl RootCertStoreProvider for Roots {
    fn get_or_try_init(&self) -> Result<&RootCertStore, JsErrorBox> {
        roots().map_err(|error| JsErrorBox::generic(error.to_string()))
    }
}

/// Refuses a request by what its URL says.
fn ask(request: &mut http::Request<ReqBody>) -> Result<(), JsErrorBox> {
    let uri = request.uri();
    let Some(host) = uri.host() else { return Ok(()) };
    let plain = matches!(uri.scheme_str(), Some("http" | "ws"));
    let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
    policy().ask(host, port).map_err(|refused| JsErrorBox::type_error(refused.to_string()))
}

/// Leaves those addresses of a name that may be reached.
#[derive(Debug)]
struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> =
                policy().resolved(name.as_str(), 0, found).map_err(std::io::Error::other)?;
            Ok(good.into_iter())
        })
    }
}
