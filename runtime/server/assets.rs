//! Static files of the folder that `serve` names (spec 1.4).
//!
//! Asked by `answer` for every GET and HEAD that is not a room's, and by rooms through
//! `assets.fetch`. Files are looked up live: editing, adding or removing one needs no
//! restart. Only regular files inside the folder are ever served: no dotfiles, nothing under
//! `node_modules`, nothing that `serve.include` and `serve.exclude` leave out (`pattern`), nothing
//! that a link or an encoded path leads to outside. What cannot be read is not there, and the chain
//! of 1.3 goes on. What a build has made (`built`) comes before the folder; text is sent compressed
//! to those who take it (`encoding`); in `dev` pages get the tag of `live`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, RANGE, VARY,
};
use http::{HeaderMap, Method};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;

use super::built::BuiltFiles;
use super::encoding::{self, Accepted, Encoding};
use super::live::LiveHub;
use super::pattern::Patterns;
use crate::room::event::{Body, BodyError, BodyReader, BodyWriter, Response};

/// Files up to this many bytes are read in one go, together with looking them up.
const WHOLE_BYTES_MAX: u64 = 64 << 10;

/// Bytes of a larger file read at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Chunks of a file that wait for a client: one being sent, one being read.
const CHUNKS_MAX: usize = 2;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetSettings {
    /// The folder.
    pub root: PathBuf,
    /// Navigations to paths without a file get `index.html`.
    pub single_page_app: bool,
    /// How long browsers may keep a file without asking, in seconds; else they ask every time.
    pub browser_ttl: Option<u64>,
    /// Which files are served.
    pub patterns: Patterns,
}

/// The asset folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Assets {
    settings: Arc<AssetSettings>,
    built: BuiltFiles,
    packed: encoding::Memory,
    live: Option<LiveHub>,
}

/// What a request wants of a file.
#[derive(Clone, Copy)]
struct Wish {
    content: bool,
    accepted: Accepted,
    /// Asked for by a browser, not by a party.
    page: bool,
}

/// A file as it was when it was opened.
struct Found {
    /// Nothing if the file is in memory only.
    file: Option<File>,
    /// Nothing for what would have to be compressed first to know it.
    length: Option<u64>,
    modified: Option<SystemTime>,
    /// The whole content of a small file, if it was wanted.
    content: Option<Bytes>,
    kind: HeaderValue,
    /// The version, as `ETag` has it but for the quotes.
    tag: String,
    encoding: Option<Encoding>,
    /// The file is not sent as it is: a part of it would not fit to the rest.
    is_changed: bool,
}

impl Assets {
    pub fn new(settings: AssetSettings) -> Self {
        let (built, packed) = Default::default();
        Self { settings: Arc::new(settings), built, packed, live: None }
    }

    /// Serves what a build has made, too.
    pub fn with_built(self, built: BuiltFiles) -> Self {
        Self { built, ..self }
    }

    /// Tells pages what happens while one works on them.
    pub fn with_live(self, live: Option<LiveHub>) -> Self {
        Self { live, ..self }
    }

