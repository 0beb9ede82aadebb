//! The way of one request through the edge, from its head to its response.
//!
//! hyper calls `answer`. A URL of a room runs the party's static hook and then the room (spec 1.2);
//! any other goes down the chain of 1.3, in which only `main` takes part. Waiting for a room ends
//! when the client leaves, because hyper then drops the future; the room is told, and a socket that
//! it opened in the meantime is abandoned, never lost (`Waiting`, `websocket::Promise`).

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::header::{HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::oneshot;

use super::assets::is_shown;
use super::http::{Departure, EdgeBody, Refusal, into_hyper, take_body};
use super::live::{LiveHub, is_own_name};
use super::route::{Route, Target, route};
use super::websocket::{Handshake, Promise, is_websocket};
use super::{CronUrl, Edge, HookShape, RequestLog, Shape, Site};
use crate::clock::now_ms;
use crate::name::RoomKey;
use crate::room::directory::Directory;
use crate::room::event::{Body, CronRun, Event, Hook, Replier, Reply, Request, Response, Visit};

const CF_CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Clients are numbered over the whole process.
static LAST_VISIT: AtomicU64 = AtomicU64::new(0);

/// The expression of a run under a name that is not configured.
const ANY_TIME: &str = "* * * * *";

pub(super) async fn answer(
    edge: Arc<Edge>,
    peer: SocketAddr,
    mut request: hyper::Request<Incoming>,
) -> Result<hyper::Response<EdgeBody>, Infallible> {
    let began = Instant::now();
    let method = request.method().clone();
    let upgrade = is_websocket(request.headers()).then(|| hyper::upgrade::on(&mut request));
    // Only for the log; the request itself moves on.
    let path = request.uri().path();
    let is_news = edge.settings.live.is_none() || !LiveHub::is_ours(path);
    let is_news = is_news && edge.host_pages(path).is_none();
    let log = edge.settings.on_request.clone().filter(|_| is_news);
    let log = log.map(|log| (log, path.to_owned()));
    let response = match Call::new(&edge, peer, upgrade, request) {
        Ok(call) => call.run().await,
        Err(refusal) => Err(refusal),
    };
    let response = match response {
        Ok(Outcome::Response(response, departure)) => into_hyper(&method, response, departure),
        Ok(Outcome::Upgraded(response)) => response,
        Err(refusal) => into_hyper(&method, refusal.into_response(), None),
    };
    if let Some((log, path)) = log {
        let status = response.status().as_u16();
        log(&RequestLog { method, path, status, duration: began.elapsed() });
    }
    Ok(response)
}

enum Outcome {
    /// With what a room must hear if its client leaves in the middle of the body.
    Response(Response, Option<Departure>),
    /// The 101 is ready, and somebody waits for the connection behind it.
    Upgraded(hyper::Response<EdgeBody>),
}

/// One request and what is needed to answer it.
struct Call<'a> {
    edge: &'a Edge,
    site: Arc<Site>,
    client: SocketAddr,
    method: Method,
    version: Version,
    headers: HeaderMap,
    target: Target,
    /// Taken when somebody is there to read it.
    body: Option<Incoming>,
    /// The request asks for a WebSocket.
    upgrade: Option<OnUpgrade>,
    visit: Visit,
    /// For the room whose answer is still on its way.
    departure: Option<Departure>,
}

