//! Which files of the asset folder are meant by `serve.include` and `serve.exclude`. Pure.
//!
//! Used by `assets` for every lookup. A pattern is written as in a `.gitignore`: `*` stands for
//! anything within one name, `?` for one character, `**` for any number of folders; without a slash
//! it means a name at any depth, and one that means a folder means everything in it. There are no
//! other special characters, so no text fails to be a pattern.

/// Files that may be served. Without patterns: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns {
    /// If there are any, a file must be meant by one of them.
    pub include: Vec<String>,
    /// Whatever is meant by one of these is not served.
    pub exclude: Vec<String>,
}

impl Patterns {
    /// Whether the file with this path below the folder may be served.
    pub fn allow(&self, path: &str) -> bool {
        let meant = |patterns: &[String]| patterns.iter().any(|pattern| means(pattern, path));
        (self.include.is_empty() || meant(&self.include)) && !meant(&self.exclude)
    }
}

fn means(pattern: &str, path: &str) -> bool {
    let inner = pattern.trim_end_matches('/');
    let anchored = inner.contains('/');
    let inner = inner.strip_prefix("./").unwrap_or(inner);
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let mut wanted: Vec<&str> = inner.split('/').collect();
    if !anchored {
        wanted.insert(0, "**");
    }
    // `dir/` means what is in it, not a file of that name.
    if pattern.ends_with('/') {
        wanted.push("*");
    }
    let names: Vec<&str> = path.split('/').collect();
    path_matches(&wanted, &names)
}

/// Whether the names match from their start on; what is left of them lies in a folder that is meant.
fn path_matches(wanted: &[&str], names: &[&str]) -> bool {
    match wanted {
        [] => true,
        // At the end it means what is in the folder, not the folder's own name as a file.
        ["**"] => !names.is_empty(),
        ["**", rest @ ..] => (0..=names.len()).any(|skip| path_matches(rest, &names[skip..])),
        [first, rest @ ..] => names
            .split_first()
            .is_some_and(|(name, left)| name_matches(first, name) && path_matches(rest, left)),
    }
}

/// One name against one pattern. Goes back to the last star only, so that it is never slow.
fn name_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut here) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == name[here] => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken + 1));
                (at, here) = (back + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_means() {
        let table = [
            ("a.txt", "a.txt", true),
            ("a.txt", "deep/er/a.txt", true),
            ("a.txt", "b.txt", false),
            ("/a.txt", "a.txt", true),
            ("/a.txt", "deep/a.txt", false),
            ("./a.txt", "a.txt", true),
            ("*.map", "js/app.js.map", true),
            ("*.map", "map", false),
            ("js/*.js", "js/a.js", true),
            ("js/*.js", "js/deep/a.js", false),
            ("js/*.js", "x/js/a.js", false),
            ("js/**/*.js", "js/a.js", true),
            ("js/**/*.js", "js/very/deep/a.js", true),
            ("**/secret/**", "secret/a", true),
            ("**/secret/**", "x/secret/y/a", true),
            ("**/secret/**", "secret", false),
            ("drafts", "drafts/a.html", true),
            ("drafts", "x/drafts/a.html", true),
            ("drafts/", "drafts/a.html", true),
            ("drafts/", "drafts", false),
            ("?.txt", "a.txt", true),
            ("?.txt", "ab.txt", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("**", "any/thing", true),
            ("*", "any/thing", true),
            ("ü*.txt", "üb.txt", true),
            ("[a].txt", "a.txt", false),
            ("", "a.txt", false),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(means(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn exclude_wins() {
        let list = |patterns: &[&str]| patterns.iter().map(|&it| it.to_owned()).collect();
        let patterns = Patterns { include: list(&["*.html", "js"]), exclude: list(&["draft*"]) };
        assert!(patterns.allow("index.html") && patterns.allow("js/a.js"));
        assert!(!patterns.allow("a.txt") && !patterns.allow("drafts/index.html"));
        assert!(Patterns::default().allow("anything/at.all"));
    }

    #[test]
    fn no_pattern_is_slow() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!name_matches(&pattern, &"a".repeat(10_000)));
    }
}