    /// The file a request means, with everything a browser may ask about it. `path` is the URL's.
    pub async fn respond(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Response> {
        self.look_up(method, path, headers, is_shown(headers)).await
    }

    async fn look_up(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        page: bool,
    ) -> Option<Response> {
        let with_body = match *method {
            Method::GET => true,
            Method::HEAD => false,
            //
            _ => return None,
        };
        let wish = Wish { content: with_body, accepted: Accepted::of(headers), page };
        let found = match self.find(path, wish).await {
            Some(found) => found,
            None if self.is_navigation(headers) => self.find("/index.html", wish).await?,
            None => return None,
        };
        Some(self.answer(found, with_body, headers))
    }

    /// `assets.fetch(path)` of a party: the file as it is, no conditions, no single-page fallback
    ///
    pub async fn fetch(&self, path: &str) -> Option<Response> {
        // As a URL: `..` resolved, query and fragment cut off.
        let url = url::Url::parse(&format!("http://assets{path}")).ok()?;
        let path = if path.starts_with('/') { url.path() } else { return None };
        self.look_up(&Method::GET, path, &HeaderMap::new(), false).await
    }

    /// `/404.html` with status 404, if there is one.
    pub async fn not_found_page(&self, shown: bool) -> Option<Response> {
        let mut page = self.look_up(&Method::GET, "/404.html", &HeaderMap::new(), shown).await?;
        page.status = 404;
        Some(page)
    }

    /// exactly `navigate`.
    fn is_navigation(&self, headers: &HeaderMap) -> bool {
        let mode = headers.get(HeaderName::from_static("sec-fetch-mode"));
        self.settings.single_page_app && mode.is_some_and(|mode| mode == "navigate")
    }

    async fn find(&self, path: &str, wish: Wish) -> Option<Found> {
        let key = key(path)?;
        if !self.settings.patterns.allow(key.to_str()?) {
            return None;
        }
        let assets = self.clone();
        // Not to be told from a missing file: the error says nothing a client should know.
        tokio::task::spawn_blocking(move || assets.open(&key, wish).ok().flatten())
            .await
            .ok()
            .flatten()
    }

    /// Finds a file, in the form in which it is to be sent.
    fn open(&self, key: &Path, wish: Wish) -> io::Result<Option<Found>> {
        let root = &self.settings.root;
        let kind = kind(key);
        let live = self.live.as_ref().filter(|_| wish.page && is_page(&kind));
        let shrinks = kind.to_str().is_ok_and(encoding::shrinks);
        let packs = shrinks && (wish.accepted != Accepted::default());
        let most = if live.is_some() || packs { encoding::BYTES_MAX } else { WHOLE_BYTES_MAX };
        let most = if wish.content { most } else { 0 };
        let found = match self.built.get(key) {
            Some(built) => Some(Found::built(built.content, &built.tag, kind)),
            None => {
                if packs && live.is_none() {
                    // Before the file is read: it may be large, and not needed.
                    let packed = packed_beforehand(root, key, &kind, wish)?;
                    if packed.is_some() {
                        return Ok(packed);
                    }
                }
                open(root, key, kind, most)?
            }
        };
        let Some(mut found) = found else { return Ok(None) };
        if let Some(live) = live {
            found.append(&live.tag());
        }
        if packs && wish.accepted.gzip {
            found.pack(&self.packed, key);
        }
        Ok(Some(found))
    }

    fn answer(&self, found: Found, with_body: bool, asked: &HeaderMap) -> Response {
        let etag = found.etag();
        let mut headers = self.common_headers(&found, &etag);
        if is_unchanged(asked, &etag, found.modified) {
            return Response { status: 304, reason: None, headers, body: Body::Empty };
        }
        let range = match found.length {
            Some(length) if with_body && found.has_ranges() => {
                match may_use_range(asked, &etag, found.modified) {
                    true => byte_range(asked, length),
                    false => ByteRange::Whole,
                }
            }
            _ => ByteRange::Whole,
        };
        let whole = found.length.unwrap_or_default();
        let (status, start, length) = match range {
            ByteRange::Whole => (200, 0, whole),
            ByteRange::Part { start, length } => {
                let end = start + length - 1;
                headers.insert(CONTENT_RANGE, ascii(format!("bytes {start}-{end}/{whole}")));
                (206, start, length)
            }
            ByteRange::Unsatisfiable => {
                headers.insert(CONTENT_RANGE, ascii(format!("bytes */{whole}")));
                headers.insert(CONTENT_LENGTH, 0.into());
                return Response { status: 416, reason: None, headers, body: Body::Empty };
            }
        };
        headers.insert(CONTENT_TYPE, found.kind.clone());
        if found.length.is_some() {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        let body = if with_body { content(found, start, length) } else { Body::Empty };
        Response { status, reason: None, headers, body }
    }

    fn common_headers(&self, found: &Found, etag: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, ascii(etag.to_owned()));
        if let Some(modified) = found.modified {
            headers.insert(LAST_MODIFIED, ascii(httpdate::fmt_http_date(modified)));
        }
        if found.has_ranges() {
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        if let Some(encoding) = found.encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        if found.kind.to_str().is_ok_and(encoding::shrinks) {
            let by = match self.live.is_some() && is_page(&found.kind) {
                true => "accept-encoding, sec-fetch-dest",
                false => "accept-encoding",
            };
            headers.insert(VARY, HeaderValue::from_static(by));
        }
        // As PartyKit's dev server has it for files; nowhere else.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        // Whoever works on a page wants to see what it is now.
        let ttl = self.settings.browser_ttl.filter(|_| self.live.is_none());
        let cache = match ttl {
            Some(seconds) => ascii(format!("public, max-age={seconds}")),
            None => HeaderValue::from_static("no-cache"),
        };
        headers.insert(CACHE_CONTROL, cache);
        headers
    }
}

fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits, dates and ASCII words are valid in a header")
}

// ---- from path to file ------------------------------------------------------------------------

/// The file name, relative to the folder, that a URL path means; none if it cannot be one.
pub(super) fn key(path: &str) -> Option<PathBuf> {
    // A bad escape names no file (R-63 BETTER).
    if !has_valid_escapes(path) {
        return None;
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let relative = decoded.strip_prefix('/')?;
    let mut key = PathBuf::new();
    let (folders, name) = match relative.rsplit_once('/') {
        Some((folders, name)) => (Some(folders), name),
        None => (None, relative),
    };
    let name = if name.is_empty() { "index.html" } else { name };
    for segment in folders.into_iter().flat_map(|folders| folders.split('/')).chain([name]) {
        if !is_public(segment) {
            return None;
        }
        key.push(segment);
    }
    Some(key)
}

fn has_valid_escapes(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit))
}

