//! Imports that no file answers: `partykit/server`, Node's and Cloudflare's modules.
//!
//! A built-in that is not there can be imported; using it fails at the call and says its name (B-17).

/// Node's built-in modules, without their prefix.
const NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// The source of a module that only the host can give; `None` if it is none of ours.
pub fn virtual_module(specifier: &str) -> Option<String> {
    match specifier {
        "partykit/server" => return Some("export {};".to_owned()),
        "cloudflare:sockets" | "cloudflare:email" => return Some(absent(specifier)),
        _ => {}
    }
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    let root = name.split('/').next().unwrap_or(name);
    if !NODE.contains(&root) || name.split('/').count() > 2 {
        return None;
    }
    Some(match name {
        "process" => "module.exports = globalThis.process;".to_owned(),
        "timers" => {
            "const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;\n\
             module.exports = { setTimeout, setInterval, clearTimeout, clearInterval };"
                .to_owned()
        }
        _ => absent(specifier),
    })
}

/// A module in which every name exists and fails when it is used.
fn absent(specifier: &str) -> String {
    let name = serde_json::Value::String(specifier.to_owned());
    format!(
        "const fail = (what) => function () {{\n\
         \x20 throw new Error(`${{{name}}} is not available in parties: \\`${{what}}\\` was called`);\n\
         }};\n\
         module.exports = new Proxy({{}}, {{\n\
         \x20 get: (target, key) => key === '__esModule' || typeof key === 'symbol' ? undefined :\n\
         \x20   key === 'default' ? module.exports : (target[key] ??= fail(key)),\n\
         \x20 has: () => true,\n\
         }});\n"
    )
}
