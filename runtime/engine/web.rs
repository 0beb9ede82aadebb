//! The web platform of an isolate: which extensions it has, in which order.
//!
//! Compiled twice: into the build script, which makes the startup snapshot, and into the program,
//! which boots isolates from it. Both must see the same list. It names no other module of the crate.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use deno_core::{Extension, ExtensionFileSource};

/// Name of the extension with our own ops and scripts; the last one.
pub const HOUSEPARTY: &str = "houseparty";

/// One for the process: each would reserve 16 KiB, and parties have no `BroadcastChannel`.
static BROADCAST: LazyLock<deno_web::InMemoryBroadcastChannel> = LazyLock::new(Default::default);

/// What `fetch` does without a host around it.
pub fn fetch_options() -> deno_fetch::Options {
    deno_fetch::Options { user_agent: "Cloudflare-Workers".to_owned(), ..Default::default() }
}

/// The platform's extensions, without ours.
pub fn platform(fetch: deno_fetch::Options) -> Vec<Extension> {
    vec![
        deno_webidl::deno_webidl::init(),
        deno_web::deno_web::init(
            Arc::new(deno_web::BlobStore::default()),
            None,
            false,
            BROADCAST.clone(),
        ),
        deno_crypto::deno_crypto::init(None),
        // `deno_fetch` wants one function of `deno_net`, for client certificates, which parties
        // do not have.
        Extension {
            name: "deno_net",
            lazy_loaded_js_files: Cow::Owned(vec![ExtensionFileSource::new(
                "ext:deno_net/02_tls.js",
                deno_core::ascii_str!(
                    "(function () { return { loadTlsKeyPair() { return null; } }; })()"
                ),
            )]),
            ..Extension::default()
        },
        deno_fetch::deno_fetch::init(fetch),
        deno_websocket::deno_websocket::init(),
    ]
}