/// Whether a file or folder of this name may be served. Names that some system takes for a
/// path of several parts are none.
fn is_public(segment: &str) -> bool {
    let is_hidden = segment.is_empty() || segment.starts_with('.') || segment == "node_modules";
    let is_path = segment.contains(['\\', '\0']) || (cfg!(windows) && segment.contains(':'));
    !is_hidden && !is_path
}

/// Opens a regular file that really is inside the folder; reads it if it has `most` bytes or less.
fn open(root: &Path, key: &Path, kind: HeaderValue, most: u64) -> io::Result<Option<Found>> {
    let root = root.canonicalize()?;
    let path = root.join(key).canonicalize()?;
    // A link may lead anywhere; only its target counts.
    let Ok(inside) = path.strip_prefix(&root) else { return Ok(None) };
    let public = inside.components().all(|part| part.as_os_str().to_str().is_some_and(is_public));
    // Looked at before it is opened: opening a pipe would wait for its other end.
    if !public || !path.metadata()?.is_file() {
        return Ok(None);
    }
    let file = File::open(&path)?;
    let metadata = file.metadata()?;
    let mut length = metadata.len();
    let mut content = None;
    if length <= most && most > 0 {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        // The file may change under our hands: what was read is what there is, up to the bound.
        (&file).take(most).read_to_end(&mut bytes)?;
        length = bytes.len() as u64;
        content = Some(Bytes::from(bytes));
    }
    let modified = metadata.modified().ok();
    Ok(Some(Found {
        file: Some(file),
        length: Some(length),
        modified,
        content,
        kind,
        tag: version(length, modified),
        encoding: None,
        is_changed: false,
    }))
}

impl Found {
    fn built(content: Bytes, tag: &str, kind: HeaderValue) -> Self {
        Self {
            file: None,
            length: Some(content.len() as u64),
            modified: None,
            content: Some(content),
            kind,
            tag: tag.to_owned(),
            encoding: None,
            is_changed: false,
        }
    }

    fn etag(&self) -> String {
        format!("\"{}\"", self.tag)
    }

