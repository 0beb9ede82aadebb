//! Which place a URL means. Pure: no I/O, no knowledge of which parties exist.
//!
//! Called by `answer` for each request. Normalises the request target as a browser's URL parser
//! would (spec R-05) and splits it (R-01 to R-09). Room ids are raw path segments: nothing is ever
//! percent-decoded (R-04), so two spellings are two rooms. What cannot be a URL is an error value,
//! never a panic.

use url::Url;

/// What a path addresses.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a> {
    Room {
        party: &'a str,
        id: &'a str,
    },
    /// `/parties//x` (R-09).
    NoParty,
    /// Everything else: assets, `onFetch` and so on (1.3).
    Elsewhere,
}

/// The route of a normalised path.
pub fn route(path: &str) -> Route<'_> {
    if let Some(rest) = path.strip_prefix("/party/") {
        return match first_segment(rest) {
            "" => Route::Elsewhere,
            id => Route::Room { party: "main", id },
        };
    }
    let Some(rest) = path.strip_prefix("/parties/") else { return Route::Elsewhere };
    let Some((party, rest)) = rest.split_once('/') else { return Route::Elsewhere };
    match (party, first_segment(rest)) {
        (_, "") => Route::Elsewhere,
        ("", _) => Route::NoParty,
        (party, id) => Route::Room { party, id },
    }
}

fn first_segment(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// A request's address, taken apart and put together again.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host as the client wrote it, normalised path, query (R-12).
    pub url: String,
    path: std::ops::Range<usize>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("the Host header `{0}` is not a host name with an optional port")]
    Host(String),
    #[error("the request target must be a path that starts with `/`")]
    Path,
}

impl Target {
    /// `path_and_query` as it stands in the request line.
    pub fn new(scheme: &str, host: &str, path_and_query: &str) -> Result<Self, TargetError> {
        let foreign = |byte: u8| {
            byte <= b' ' || matches!(byte, b'/' | b'\\' | b'?' | b'#' | b'@' | b'<' | b'>' | 0x7f)
        };
        let bad_host = || TargetError::Host(host.to_owned());
        if host.is_empty() || host.bytes().any(foreign) {
            return Err(bad_host());
        }
        if !path_and_query.starts_with('/') {
            return Err(TargetError::Path);
        }
        let parsed =
            Url::parse(&format!("{scheme}://{host}{path_and_query}")).map_err(|_| bad_host())?;
        let mut url = format!("{scheme}://{host}");
        let start = url.len();
        url.push_str(parsed.path());
        let path = start..url.len();
        if let Some(query) = parsed.query() {
            url.push('?');
            url.push_str(query);
        }
        Ok(Self { url, path })
    }

    /// The normalised path.
    pub fn path(&self) -> &str {
        &self.url[self.path.clone()]
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.url[self.path.end..].strip_prefix('?')?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room<'a>(party: &'a str, id: &'a str) -> Route<'a> {
        Route::Room { party, id }
    }

    #[test]
    fn routes() {
        let table = [
            ("/party/r", room("main", "r")),
            ("/party/r/", room("main", "r")),
            ("/party/r/sub/path", room("main", "r")),
            ("/parties/main/r", room("main", "r")),
            ("/parties/chat/r/x.png", room("chat", "r")),
            ("/parties/chat/r//", room("chat", "r")),
            ("/parties/constructor/x", room("constructor", "x")),
            ("/party/a%20b", room("main", "a%20b")),
            ("/party/a%2Fb", room("main", "a%2Fb")),
            ("/party/%c3%bc", room("main", "%c3%bc")),
            ("/party/%E0%A4%A", room("main", "%E0%A4%A")),
            ("/party/a+b", room("main", "a+b")),
            ("/party", Route::Elsewhere),
            ("/party/", Route::Elsewhere),
            ("/party//r1", Route::Elsewhere),
            ("/parties", Route::Elsewhere),
            ("/parties/", Route::Elsewhere),
            ("/parties/main", Route::Elsewhere),
            ("/parties/main/", Route::Elsewhere),
            ("/parties/main//r", Route::Elsewhere),
            ("/parties//", Route::Elsewhere),
            ("/parties///x", Route::Elsewhere),
            ("/parties//x", Route::NoParty),
            ("/Party/x", Route::Elsewhere),
            ("/PARTIES/main/x", Route::Elsewhere),
            ("/partyx/r", Route::Elsewhere),
            ("//party/r", Route::Elsewhere),
            ("/", Route::Elsewhere),
            ("/__scheduled__", Route::Elsewhere),
        ];
        for (path, expected) in table {
            assert_eq!(route(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_are_normalised_as_a_browser_would() {
        let table = [
            ("/party/r", "/party/r"),
            ("/party/a/../b", "/party/b"),
            ("/party/./b", "/party/b"),
            ("/party/a/%2e%2E/b", "/party/b"),
            ("/../../x", "/x"),
            ("/party/r/..", "/party/"),
            ("/party/ü", "/party/%C3%BC"),
            ("/party/%c3%bc", "/party/%c3%bc"),
            ("/party/%E0%A4%A", "/party/%E0%A4%A"),
            ("/party\\x", "/party/x"),
            ("/party//r1", "/party//r1"),
            ("/party/a%2Fb", "/party/a%2Fb"),
            ("/party/a+b", "/party/a+b"),
            ("/party/{x}\"<y>", "/party/%7Bx%7D%22%3Cy%3E"),
            ("//evil.example/x", "//evil.example/x"),
        ];
        for (raw, expected) in table {
            let target = Target::new("http", "h:1", raw).unwrap();
            assert_eq!(target.path(), expected, "{raw}");
            assert_eq!(target.url, format!("http://h:1{expected}"), "{raw}");
        }
    }

    #[test]
    fn hosts_and_queries_stay_as_they_were_written() {
        let target = Target::new("https", "Example.COM:443", "/a?_pk=x&q=1%202&q=3").unwrap();
        assert_eq!(target.url, "https://Example.COM:443/a?_pk=x&q=1%202&q=3");
        assert_eq!(target.query("q").as_deref(), Some("1 2"));
        assert_eq!(target.query("none"), None);
        assert_eq!(Target::new("http", "h", "/a?").unwrap().url, "http://h/a?");
        assert_eq!(Target::new("http", "[::1]:80", "/").unwrap().url, "http://[::1]:80/");
    }

    #[test]
    fn what_is_no_address() {
        for host in ["", "a b", "a/b", "user@h", "h?", "h#", "h\\x", "h:port", "[::1", "h:99999"] {
            let error = Target::new("http", host, "/").unwrap_err();
            assert_eq!(error, TargetError::Host(host.to_owned()), "{host}");
        }
        for path in ["", "*", "x", "h:443", "?q"] {
            assert_eq!(Target::new("http", "h", path), Err(TargetError::Path), "{path}");
        }
    }
}
