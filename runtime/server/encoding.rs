//! Compression of static files: what a client takes, what is worth it, gzip and its memory.
//!
//! Used by `assets` alone. A file beside the asked one, `x.js.br` or `x.js.gz`, that is not older
//! is sent as it is; otherwise gzip is made once and remembered until the file changes. Only kinds
//! that shrink are compressed; pictures and archives are not. Whoever asks for a part of a file gets
//! it of the file itself, never of a compressed form.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, RANGE};

/// Files up to this many bytes fit into a packet or two as they are.
pub const BYTES_MIN: u64 = 1 << 10;

/// Largest file that is compressed here: as long as a thread may be busy with one (about 0.3 s).
pub const BYTES_MAX: u64 = 8 << 20;

/// Compressed bytes that are remembered at a time, over all files of a folder.
const MEMORY_BYTES: usize = 16 << 20;

/// The level at which gzip gains little more for its time.
const LEVEL: u32 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// As headers have it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    /// The ending of a file that was compressed beforehand.
    pub fn ending(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gz",
        }
    }
}

/// What a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    pub brotli: bool,
    pub gzip: bool,
}

impl Accepted {
    pub fn of(headers: &HeaderMap) -> Self {
        // Parts are parts of the file itself.
        if headers.contains_key(RANGE) {
            return Self::default();
        }
        let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
        let (mut brotli, mut gzip, mut any) = (None, None, None);
        for item in lists.flat_map(|list| list.split(',')) {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = parameters.trim().trim_start_matches(['q', 'Q']).trim_start();
            // `q=0` means never; what is no number is no wish.
            let wanted = match weight.strip_prefix('=') {
                Some(weight) => weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0),
                None => parameters.trim().is_empty(),
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "br" => brotli = Some(wanted),
                "gzip" | "x-gzip" => gzip = Some(wanted),
                "*" => any = Some(wanted),
                _ => {}
            }
        }
        let takes = |named: Option<bool>| named.or(any).unwrap_or(false);
        Self { brotli: takes(brotli), gzip: takes(gzip) }
    }

    /// What is taken, the smallest first.
    pub fn encodings(self) -> impl Iterator<Item = Encoding> {
        let all = [(self.brotli, Encoding::Brotli), (self.gzip, Encoding::Gzip)];
        all.into_iter().filter(|(taken, _)| *taken).map(|(_, encoding)| encoding)
    }
}

/// Whether files of a media type shrink.
pub fn shrinks(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind,
            "application/json"
                | "application/javascript"
                | "application/xml"
                | "application/wasm"
                | "application/manifest+json"
                | "image/bmp"
                | "image/x-icon"
                | "font/ttf"
                | "font/otf"
                | "application/vnd.ms-fontobject"
        )
}

/// A short name for a text that changes with it.
pub fn version(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:x}", hasher.finish())
}

/// What was compressed, by file and version.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<PathBuf, (String, Bytes)>,
    bytes: usize,
}

impl Memory {
    /// A version of a file as gzip; nothing if it does not shrink.
    pub fn gzip(&self, key: &Path, tag: &str, content: &[u8]) -> Option<Bytes> {
        if let Some(known) = self.known(key, tag) {
            return Some(known);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
        encoder.write_all(content).ok()?;
        let packed = Bytes::from(encoder.finish().ok()?);
        if packed.len() >= content.len() {
            return None;
        }
        self.keep(key, tag, packed.clone());
        Some(packed)
    }

    fn known(&self, key: &Path, tag: &str) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.files.get(key).filter(|(version, _)| version == tag).map(|(_, packed)| packed.clone())
    }

    fn keep(&self, key: &Path, tag: &str, packed: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Starting anew costs one more compression per file; keeping order would cost each request.
        if kept.bytes + packed.len() > MEMORY_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += packed.len();
        let old = kept.files.insert(key.to_owned(), (tag.to_owned(), packed));
        kept.bytes -= old.map_or(0, |(_, packed)| packed.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_takes() {
        let both = Accepted { brotli: true, gzip: true };
        let gzip = Accepted { brotli: false, gzip: true };
        let none = Accepted::default();
        for (list, expected) in [
            ("gzip, deflate, br, zstd", both),
            ("gzip", gzip),
            ("GZIP;q=0.5", gzip),
            ("br;q=0, *", gzip),
            ("*;q=0", none),
            ("gzip;q=0", none),
            ("gzip ; q = 0.001", gzip),
            ("gzip;q=nonsense", none),
            ("deflate, identity", none),
            ("", none),
        ] {
            let headers = [(ACCEPT_ENCODING, list.parse().unwrap())].into_iter().collect();
            assert_eq!(Accepted::of(&headers), expected, "{list}");
        }
        let part = [(ACCEPT_ENCODING, "gzip"), (RANGE, "bytes=0-1")];
        let part = part.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
        assert_eq!(Accepted::of(&part), none);
    }

    #[test]
    fn memory_is_bounded_and_knows_versions() {
        let memory = Memory::default();
        let text = vec![b'a'; 4096];
        let first = memory.gzip(Path::new("a"), "1", &text).unwrap();
        assert!(first.len() < 100);
        assert_eq!(memory.known(Path::new("a"), "1"), Some(first));
        assert_eq!(memory.known(Path::new("a"), "2"), None);
        assert_eq!(memory.gzip(Path::new("b"), "1", b"x"), None, "it does not shrink");
        let large = Bytes::from(vec![0; MEMORY_BYTES / 2]);
        for name in ["c", "d", "e"] {
            memory.keep(Path::new(name), "1", large.clone());
            assert!(memory.kept.lock().unwrap().bytes <= MEMORY_BYTES);
        }
        assert!(memory.known(Path::new("e"), "1").is_some());
    }
}