    /// Parts of a compressed or changed file are of no use: the next part may be of another.
    fn has_ranges(&self) -> bool {
        self.encoding.is_none() && !self.is_changed
    }

    /// Puts something at the end of a page. One that is too large to be read whole stays as it is.
    fn append(&mut self, tag: &str) {
        let fits = self.length.is_some_and(|length| length <= encoding::BYTES_MAX);
        if !fits {
            return;
        }
        if let Some(content) = &mut self.content {
            *content = [content, tag.as_bytes()].concat().into();
        }
        self.length = self.length.map(|length| length + tag.len() as u64);
        // The time of the file is not that of the page any more.
        self.modified = None;
        self.tag = format!("{}-{}", self.tag, encoding::version(tag));
        self.is_changed = true;
    }

    /// Compresses what is to be sent.
    fn pack(&mut self, memory: &encoding::Memory, key: &Path) {
        let range = encoding::BYTES_MIN..=encoding::BYTES_MAX;
        if !self.length.is_some_and(|length| range.contains(&length)) {
            return;
        }
        match &self.content {
            Some(content) => {
                let Some(packed) = memory.gzip(key, &self.tag, content) else { return };
                self.length = Some(packed.len() as u64);
                self.content = Some(packed);
            }
            // Only the head is asked for.
            None => self.length = None,
        }
        self.tag.push_str("-gzip");
        self.encoding = Some(Encoding::Gzip);
    }
}

/// The file beside the asked one that holds it compressed, if it is not older.
fn packed_beforehand(
    root: &Path,
    key: &Path,
    kind: &HeaderValue,
    wish: Wish,
) -> io::Result<Option<Found>> {
    let Some(plain) = open(root, key, kind.clone(), 0)? else { return Ok(None) };
    for encoding in wish.accepted.encodings() {
        let mut name = key.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(encoding.ending());
        let most = if wish.content { WHOLE_BYTES_MAX } else { 0 };
        // One that cannot be read is as good as none.
        let packed = open(root, &key.with_file_name(name), kind.clone(), most);
        let Ok(Some(packed)) = packed else { continue };
        if packed.modified >= plain.modified {
            let tag = format!("{}-{}", packed.tag, encoding.name());
            return Ok(Some(Found { tag, encoding: Some(encoding), ..packed }));
        }
    }
    Ok(None)
}

/// The media type by extension, with the charset where text needs one.
fn kind(path: &Path) -> HeaderValue {
    let extension = path.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase);
    let known = match extension.as_deref() {
        Some("js" | "mjs" | "cjs") => "text/javascript",
        Some("map") => "application/json",
        Some("ico") => "image/x-icon",
        Some(_) => mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream"),
        None => "application/octet-stream",
    };
    let is_text = known.starts_with("text/")
        || known.ends_with("json")
        || known.ends_with("+xml")
        || matches!(known, "application/xml" | "application/javascript");
    if is_text { ascii(format!("{known}; charset=utf-8")) } else { HeaderValue::from_static(known) }
}

// ---- conditions and ranges (RFC 9110, 13 and 14) ----------------------------------------------

/// Length and time of change: as precise as the file system is.
fn version(length: u64, modified: Option<SystemTime>) -> String {
    let stamp = modified
        .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_nanos());
    format!("{length:x}-{stamp:x}")
}

/// Whether the answer will be seen as a page: a browser opens it in a tab or a frame. Whoever fetches the
/// file gets its bytes as they are.
pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    let goal = headers.get(HeaderName::from_static("sec-fetch-dest"));
    goal.is_some_and(|goal| goal == "document" || goal == "iframe")
}

