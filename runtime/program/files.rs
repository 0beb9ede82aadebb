//! Files that a party imports by their ending (B-04): which are text, which become modules of their own,
//! and why one cannot be imported. Used by `bundle.rs`, and by `problem.rs` for the words: rolldown
//! does not pass on what a plugin says.

use std::path::Path;

use base64::Engine;

/// Imported as text.
pub const TEXT: [&str; 9] = ["txt", "html", "svg", "css", "md", "graphql", "gql", "sql", "xml"];

/// What rolldown reads itself.
const CODE: [&str; 9] = ["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "json"];

fn ending(file: &Path) -> Option<&str> {
    file.extension().and_then(|ending| ending.to_str())
}

/// Whether rolldown has no loader for the file. One without an ending is code.
pub fn is_special(file: &Path) -> bool {
    ending(file).is_some_and(|ending| !TEXT.contains(&ending) && !CODE.contains(&ending))
}

/// The source of the module that a file is.
pub fn module(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file)?;
    if let Some(reason) = refusal(file, &bytes) {
        anyhow::bail!(reason);
    }
    let value = match ending(file) {
        Some("wasm") => "new WebAssembly.Module(bytes)",
        _ => "bytes.buffer",
    };
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    Ok(format!("const bytes = Uint8Array.fromBase64(\"{text}\");\nexport default {value};\n"))
}

/// Why this file cannot be imported; `None` if it can, or cannot be read.
pub fn reason(file: &Path) -> Option<String> {
    if !is_special(file) {
        return None;
    }
    refusal(file, &std::fs::read(file).ok()?)
}

fn refusal(file: &Path, bytes: &[u8]) -> Option<String> {
    match ending(file)? {
        "bin" => None,
        "wasm" if bytes.starts_with(b"\0asm") => None,
        "wasm" => {
            Some("it is no WebAssembly: its first bytes are not those of a module".to_owned())
        }
        ending => Some(format!(
            "no loader is configured for \".{ending}\" files: bytes are imported from `.bin`, text from \
             `.txt`; what browsers need belongs in the folder of `serve`"
        )),
    }
}
