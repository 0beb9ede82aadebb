//! The asset folder: what is found, what is never served, what browsers may ask about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::assets::{ByteRange, byte_range, key};
use super::pattern::Patterns;
use super::rig_test::read_body;
use super::{AssetSettings, Assets};
use crate::room::event::{Body, Response};

/// A folder `public` of its own, removed with everything around it at the end of the test.
pub struct Folder(PathBuf);

impl std::ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// A fresh folder with these files in it.
pub fn folder(name: &str, files: &[(&str, &str)]) -> Folder {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let unique = format!("houseparty-{name}-{}-{number}", std::process::id());
    let root = std::env::temp_dir().join(unique).join("public");
    fs::create_dir_all(&root).unwrap();
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Folder(root)
}

fn settings(root: &Path) -> AssetSettings {
    AssetSettings {
        root: root.into(),
        single_page_app: false,
        browser_ttl: None,
        patterns: Patterns::default(),
    }
}

pub fn assets(root: &Path) -> Assets {
    Assets::new(settings(root))
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

async fn get(assets: &Assets, path: &str, asked: &[(&'static str, &str)]) -> Option<Response> {
    assets.respond(&Method::GET, path, &headers(asked)).await
}

async fn body(response: Response) -> String {
    String::from_utf8(read_body(response.body).await.unwrap()).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn keys() {
    let found = [
        ("/", "index.html"),
        ("/a.js", "a.js"),
        ("/sub/", "sub/index.html"),
        ("/sub/a.js", "sub/a.js"),
        ("/with%20space.txt", "with space.txt"),
        ("/%C3%BC.txt", "ü.txt"),
        ("/a%2Fb.txt", "a/b.txt"),
        ("/constructor", "constructor"),
        ("/a..b", "a..b"),
        ("/100%25.txt", "100%.txt"),
        ("/a%252e", "a%2e"),
    ];
    for (path, expected) in found {
        assert_eq!(key(path).as_deref(), Some(Path::new(expected)), "{path}");
    }
    let never = [
        "",
        "a.js",
        "//a.js",
        "/a//b",
        "/.",
        "/..",
        "/../a",
        "/a/../b",
        "/%2e%2e/a",
        "/a/%2e%2e/b",
        "/..%2fa",
        "/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/a\\b",
        "/..%5ca",
        "/a%00",
        "/a%00.txt",
        "/.env",
        "/.git/config",
        "/a/.hidden",
        "/.well-known/x",
        "/node_modules/x.js",
        "/a/node_modules/x.js",
        "/node_modules/",
        "/%6eode_modules/x",
        "/%2eenv",
        "/%E0%A4%A",
        "/%",
        "/%g0",
        "/%ff",
        "/%2",
        "/%2fetc/passwd",
    ];
    for path in never {
        assert_eq!(key(path), None, "{path}");
    }
}

#[tokio::test]
async fn finds_files_and_nothing_else() {
    let files = [
        ("index.html", "home"),
        ("sub/index.html", "sub"),
        ("sub/a.js", "js"),
        ("with space.txt", "space"),
        ("toString", "own property"),
        (".env", "secret"),
        ("node_modules/m/x.js", "module"),
        ("empty.css", ""),
    ];
    let root = folder("find", &files);
    let assets = assets(&root);
    for (path, expected, kind) in [
        ("/", "home", "text/html; charset=utf-8"),
        ("/index.html", "home", "text/html; charset=utf-8"),
        ("/sub/", "sub", "text/html; charset=utf-8"),
        ("/sub/a.js", "js", "text/javascript; charset=utf-8"),
        ("/with%20space.txt", "space", "text/plain; charset=utf-8"),
        ("/toString", "own property", "application/octet-stream"),
        ("/empty.css", "", "text/css; charset=utf-8"),
    ] {
        let response = get(&assets, path, &[]).await.unwrap_or_else(|| panic!("{path}"));
        assert_eq!(response.status, 200);
        assert_eq!(header(&response, "content-type"), Some(kind), "{path}");
        assert_eq!(header(&response, "content-length"), Some(&*expected.len().to_string()));
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(header(&response, "cache-control"), Some("no-cache"));
        assert_eq!(body(response).await, expected);
    }
    for path in ["/sub", "/about", "/.env", "/node_modules/m/x.js", "/constructor", "/index.html/"]
    {
        assert!(get(&assets, path, &[]).await.is_none(), "{path}");
    }
    let post = assets.respond(&Method::POST, "/", &HeaderMap::new()).await;
    assert!(post.is_none());
    let head = assets.respond(&Method::HEAD, "/", &HeaderMap::new()).await.unwrap();
    assert_eq!(header(&head, "content-length"), Some("4"));
    assert!(matches!(head.body, Body::Empty));
    // Live, even if the folder goes and comes back.
    fs::write(root.join("new.txt"), "new").unwrap();
    assert_eq!(body(get(&assets, "/new.txt", &[]).await.unwrap()).await, "new");
    fs::remove_dir_all(&*root).unwrap();
    assert!(get(&assets, "/", &[]).await.is_none());
    fs::create_dir_all(&*root).unwrap();
    fs::write(root.join("index.html"), "again").unwrap();
    assert_eq!(body(get(&assets, "/", &[]).await.unwrap()).await, "again");
}

#[cfg(unix)]
#[tokio::test]
async fn links_do_not_lead_outside() {
    use std::os::unix::fs::symlink;
    let root = folder("links", &[("real.txt", "real"), (".hidden/x.txt", "hidden")]);
    let outside = root.parent().unwrap().join("secret.txt");
    fs::write(&outside, "secret").unwrap();
    symlink(&outside, root.join("out.txt")).unwrap();
    symlink("../secret.txt", root.join("relative.txt")).unwrap();
    symlink(root.parent().unwrap(), root.join("up")).unwrap();
    symlink(".hidden/x.txt", root.join("shown.txt")).unwrap();
    symlink("loop.txt", root.join("loop.txt")).unwrap();
    symlink("real.txt", root.join("inside.txt")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe")).status();
    let assets = assets(&root);
    for path in [
        "/out.txt",
        "/relative.txt",
        "/up/secret.txt",
        "/up/public/real.txt",
        "/shown.txt",
        "/loop.txt",
    ] {
        let served = get(&assets, path, &[]).await;
        // The long way round to a file inside is harmless; anything else is not served.
        match served {
            None => {}
            Some(response) => {
                assert_eq!((path, body(response).await), ("/up/public/real.txt", "real".into()))
            }
        }
    }
    assert_eq!(body(get(&assets, "/inside.txt", &[]).await.unwrap()).await, "real");
    if made.is_ok_and(|status| status.success()) {
        assert!(get(&assets, "/pipe", &[]).await.is_none(), "opening it would block for ever");
    }
}

#[tokio::test]
async fn conditions() {
    let root = folder("conditions", &[("a.txt", "0123456789")]);
    let assets = assets(&root);
    let first = get(&assets, "/a.txt", &[]).await.unwrap();
    let etag = header(&first, "etag").unwrap().to_owned();
    let modified = header(&first, "last-modified").unwrap().to_owned();
    let status =
        async |asked: &[(&'static str, &str)]| get(&assets, "/a.txt", asked).await.unwrap().status;
    let old = "Thu, 01 Jan 1970 00:00:01 GMT";
    assert_eq!(status(&[("if-none-match", &etag)]).await, 304);
    assert_eq!(status(&[("if-none-match", &format!("\"x\", W/{etag}"))]).await, 304);
    assert_eq!(status(&[("if-none-match", "*")]).await, 304);
    assert_eq!(status(&[("if-none-match", "\"x\"")]).await, 200);
    assert_eq!(status(&[("if-modified-since", &modified)]).await, 304);
    assert_eq!(status(&[("if-modified-since", old)]).await, 200);
    assert_eq!(status(&[("if-modified-since", "yesterday")]).await, 200);
    // The tag decides alone.
    assert_eq!(status(&[("if-none-match", "\"x\""), ("if-modified-since", &modified)]).await, 200);
    let unchanged = get(&assets, "/a.txt", &[("if-none-match", &etag)]).await.unwrap();
    assert_eq!(header(&unchanged, "etag"), Some(&*etag));
    assert!(matches!(unchanged.body, Body::Empty));

    let range = ("range", "bytes=2-4");
    let part = get(&assets, "/a.txt", &[range]).await.unwrap();
    assert_eq!(part.status, 206);
    assert_eq!(header(&part, "content-range"), Some("bytes 2-4/10"));
    assert_eq!(body(part).await, "234");
    assert_eq!(status(&[range, ("if-range", &etag)]).await, 206);
    assert_eq!(status(&[range, ("if-range", &modified)]).await, 206);
    assert_eq!(status(&[range, ("if-range", "\"x\"")]).await, 200);
    assert_eq!(status(&[range, ("if-range", &format!("W/{etag}"))]).await, 200);
    assert_eq!(status(&[range, ("if-range", old)]).await, 200);
    let beyond = get(&assets, "/a.txt", &[("range", "bytes=10-")]).await.unwrap();
    assert_eq!((beyond.status, header(&beyond, "content-range")), (416, Some("bytes */10")));
    // A date that begins like a weak tag.
    let file = fs::File::options().append(true).open(root.join("a.txt")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(6 * 86_400)).unwrap();
    assert_eq!(status(&[range, ("if-range", "Wed, 07 Jan 1970 00:00:00 GMT")]).await, 206);
    // A changed file is another file.
    fs::write(root.join("a.txt"), "01234567890").unwrap();
    assert_eq!(status(&[("if-none-match", &etag)]).await, 200);
}

#[test]
fn ranges() {
    let part = |start, length| ByteRange::Part { start, length };
    let table = [
        ("bytes=0-0", part(0, 1)),
        ("bytes=0-9", part(0, 10)),
        ("bytes=0-99999999999999999999999", part(0, 10)),
        ("bytes=9-", part(9, 1)),
        ("bytes=-3", part(7, 3)),
        ("bytes=-99", part(0, 10)),
        ("bytes=-0", ByteRange::Unsatisfiable),
        ("bytes=10-", ByteRange::Unsatisfiable),
        ("bytes=10-12", ByteRange::Unsatisfiable),
        ("bytes=99999999999999999999999-", ByteRange::Unsatisfiable),
        ("bytes=5-4", ByteRange::Whole),
        ("bytes=0-1,3-4", ByteRange::Whole),
        ("bytes=-", ByteRange::Whole),
        ("bytes=a-b", ByteRange::Whole),
        ("bytes=1", ByteRange::Whole),
        ("bytes=+1-2", ByteRange::Whole),
        ("lines=1-2", ByteRange::Whole),
    ];
    for (range, expected) in table {
        assert_eq!(byte_range(&headers(&[("range", range)]), 10), expected, "{range}");
    }
    for range in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
        assert_eq!(
            byte_range(&headers(&[("range", range)]), 0),
            ByteRange::Unsatisfiable,
            "{range}"
        );
    }
}

#[tokio::test]
async fn large_files_stream() {
    let text: String = (0..100_000).map(|number| format!("{number:>9}\n")).collect();
    let root = folder("large", &[("large.json", &text)]);
    let assets = assets(&root);
    let whole = get(&assets, "/large.json", &[]).await.unwrap();
    assert!(matches!(whole.body, Body::Stream(_)));
    assert_eq!(header(&whole, "content-length"), Some("1000000"));
    assert_eq!(body(whole).await, text);
    let part = get(&assets, "/large.json", &[("range", "bytes=500000-799999")]).await.unwrap();
    assert_eq!(body(part).await, &text[500_000..800_000]);
    // Truncated while it is sent: broken off, not short.
    let whole = get(&assets, "/large.json", &[]).await.unwrap();
    fs::write(root.join("large.json"), "short").unwrap();
    assert!(read_body(whole.body).await.is_err());
}

#[tokio::test]
async fn left_out_files_are_not_there() {
    let files = [("a.html", "a"), ("404.html", "lost"), ("js/a.js", "js"), ("js/a.js.map", "map")];
    let root = folder("patterns", &files);
    let list = |patterns: &[&str]| patterns.iter().map(|&it| it.to_owned()).collect();
    let patterns = Patterns { include: list(&["a.html", "js"]), exclude: list(&["*.map"]) };
    let assets = Assets::new(AssetSettings { patterns, ..settings(&root) });
    for (path, served) in
        [("/a.html", true), ("/js/a.js", true), ("/js/a.js.map", false), ("/js/%61.js.map", false)]
    {
        assert_eq!(get(&assets, path, &[]).await.is_some(), served, "{path}");
    }
    assert!(assets.fetch("/js/a.js.map").await.is_none());
    assert!(assets.not_found_page(false).await.is_none());
}

#[tokio::test]
async fn single_page_apps_and_parties() {
    let root = folder("spa", &[("index.html", "app"), ("a.txt", "a")]);
    let settings =
        AssetSettings { single_page_app: true, browser_ttl: Some(60), ..settings(&root) };
    let assets = Assets::new(settings);
    let navigate = ("sec-fetch-mode", "navigate");
    let page = get(&assets, "/deep/link.png", &[navigate]).await.unwrap();
    assert_eq!((page.status, header(&page, "cache-control")), (200, Some("public, max-age=60")));
    assert_eq!(body(page).await, "app");
    assert!(get(&assets, "/deep/link", &[]).await.is_none());
    assert!(get(&assets, "/deep/link", &[("sec-fetch-mode", "cors")]).await.is_none());
    assert!(assets.fetch("/deep/link").await.is_none());
    assert_eq!(body(assets.fetch("/x/../a.txt?v=1#top").await.unwrap()).await, "a");
    assert!(assets.fetch("a.txt").await.is_none());
    assert!(assets.not_found_page(false).await.is_none());
    fs::write(root.join("404.html"), "lost").unwrap();
    assert_eq!(assets.not_found_page(false).await.unwrap().status, 404);
    // Without the page the chain goes on.
    fs::remove_file(root.join("index.html")).unwrap();
    assert!(get(&assets, "/deep/link", &[navigate]).await.is_none());
}