fn is_page(kind: &HeaderValue) -> bool {
    kind.as_bytes().starts_with(b"text/html")
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the client has this version. `If-None-Match` decides alone if it is there.
fn is_unchanged(asked: &HeaderMap, etag: &str, modified: Option<SystemTime>) -> bool {
    if asked.contains_key(IF_NONE_MATCH) {
        let lists = asked.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
        return lists.flat_map(|list| list.split(',')).map(str::trim).any(|candidate| {
            candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == etag
        });
    }
    let since =
        text(asked, IF_MODIFIED_SINCE).and_then(|date| httpdate::parse_http_date(date).ok());
    since
        .zip(modified)
        .is_some_and(|(since, modified)| whole_seconds(modified) <= whole_seconds(since))
}

/// HTTP dates have no fractions of a second.
fn whole_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `If-Range`: a part only of the version the client has the rest of.
fn may_use_range(asked: &HeaderMap, etag: &str, modified: Option<SystemTime>) -> bool {
    let Some(condition) = text(asked, IF_RANGE) else { return !asked.contains_key(IF_RANGE) };
    // Not every `W` is a weak tag: it may be Wednesday.
    if condition.starts_with('"') || condition.starts_with("W/") {
        return condition == etag;
    }
    matches!(
        (httpdate::parse_http_date(condition), modified),
        (Ok(date), Some(modified)) if whole_seconds(date) == whole_seconds(modified)
    )
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ByteRange {
    Whole,
    Part { start: u64, length: u64 },
    Unsatisfiable,
}

/// The part a request asks for. Several parts, other units and nonsense get the whole, as the
/// standard allows.
pub(super) fn byte_range(asked: &HeaderMap, length: u64) -> ByteRange {
    let Some(range) = text(asked, RANGE) else { return ByteRange::Whole };
    let Some(range) = range.trim().strip_prefix("bytes=") else { return ByteRange::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return ByteRange::Whole };
    let number = |digits: &str| -> Option<u64> {
        let only_digits = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        only_digits.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if last < first => ByteRange::Whole,
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => {
            ByteRange::Unsatisfiable
        }
        (Some(start), Some(last)) => {
            ByteRange::Part { start, length: last.min(length - 1) - start + 1 }
        }
        (Some(start), None) if last.is_empty() => ByteRange::Part { start, length: length - start },
        (None, Some(0)) if first.is_empty() => ByteRange::Unsatisfiable,
        (None, Some(_)) if first.is_empty() && length == 0 => ByteRange::Unsatisfiable,
        (None, Some(suffix)) if first.is_empty() => {
            let suffix = suffix.min(length);
            ByteRange::Part { start: length - suffix, length: suffix }
        }
        _ => ByteRange::Whole,
    }
}

// ---- content ----------------------------------------------------------------------------------

fn content(found: Found, start: u64, length: u64) -> Body {
    if length == 0 {
        return Body::Empty;
    }
    if let Some(whole) = found.content {
        // Both fit: the part lies within a file that was read whole.
        let (start, length) = (start as usize, length as usize);
        return Body::Full(whole.slice(start..start + length));
    }
    // A file in memory only has its content.
    let Some(file) = found.file else { return Body::Empty };
    let (writer, reader): (BodyWriter, BodyReader) = mpsc::channel(CHUNKS_MAX);
    tokio::spawn(send_file(file, start, length, writer));
    Body::Stream(reader)
}

/// Sends a part of a file as fast as it is read. Ends early if nobody reads on.
async fn send_file(file: File, start: u64, length: u64, writer: BodyWriter) {
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(CHUNK_BYTES);
    let mut left = length;
    let mut outcome = file.seek(io::SeekFrom::Start(start)).await.map(|_| ());
    while left > 0 && outcome.is_ok() {
        let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
        let mut part = (&mut file).take(left.min(CHUNK_BYTES as u64));
        outcome = match part.read_buf(&mut chunk).await {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                left -= count as u64;
                if writer.send(Ok(chunk.freeze())).await.is_err() {
                    return;
                }
                Ok(())
            }
            Err(error) => Err(error),
        };
    }
    if let Err(error) = outcome {
        // The length is promised already: breaking off is the only way to tell.
        let _ = writer.send(Err(BodyError(format!("the file could not be read: {error}")))).await;
    }
}
