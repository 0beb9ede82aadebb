//! Static files of the folder that `serve` names (spec 1.4).
//!
//! Asked by `answer` for every GET and HEAD that is not a room's, and by rooms through
//! `assets.fetch`. Files are looked up live: editing, adding or removing one needs no
//! restart. Only regular files inside the folder are ever served: no dotfiles, nothing under
//! `node_modules`, nothing that `serve.include` and `serve.exclude` leave out (`pattern`), nothing
//! that a link or an encoded path leads to outside. What cannot be read is not there, and the chain
//! of 1.3 goes on.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, Method};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;

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
}

/// A file as it was when it was opened.
struct Found {
    file: File,
    length: u64,
    modified: Option<SystemTime>,
    /// The whole content of a small file, if it was wanted.
    content: Option<Bytes>,
    kind: HeaderValue,
}

impl Assets {
    pub fn new(settings: AssetSettings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    /// The file a request means, with everything a browser may ask about it. `path` is the URL's.
    pub async fn respond(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Response> {
        let with_body = match *method {
            Method::GET => true,
            Method::HEAD => false,
            //
            _ => return None,
        };
        let found = match self.find(path, with_body).await {
            Some(found) => found,
            None if self.is_navigation(headers) => self.find("/index.html", with_body).await?,
            None => return None,
        };
        Some(self.answer(found, with_body, headers))
    }

    /// `assets.fetch(path)` of a party: no conditions, no single-page fallback.
    pub async fn fetch(&self, path: &str) -> Option<Response> {
        // As a URL: `..` resolved, query and fragment cut off.
        let url = url::Url::parse(&format!("http://assets{path}")).ok()?;
        let path = if path.starts_with('/') { url.path() } else { return None };
        self.respond(&Method::GET, path, &HeaderMap::new()).await
    }

    /// `/404.html` with status 404, if there is one.
    pub async fn not_found_page(&self) -> Option<Response> {
        let mut page = self.fetch("/404.html").await?;
        page.status = 404;
        Some(page)
    }

    /// exactly `navigate`.
    fn is_navigation(&self, headers: &HeaderMap) -> bool {
        let mode = headers.get(HeaderName::from_static("sec-fetch-mode"));
        self.settings.single_page_app && mode.is_some_and(|mode| mode == "navigate")
    }

    async fn find(&self, path: &str, with_content: bool) -> Option<Found> {
        let key = key(path)?;
        if !self.settings.patterns.allow(key.to_str()?) {
            return None;
        }
        let root = self.settings.root.clone();
        // Not to be told from a missing file: the error says nothing a client should know.
        tokio::task::spawn_blocking(move || open(&root, &key, with_content).ok().flatten())
            .await
            .ok()
            .flatten()
    }

    fn answer(&self, found: Found, with_body: bool, asked: &HeaderMap) -> Response {
        let etag = etag(&found);
        let mut headers = self.common_headers(&found, &etag);
        if is_unchanged(asked, &etag, found.modified) {
            return Response { status: 304, reason: None, headers, body: Body::Empty };
        }
        let range = if with_body && may_use_range(asked, &etag, found.modified) {
            byte_range(asked, found.length)
        } else {
            ByteRange::Whole
        };
        let (status, start, length) = match range {
            ByteRange::Whole => (200, 0, found.length),
            ByteRange::Part { start, length } => {
                let end = start + length - 1;
                let text = format!("bytes {start}-{end}/{}", found.length);
                headers.insert(CONTENT_RANGE, ascii(text));
                (206, start, length)
            }
            ByteRange::Unsatisfiable => {
                headers.insert(CONTENT_RANGE, ascii(format!("bytes */{}", found.length)));
                headers.insert(CONTENT_LENGTH, 0.into());
                return Response { status: 416, reason: None, headers, body: Body::Empty };
            }
        };
        headers.insert(CONTENT_TYPE, found.kind.clone());
        headers.insert(CONTENT_LENGTH, length.into());
        let body = if with_body { content(found, start, length) } else { Body::Empty };
        Response { status, reason: None, headers, body }
    }

    fn common_headers(&self, found: &Found, etag: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, ascii(etag.to_owned()));
        if let Some(modified) = found.modified {
            headers.insert(LAST_MODIFIED, ascii(httpdate::fmt_http_date(modified)));
        }
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        // As PartyKit's dev server has it for files; nowhere else.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let cache = match self.settings.browser_ttl {
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

/// Opens a regular file that really is inside the folder.
fn open(root: &Path, key: &Path, with_content: bool) -> io::Result<Option<Found>> {
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
    if with_content && length <= WHOLE_BYTES_MAX {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        // The file may change under our hands: what was read is what there is, up to the bound.
        (&file).take(WHOLE_BYTES_MAX).read_to_end(&mut bytes)?;
        length = bytes.len() as u64;
        content = Some(Bytes::from(bytes));
    }
    let modified = metadata.modified().ok();
    Ok(Some(Found { file, length, modified, content, kind: kind(key) }))
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
fn etag(found: &Found) -> String {
    let stamp = found
        .modified
        .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_nanos());
    format!("\"{:x}-{stamp:x}\"", found.length)
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
    // A date may begin with a W, too: on Wednesdays.
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
    let (writer, reader): (BodyWriter, BodyReader) = mpsc::channel(CHUNKS_MAX);
    tokio::spawn(send_file(found.file, start, length, writer));
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
