//! Which loader a file of the client code gets, and what a file that is passed on is called.
//!
//! esbuild's rules, as PartyKit's users know them: the longest ending that somebody has named, from
//! the first dot on. Better than there: fonts and images need no configuration; pages want them as
//! files. An ending that nobody knows is a mistake to be told, not a guess.

use std::collections::BTreeMap;
use std::path::Path;

use rolldown::ModuleType;
use sha2::{Digest, Sha256};

use crate::config::Loader;

/// Endings that pages pass on as files.
const FILES: [&str; 22] = [
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp", ".woff", ".woff2",
    ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".webm", ".ogg", ".wav", ".m4a", ".pdf", ".wasm",
];

/// What the bundler loads by itself.
const KNOWN: [(&str, Loader); 13] = [
    (".js", Loader::Js),
    (".mjs", Loader::Js),
    (".cjs", Loader::Js),
    (".jsx", Loader::Jsx),
    (".ts", Loader::Ts),
    (".mts", Loader::Ts),
    (".cts", Loader::Ts),
    (".tsx", Loader::Tsx),
    (".json", Loader::Json),
    (".txt", Loader::Text),
    (".css", Loader::Css),
    (".module.css", Loader::LocalCss),
    ("", Loader::Js),
];

/// The loader of a file; nothing if nobody knows its ending.
pub fn loader(configured: &BTreeMap<String, Loader>, file: &Path) -> Option<Loader> {
    let name = file.file_name()?.to_str()?;
    let endings = name.match_indices('.').map(|(at, _)| &name[at..]).chain([""]);
    for ending in endings {
        match configured.get(ending) {
            None | Some(Loader::Default) => {}
            Some(loader) => return Some(*loader),
        }
        // Without any dot at all a name is that of a script.
        if ending.is_empty() && name.contains('.') {
            return None;
        }
        if let Some((_, loader)) = KNOWN.iter().find(|(known, _)| *known == ending) {
            return Some(*loader);
        }
        if FILES.contains(&ending.to_ascii_lowercase().as_str()) {
            return Some(Loader::File);
        }
    }
    None
}

/// The loaders that rolldown has itself, by ending.
pub fn module_types(configured: &BTreeMap<String, Loader>) -> Vec<(String, ModuleType)> {
    let own = |loader: &Loader| {
        Some(match loader {
            Loader::Base64 => ModuleType::Base64,
            Loader::Binary => ModuleType::Binary,
            Loader::Copy => ModuleType::Copy,
            Loader::DataUrl => ModuleType::Dataurl,
            Loader::Empty => ModuleType::Empty,
            Loader::Js => ModuleType::Js,
            Loader::Json => ModuleType::Json,
            Loader::Jsx => ModuleType::Jsx,
            Loader::Text => ModuleType::Text,
            Loader::Ts => ModuleType::Ts,
            Loader::Tsx => ModuleType::Tsx,
            // These are loaded by the plugin, or as if nothing had been said.
            Loader::Css | Loader::LocalCss | Loader::File | Loader::Default => return None,
        })
    };
    let all = configured.iter();
    all.filter_map(|(ending, loader)| Some((ending.clone(), own(loader)?))).collect()
}

/// `logo-1A2B3C4D.png`: the name changes with the content, so that browsers may keep the file.
pub fn hashed_name(file: &Path, content: &[u8]) -> String {
    let hash: String =
        Sha256::digest(content).iter().take(4).map(|byte| format!("{byte:02X}")).collect();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    match file.extension() {
        Some(ending) => format!("{stem}-{hash}.{}", ending.to_string_lossy()),
        None => format!("{stem}-{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_ending_that_is_known_decides() {
        let configured = BTreeMap::from([
            (".svg".to_owned(), Loader::Text),
            (".d.json".to_owned(), Loader::Copy),
            (".css".to_owned(), Loader::Default),
            (".png".to_owned(), Loader::Default),
        ]);
        let cases = [
            ("a.tsx", Some(Loader::Tsx)),
            ("a.d.json", Some(Loader::Copy)),
            ("a.json", Some(Loader::Json)),
            ("a.module.css", Some(Loader::LocalCss)),
            ("a.css", Some(Loader::Css)),
            ("a.svg", Some(Loader::Text)),
            ("a.PNG", Some(Loader::File)),
            ("x/y.z/README", Some(Loader::Js)),
            ("a.graphql", None),
            ("a.js.unknown", None),
        ];
        for (name, expected) in cases {
            assert_eq!(loader(&configured, Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn the_name_changes_with_the_content() {
        let name = |content: &[u8]| hashed_name(Path::new("/a/logo.min.png"), content);
        assert!(name(b"1").starts_with("logo.min-") && name(b"1").ends_with(".png"));
        assert_ne!(name(b"1"), name(b"2"));
        assert_eq!(name(b"1"), name(b"1"));
    }
}