impl<'a> Call<'a> {
    fn new(
        edge: &'a Edge,
        peer: SocketAddr,
        upgrade: Option<OnUpgrade>,
        request: hyper::Request<Incoming>,
    ) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let (method, version, mut headers) = (parts.method, parts.version, parts.headers);
        let trusted = edge.settings.trusted_proxy;
        let scheme = match forwarded_proto(&headers) {
            Some(scheme) if trusted => scheme,
            _ => edge.settings.scheme,
        };
        let local;
        let host = match parts.uri.authority() {
            Some(authority) => authority.as_str(),
            None => match host_of(&headers, version)? {
                Some(host) => host,
                None => {
                    local = edge.local.to_string();
                    &local
                }
            },
        };
        let path_and_query = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let target = Target::new(scheme, host, path_and_query)?;
        let client = SocketAddr::new(client_ip(peer, &headers, trusted), peer.port());
        name_client(&mut headers, client.ip());
        let site = edge.site.borrow().clone();
        let body = Some(body);
        let visit = Visit(LAST_VISIT.fetch_add(1, Ordering::Relaxed) + 1);
        let departure = None;
        Ok(Self {
            edge,
            site,
            client,
            method,
            version,
            headers,
            target,
            body,
            upgrade,
            visit,
            departure,
        })
    }

    async fn run(mut self) -> Result<Outcome, Refusal> {
        if let Some(live) = &self.edge.settings.live
            && let Some(response) =
                live.answer(&self.method, self.target.path(), self.is_local() && self.is_own_name())
        {
            return Ok(Outcome::Response(response, None));
        }
        let site = self.site.clone();
        let (name, room) = match route(self.target.path()) {
            Route::Room { party, id } => (party, RoomKey::room(party, id)),
            Route::NoParty => return Err(Refusal::NoParty),
            Route::Elsewhere => return self.elsewhere(&site).await,
        };
        let Some(shape) = site.parties.get(name) else {
            return Err(Refusal::UnknownParty(name.to_owned()));
        };
        if self.upgrade.is_some() {
            self.connect(room, shape).await
        } else {
            self.request_room(room, shape).await
        }
    }

    // ---- rooms (1.2) --------------------------------------------------------------------------

    async fn connect(&mut self, room: RoomKey, shape: &Shape) -> Result<Outcome, Refusal> {
        // Before any party runs: a client that cannot be answered must not leave traces.
        self.handshake()?;
        let mut request = self.take_request().await?;
        match shape.before_connect {
            HookShape::Absent => {}
            HookShape::NotFunction => return Err(Refusal::NotAFunction("onBeforeConnect")),
            HookShape::Function => {
                match self.ask_hook(Hook::BeforeConnect, &room, request).await? {
                    Ok(replaced) => request = replaced,
                    Err(reply) => return self.settle(reply),
                }
            }
        }
        let reply = self.ask(room, |reply| Event::Connect { request, reply }).await?;
        self.settle(reply)
    }

    async fn request_room(&mut self, room: RoomKey, shape: &Shape) -> Result<Outcome, Refusal> {
        let request = match shape.before_request {
            HookShape::NotFunction => return Err(Refusal::NotAFunction("onBeforeRequest")),
            // Without a hook and a handler nobody would read the body.
            HookShape::Absent if !shape.on_request => return Err(Refusal::NoRequestHandler),
            HookShape::Absent => self.take_request().await?,
            HookShape::Function => {
                let request = self.take_request().await?;
                match self.ask_hook(Hook::BeforeRequest, &room, request).await? {
                    Ok(replaced) => replaced,
                    Err(reply) => return self.settle(reply),
                }
            }
        };
        if !shape.on_request {
            return Err(Refusal::NoRequestHandler);
        }
        let reply = self.ask(room, |reply| Event::Request { request, reply }).await?;
        self.settle(reply)
    }

    /// Runs a static hook. `Ok` is the request to go on with; `Err` is the answer to the client.
    /// The room stays that of the original URL, whatever the hook does to the request.
    async fn ask_hook(
        &mut self,
        hook: Hook,
        room: &RoomKey,
        request: Request,
    ) -> Result<Result<Request, Reply>, Refusal> {
        let unchanged = Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            peer: request.peer,
            visit: request.visit,
            body: Body::Empty,
        };
        let id = room.id().map(|id| id.to_string());
        let lobby = RoomKey::lobby(room.party.clone());
        let event = |reply| Event::Hook { hook, request, room: id, cron: None, reply };
        Ok(match self.ask(lobby, event).await? {
            Reply::Continue(Some(replaced)) => {
                let peer = replaced.peer.or(unchanged.peer);
                Ok(Request { peer, visit: unchanged.visit, ..replaced })
            }
            Reply::Continue(None) => Ok(unchanged),
            Reply::Pass(request) => Ok(*request),
            reply => Err(reply),
        })
    }

    // ---- everything else (1.3) ----------------------------------------------------------------

    async fn elsewhere(&mut self, site: &Site) -> Result<Outcome, Refusal> {
        if let Some(pages) = self.edge.host_pages(self.target.path()) {
            let request = self.take_request().await?;
            return Ok(Outcome::Response(pages.answer(request).await, None));
        }
        let shown = is_shown(&self.headers);
        let nothing = Shape::default();
        let shape = site.parties.get("main").unwrap_or(&nothing);
        if self.upgrade.is_some() && shape.on_socket {
            self.handshake()?;
            let reply = self.ask_main(Hook::Socket, None).await?;
            return self.settle(reply);
        }
        if shape.on_cron && self.target.path() == "/__scheduled__" {
            return self.run_cron(site).await;
        }
        if let Some(assets) = &site.assets
            && let Some(asset) =
                assets.respond(&self.method, self.target.path(), &self.headers).await
        {
            return Ok(Outcome::Response(asset, None));
        }
        if shape.on_fetch {
            match self.ask_main(Hook::Fetch, None).await? {
                Reply::Pass(_) | Reply::Continue(_) => {}
                reply => return self.settle(reply),
            }
        }
        if let Some(assets) = &site.assets
            && let Some(page) = assets.not_found_page(shown).await
        {
            return Ok(Outcome::Response(page, None));
        }
        Err(Refusal::NotFound)
    }

    async fn run_cron(&mut self, site: &Site) -> Result<Outcome, Refusal> {
        if site.cron_url == CronUrl::Loopback && !self.is_local() {
            return Err(Refusal::CronUrl);
        }
        let name = self.target.query("cron").unwrap_or_else(|| "unknown".into());
        let known = site.crons.iter().find(|(known, _)| *known == name);
        let cron = known.map_or(ANY_TIME, |(_, cron)| cron).to_owned();
        let run = CronRun { name, cron, scheduled_ms: now_ms() };
        let reply = self.ask_main(Hook::Cron, Some(run)).await?;
        self.settle(reply)
    }

    /// Whether the request was made on this machine. One that a proxy passed on was not, although
    /// the proxy itself may well be local.
    fn is_local(&self) -> bool {
        let passed_on = [FORWARDED, X_FORWARDED_FOR, X_FORWARDED_PROTO]
            .iter()
            .any(|name| self.headers.contains_key(name));
        !passed_on && self.client.ip().to_canonical().is_loopback()
    }

    /// Whether the page knows this host by a name that is only this machine's.
    fn is_own_name(&self) -> bool {
        let host = self.target.url.split('/').nth(2);
        host.is_some_and(is_own_name)
    }

    async fn ask_main(&mut self, hook: Hook, cron: Option<CronRun>) -> Result<Reply, Refusal> {
        let request = self.take_request().await?;
        let event = |reply| Event::Hook { hook, request, room: None, cron, reply };
        self.ask(RoomKey::lobby("main"), event).await
    }

    // ---- asking and answering -----------------------------------------------------------------

    /// The request as a room gets it.
    async fn take_request(&mut self) -> Result<Request, Refusal> {
        let body = match self.body.take() {
            Some(body) => take_body(body, &self.edge.settings).await?,
            None => Body::Empty,
        };
        // A handshake is read again for its answer; nobody else looks at the headers after this.
        let headers = match self.upgrade {
            Some(_) => self.headers.clone(),
            None => std::mem::take(&mut self.headers),
        };
        Ok(Request {
            method: self.method.clone(),
            url: self.target.url.clone(),
            headers,
            peer: Some(self.client),
            visit: self.visit,
            body,
        })
    }

    fn handshake(&self) -> Result<Handshake, Refusal> {
        Handshake::check(&self.method, self.version, &self.headers)
    }

    async fn ask(
        &mut self,
        room: RoomKey,
        event: impl FnOnce(Replier) -> Event,
    ) -> Result<Reply, Refusal> {
        let directory = &self.edge.directory;
        let (replier, reply) = oneshot::channel();
        directory.deliver(room.clone(), event(replier)).map_err(|_| Refusal::Gone)?;
        let departure = Departure::new(directory.clone(), room, self.visit);
        let mut waiting = Waiting { directory, reply, departure: Some(departure) };
        let reply = (&mut waiting.reply).await.map_err(|_| Refusal::Gone);
        let departure = waiting.departure.take();
        if let Ok(Reply::Response(Response { body: Body::Stream(_), .. })) = reply {
            self.departure = departure;
        } else {
            Departure::cancel(departure);
        }
        reply
    }

    /// What the client gets for a reply.
    fn settle(&mut self, reply: Reply) -> Result<Outcome, Refusal> {
        match reply {
            Reply::Response(response) => Ok(Outcome::Response(response, self.departure.take())),
            Reply::Failed { status, message } => Err(Refusal::Party { status, message }),
            Reply::Continue(_) | Reply::Pass(_) => Err(Refusal::Unfitting),
            Reply::Upgrade { room, socket, protocol } => {
                let promise = Promise::new(self.edge.directory.clone(), room, socket);
                let upgrade = self.upgrade.take().ok_or(Refusal::NotAnUpgrade)?;
                let response = self.handshake()?.accept(protocol.as_deref());
                tokio::spawn(promise.keep(upgrade));
                Ok(Outcome::Upgraded(response))
            }
        }
    }
}

