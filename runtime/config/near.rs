//! What somebody may have meant: the nearest of the names that exist.
//!
//! Used for messages only, by the configuration and by the bundler.

use std::path::{Path, PathBuf};

/// The nearest of some names, if it is near, as the end of a sentence.
pub fn suggestion(name: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance > 0 && *distance <= 1 + candidate.len() / 4)
        .map(|(_, candidate)| format!(". Did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// The file whose name is nearest to that of `wanted`, which is relative to `folder`.
pub fn near_file(folder: &Path, wanted: &str) -> String {
    let path = folder.join(wanted);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return String::new();
    };
    let name = name.to_string_lossy();
    // An import may leave the ending out; then the endings of files do not count either.
    let shown = |file: PathBuf| {
        let part = if name.contains('.') { file.file_name() } else { file.file_stem() };
        part.map(|part| part.to_string_lossy().into_owned())
    };
    let names: Vec<String> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| shown(entry.file_name().into()))
        .collect();
    suggestion(&name, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["parties", "port", "serve"];
        assert_eq!(suggestion("partys", &known), ". Did you mean `parties`?");
        assert_eq!(suggestion("something", &known), "");
        assert_eq!(suggestion("port", &known), "", "what is there is no suggestion");
    }
}
