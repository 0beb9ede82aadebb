//! A party's source map as debuggers want it: files by their URL, and what is not the project's own
//! marked, so that stepping passes over it.
//!
//! The map reaches a debugger with the script that it belongs to, as a `data:` URL that `session` puts
//! in place of a short mark. So no isolate holds a copy, and a debugger needs nothing but its socket.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use base64::Engine;
use url::Url;

/// Names of sources begin with it (`program/bundle.rs`).
const SOURCE: &str = "houseparty:/";

/// What a script says where its map is, up to the party and a number.
pub const MARK: &str = "houseparty-map:";

/// The script of a party, as debuggers know it: a file that would be in the project's folder, because
/// VS Code reads the maps of such scripts without being told to.
pub fn script_url(root: &Path, party: &str) -> String {
    file_url(&root.join(".houseparty").join(format!("{party}.js")))
}

pub fn file_url(path: &Path) -> String {
    Url::from_file_path(path).map_or_else(|()| path.display().to_string(), String::from)
}

/// The mark of a party's map: another one for each version of its program.
pub fn mark(party: &str, code: &str) -> String {
    let mut hasher = DefaultHasher::new();
    code.hash(&mut hasher);
    format!("{MARK}{party}:{:016x}", hasher.finish())
}

/// The map as a `data:` URL. One that is no map gives an empty one: the script itself can be debugged.
pub fn data_url(map: &str, root: &Path) -> String {
    let mut map: serde_json::Value = serde_json::from_str(map).unwrap_or_default();
    let mut foreign = Vec::new();
    let sources = map.get_mut("sources").and_then(|sources| sources.as_array_mut());
    for (index, source) in sources.into_iter().flatten().enumerate() {
        let Some(name) = source.as_str().and_then(|name| name.strip_prefix(SOURCE)) else {
            foreign.push(index);
            continue;
        };
        let file = file_of(name, root);
        if file.as_ref().is_none_or(|file| file.iter().any(|part| part == "node_modules")) {
            foreign.push(index);
        }
        if let Some(file) = file {
            *source = file_url(&file).into();
        }
    }
    if let Some(map) = map.as_object_mut() {
        // The name this has in maps that were made before it was part of their specification, too.
        map.insert("ignoreList".to_owned(), foreign.clone().into());
        map.insert("x_google_ignoreList".to_owned(), foreign.into());
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(map.to_string());
    format!("data:application/json;base64,{encoded}")
}

/// The file of a source: in the project, or anywhere. The host's own modules have none.
fn file_of(name: &str, root: &Path) -> Option<PathBuf> {
    [root.join(name), Path::new("/").join(name)].into_iter().find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_get_their_url_and_the_rest_is_marked() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in ["src/server.ts", "node_modules/lib/index.js"] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "").unwrap();
        }
        let map = serde_json::json!({
            "version": 3,
            "sources": [
                "houseparty:/src/server.ts",
                "houseparty:/node_modules/lib/index.js",
                "houseparty:/js/node/process.js",
            ],
            "mappings": "",
        });
        let url = data_url(&map.to_string(), root);
        let encoded = url.strip_prefix("data:application/json;base64,").unwrap();
        let map = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
        let map: serde_json::Value = serde_json::from_slice(&map).unwrap();
        assert_eq!(map["sources"][0], file_url(&root.join("src/server.ts")));
        assert_eq!(map["sources"][2], "houseparty:/js/node/process.js");
        assert_eq!(map["ignoreList"], serde_json::json!([1, 2]));
    }

    #[test]
    fn what_is_no_map_gives_no_map() {
        assert!(data_url("oops", Path::new("/")).starts_with("data:application/json;base64,"));
    }
}