/// Waits for a reply. If the client leaves first, the room is told so, and a socket in a reply that
/// came too late is given up.
struct Waiting<'a> {
    directory: &'a Directory,
    reply: oneshot::Receiver<Reply>,
    /// Dropped with this value, unless the reply came in time.
    departure: Option<Departure>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.reply.close();
        if let Ok(Reply::Upgrade { room, socket, .. }) = self.reply.try_recv() {
            drop(Promise::new(self.directory.clone(), room, socket));
        }
    }
}

/// The `Host` header. HTTP/1.1 demands exactly one.
fn host_of(headers: &HeaderMap, version: Version) -> Result<Option<&str>, Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map(Some).map_err(|_| Refusal::Host),
        (None, None) if version < Version::HTTP_11 => Ok(None),
        _ => Err(Refusal::Host),
    }
}

/// The last word of a header that every proxy on the way appends to: the one our proxy wrote.
fn last_word<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

fn forwarded_proto(headers: &HeaderMap) -> Option<&'static str> {
    match last_word(headers, &X_FORWARDED_PROTO)? {
        "https" | "wss" => Some("https"),
        "http" | "ws" => Some("http"),
        _ => None,
    }
}

fn client_ip(peer: SocketAddr, headers: &HeaderMap, trusted: bool) -> IpAddr {
    let told = || {
        [X_FORWARDED_FOR, X_REAL_IP]
            .iter()
            .find_map(|name| last_word(headers, name)?.parse::<IpAddr>().ok())
    };
    if trusted { told().unwrap_or(peer.ip()) } else { peer.ip() }
}

/// Tells parties who the client is, as the platform does; what the client itself says is not
/// believed (A-81 BETTER).
fn name_client(headers: &mut HeaderMap, client: IpAddr) {
    if let Ok(value) = HeaderValue::try_from(client.to_canonical().to_string()) {
        headers.insert(CF_CONNECTING_IP, value.clone());
        headers.insert(X_REAL_IP, value);
    }
}
