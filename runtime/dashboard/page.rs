//! The dashboard's page: the files of js/dashboard, as they were when the program was built.

use http::Method;
use http::header::{HeaderValue, LOCATION};

use super::reply::{self, Problem};
use crate::room::event::{Body, Response};

macro_rules! files {
    ($($name:literal: $kind:literal,)*) => {
        [$(($name, $kind, include_str!(concat!("../../js/dashboard/", $name))),)*]
    };
}

/// Name, content type and text.
const FILES: [(&str, &str, &str); 14] = files! {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "parts.css": "text/css; charset=utf-8",
    "room.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "app.js": "text/javascript; charset=utf-8",
    "api.js": "text/javascript; charset=utf-8",
    "dom.js": "text/javascript; charset=utf-8",
    "format.js": "text/javascript; charset=utf-8",
    "overview.js": "text/javascript; charset=utf-8",
    "room.js": "text/javascript; charset=utf-8",
    "storage.js": "text/javascript; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "log.js": "text/javascript; charset=utf-8",
};

pub fn answer(method: &Method, path: &str) -> Response {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Problem::method(&[Method::GET]).into_text();
    }
    let name = match path {
        // Its links are relative to the folder.
        "/__houseparty__" => {
            let mut response = reply::of(HeaderValue::from_static("text/plain"), "");
            response.status = 308;
            response.body = Body::Empty;
            response.headers.insert(LOCATION, HeaderValue::from_static("/__houseparty__/"));
            return response;
        }
        "/__houseparty__/" => "index.html",
        other => other.strip_prefix("/__houseparty__/app/").unwrap_or_default(),
    };
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => reply::of(HeaderValue::from_static(kind), *text),
        None => Problem::missing("the dashboard has no such page").into_text(),
    }
}
