//! Makes the V8 startup snapshot: the web platform and js/ evaluated, ready to be booted in a few
//! milliseconds. Writes `houseparty.snapshot` and `residual.rs` (scripts that isolates load when they
//! first need them) into OUT_DIR.
//!
//! Our ops cannot be linked here, as they are the program; what the snapshot needs of them is their
//! names, in order (runtime/engine/ops/list.rs); each has a stand-in here.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use deno_core::snapshot::{CreateSnapshotOptions, create_snapshot};
use deno_core::{Extension, ExtensionFileSource, OpDecl, op2};

#[path = "engine/web.rs"]
mod web;

/// Order in which js/ is evaluated: a file after those it imports.
const SCRIPTS: &[&str] = &[
    "errors.js",
    "log.js",
    "completion.js",
    "section.js",
    "timers.js",
    "connection.js",
    "platform/http.js",
    "platform/client_socket.js",
    "globals.js",
    "http.js",
    "storage.js",
    "lobby.js",
    "party.js",
    "room.js",
    "main.js",
];

/// Files of js/ that an isolate loads when it first needs them.
const LAZY_SCRIPTS: &[&str] = &[
    "platform/caches.js",
    "platform/digest_stream.js",
    "platform/event_source.js",
    "platform/fetch.js",
    "platform/html_rewriter.js",
    "platform/identity.js",
    "platform/tcp.js",
];

#[path = "engine/ops/list.rs"]
mod list;

/// A different number for each name, so that no two stand-ins are one function: V8 tells ops apart
/// by their address.
const fn number_of(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let (mut hash, mut at) = (0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

macro_rules! stand_ins {
    ($($module:ident { $($op:ident)* })*) => {
        $($(
            #[op2(fast)]
            fn $op() -> u32 {
                number_of(stringify!($op))
            }
        )*)*

        fn stand_ins() -> Vec<OpDecl> {
            vec![$($($op(),)*)*]
        }
    };
}
list::for_each_op!(stand_ins);

fn main() {
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env("OUT_DIR"));
    // What else is in js/ is no part of the snapshot.
    for name in SCRIPTS {
        println!("cargo:rerun-if-changed=js/{name}");
    }
    println!("cargo:rerun-if-changed=runtime/engine/ops/list.rs");
    println!("cargo:rerun-if-changed=runtime/engine/web.rs");
    println!("cargo:rerun-if-changed=runtime/build.rs");

    let mut extensions = web::platform(web::fetch_options());
    extensions.push(houseparty(&root));
    let snapshot = create_snapshot(
        CreateSnapshotOptions {
            cargo_manifest_dir: env!("CARGO_MANIFEST_DIR"),
            startup_snapshot: None,
            skip_op_registration: false,
            extensions,
            extension_transpiler: None,
            with_runtime_cb: None,
        },
        None,
    )
    .unwrap_or_else(|error| panic!("the snapshot cannot be made: {error}"));
    write(&out.join("houseparty.snapshot"), &snapshot.output);
    let residual = residual(&root, &out, &snapshot.consumed_lazy_specifiers);
    write(&out.join("residual.rs"), residual.as_bytes());
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn houseparty(root: &Path) -> Extension {
    let scripts = SCRIPTS
        .iter()
        .map(|name| {
            let code: std::sync::Arc<str> = ascii(&read(&root.join("js").join(name))).into();
            let specifier = leak(format!("ext:houseparty/{name}"));
            ExtensionFileSource::new_computed(specifier, code)
        })
        .collect();
    Extension {
        name: web::HOUSEPARTY,
        esm_files: Cow::Owned(scripts),
        esm_entry_point: Some("ext:houseparty/main.js"),
        ops: Cow::Owned(stand_ins()),
        ..Extension::default()
    }
}

/// V8 wants 7-bit sources in a snapshot: other characters only occur in strings and comments.
fn ascii(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    for character in source.chars() {
        if character.is_ascii() {
            code.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(code, "\\u{unit:04x}").unwrap_or_else(|_| unreachable!("strings grow"));
            }
        }
    }
    code
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Tables of the lazy scripts that are not in the snapshot, sorted by name.
fn residual(root: &Path, out: &Path, consumed: &[String]) -> String {
    let mut scripts: Vec<(&str, String)> = LAZY_SCRIPTS
        .iter()
        .map(|name| {
            let code = deno_core::wrap_lazy_ext_script(&read(&root.join("js").join(name)));
            (leak(format!("ext:houseparty/{name}")), code)
        })
        .collect();
    let mut modules = Vec::new();
    for extension in web::platform(web::fetch_options()) {
        for (files, table, wrap) in [
            (&extension.lazy_loaded_js_files, &mut scripts, true),
            (&extension.lazy_loaded_esm_files, &mut modules, false),
        ] {
            for file in files.iter() {
                if consumed.iter().any(|specifier| specifier == file.specifier) {
                    continue;
                }
                // TypeScript of the platform is not used here.
                if file.specifier.ends_with(".ts") {
                    continue;
                }
                let source = file
                    .load()
                    .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.specifier));
                let source = source.as_str();
                let code =
                    if wrap { deno_core::wrap_lazy_ext_script(source) } else { source.to_owned() };
                table.push((file.specifier, code));
            }
        }
    }
    let mut tables = String::new();
    for (name, mut table) in [("RESIDUAL_JS", scripts), ("RESIDUAL_ESM", modules)] {
        table.sort();
        let mut rows = String::new();
        for (position, (specifier, code)) in table.iter().enumerate() {
            let file = out.join(format!("{name}_{position}.js"));
            write(&file, ascii(code).as_bytes());
            writeln!(rows, "    ({specifier:?}, include_str!({file:?})),")
                .unwrap_or_else(|_| unreachable!("strings grow"));
        }
        writeln!(tables, "static {name}: &[(&str, &str)] = &[\n{rows}];")
            .unwrap_or_else(|_| unreachable!("strings grow"));
    }
    tables
}
