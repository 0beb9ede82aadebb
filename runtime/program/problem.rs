//! What the bundler found wrong, told to a person: the place, the line, what to do.
//!
//! Used by `bundle.rs` and `client`. An import that nothing answers gets a text of its own with a
//! suggestion; everything else (syntax, missing exports) is rolldown's own report, which has a code
//! frame already. A problem is kept in its parts, too, because pages show it (the overlay of `dev`).

use std::path::{Path, PathBuf};

use rolldown_error::{BuildDiagnostic, DiagnosticOptions, EventKind};

use super::builtins;

/// What a file may be called that is imported without its extension.
const EXTENSIONS: [&str; 6] = ["ts", "tsx", "js", "jsx", "mjs", "json"];

/// Files that change when a package is installed.
const LOCK_FILES: [&str; 5] =
    ["package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"];

/// An import that nothing answers: not a file, not a package, not a module of the host.
pub fn is_unresolved(problem: &BuildDiagnostic) -> bool {
    matches!(problem.kind(), EventKind::UnresolvedImport)
}

/// Whose build it is.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    /// That of the party in this file.
    Party(&'a Path),
    Client,
}

/// One thing that is wrong. Its text, for terminals, has all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub place: Option<Place>,
    /// The line of the code with a mark, and what may help.
    pub frame: String,
    text: String,
}

/// Line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Problem {
    /// A problem that is nowhere in particular.
    pub fn of(text: String) -> Self {
        Self { message: text.clone(), place: None, frame: String::new(), text }
    }

    fn at(place: Place, message: String, frame: String) -> Self {
        let Place { file, line, column } = &place;
        let text = format!("{file}:{line}:{column}: {message}\n{frame}").trim_end().to_owned();
        Self { message, place: Some(place), frame, text }
    }
}

/// One problem that the bundler tells of. `root` is what paths are relative to.
pub fn told(root: &Path, side: Side<'_>, problem: &BuildDiagnostic) -> Problem {
    let report = problem.to_diagnostic_with(&DiagnosticOptions { cwd: root.to_owned() });
    let place = report.get_primary_location();
    if let Side::Party(file) = side
        && matches!(problem.kind(), EventKind::MissingExportError)
        && place.as_ref().is_some_and(|(place, ..)| place.contains(super::bundle::ENTRY))
    {
        return Problem::of(format!(
            "{}: no default export. A party exports a class or an object with its handlers: \
             `export default class Server implements Party.Server {{ … }}`",
            file.strip_prefix(root).unwrap_or(file).display()
        ));
    }
    let place = place.map(|(file, line, column, _)| Place { file, line, column: column + 1 });
    if !is_unresolved(problem) {
        let text = unloadable(root, report.convert_to_string(false).trim_end());
        let (first, frame) = text.split_once('\n').unwrap_or((&text, ""));
        // `[PARSE_ERROR] Unexpected token`.
        let known = first.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        let message = known.map_or(first, |(_, message)| message);
        return Problem { message: message.to_owned(), place, frame: frame.to_owned(), text };
    }
    let specifier = problem.exporter().unwrap_or_default();
    let importer = problem.id().map(PathBuf::from).unwrap_or_default();
    let (what, help) = unresolved(root, side, &importer, &specifier);
    match place {
        Some(place) => {
            let source = std::fs::read_to_string(root.join(&place.file)).unwrap_or_default();
            let code = source.lines().nth(place.line - 1).unwrap_or("");
            let width = specifier.chars().count() + 2;
            let frame = frame(code, place.line, place.column - 1, width);
            Problem::at(place, what, format!("{frame}{help}"))
        }
        None => Problem::of(format!("{}: {what}\n{help}", importer.display())),
    }
}

/// A problem at a place of a text that we have looked at ourselves.
pub fn in_text(file: &str, text: &str, line: usize, column: usize, message: &str) -> Problem {
    let code = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
    let frame = frame(code, line, column.saturating_sub(1), 1);
    Problem::at(Place { file: file.to_owned(), line, column }, message.to_owned(), frame)
}

/// A file of client code of whose kind nobody knows what to do with it.
pub fn no_loader(root: &Path, file: &Path) -> Problem {
    let name = file.strip_prefix(root).unwrap_or(file).display();
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    Problem::of(format!(
        "{name}: no loader is configured for \".{ending}\" files. Name one in `serve.build.loader` \
         of partykit.json: {{ \".{ending}\": \"file\" }}"
    ))
}

/// A report with our own reason in the place of rolldown's, if it is about a file that we refused.
fn unloadable(root: &Path, report: &str) -> String {
    const THREW: &str = "plugin `houseparty` threw an error";
    let name = report.lines().next().and_then(|line| line.split_once("Could not load "));
    let reason = name.and_then(|(_, name)| super::files::reason(&root.join(name.trim())));
    match reason {
        Some(reason) => report.replace(THREW, &reason),
        None => report.to_owned(),
    }
}

/// The line of the code with marks under `width` characters from `column` on.
fn frame(code: &str, line: usize, column: usize, width: usize) -> String {
    let gutter = line.to_string();
    let pad = " ".repeat(gutter.len());
    let indent: String =
        code.chars().take(column).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    format!("{pad} |\n{gutter} | {code}\n{pad} | {indent}{}\n", "^".repeat(width))
}

/// What is missing, and what to do about it.
fn unresolved(root: &Path, side: Side<'_>, importer: &Path, specifier: &str) -> (String, String) {
    let is_client = matches!(side, Side::Client);
    let folder = importer.parent().unwrap_or(root);
    if is_path(specifier) {
        let near = crate::config::near_file(folder, specifier);
        return (format!("cannot find the file `{specifier}`{near}"), help_with_file(specifier));
    }
    let bare = specifier.strip_prefix("node:").unwrap_or(specifier);
    if is_client && builtins::NODE.contains(&bare) {
        let help = "Import it in a party, or name what stands for it in `serve.build.alias` of \
                    partykit.json";
        return (
            format!("browsers have no `{specifier}`: it is a module of Node"),
            help.to_owned(),
        );
    }
    if let Some(name) = specifier.strip_prefix("node:") {
        let near = crate::config::suggestion(name, builtins::NODE);
        return (format!("Node has no module `{specifier}`{near}"), String::new());
    }
    let Some(package) = package_name(specifier) else {
        let key = if is_client { "serve.build.alias" } else { "build.alias" };
        let help = format!(
            "Is it an alias? Name it in `paths` of tsconfig.json or in `{key}` of partykit.json"
        );
        return (format!("cannot find `{specifier}`"), help);
    };
    let installed = folder.ancestors().any(|up| up.join("node_modules").join(package).is_dir());
    if installed && package != specifier {
        let what = format!("the package `{package}` is installed, but it has no `{specifier}`");
        return (what, format!("Look at `exports` in the package.json of `{package}`"));
    }
    if installed {
        let whom = if is_client { "a page" } else { "a party" };
        let what = format!("the package `{package}` is installed, but has no file for {whom}");
        return (what, format!("Look at `exports` and `main` in the package.json of `{package}`"));
    }
    (format!("cannot find the package `{package}`"), format!("Install it: npm install {package}"))
}

fn is_path(specifier: &str) -> bool {
    specifier.starts_with('.') || specifier.starts_with('/')
}

fn help_with_file(specifier: &str) -> String {
    if Path::new(specifier).extension().is_some() {
        return String::new();
    }
    format!("Looked for it with the endings .{}", EXTENSIONS.join(", ."))
}

/// `@scope/name` of `@scope/name/file`; `None` if no package can be called that.
fn package_name(specifier: &str) -> Option<&str> {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(parts - 1).map_or(specifier.len(), |(at, _)| at);
    let name = specifier.get(..end)?;
    let legal = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match name.strip_prefix('@') {
        Some(scoped) => {
            let (scope, rest) = scoped.split_once('/')?;
            (legal(scope) && legal(rest)).then_some(name)
        }
        None => legal(name).then_some(name),
    }
}

/// Files that do not exist yet and whose appearance may solve the problem.
pub fn hoped_for(root: &Path, problem: &BuildDiagnostic) -> Vec<PathBuf> {
    if !is_unresolved(problem) {
        return Vec::new();
    }
    let specifier = problem.exporter().unwrap_or_default();
    let importer = problem.id().map(PathBuf::from).unwrap_or_default();
    if !is_path(&specifier) {
        let names = LOCK_FILES.iter().chain(&["tsconfig.json"]);
        return names.map(|name| root.join(name)).collect();
    }
    let file = normal(&importer.parent().unwrap_or(root).join(&specifier));
    let mut files: Vec<PathBuf> = EXTENSIONS
        .iter()
        .flat_map(|ending| {
            [
                PathBuf::from(format!("{}.{ending}", file.display())),
                file.join(format!("index.{ending}")),
            ]
        })
        .collect();
    // TypeScript writes `./x.js` for the file `./x.ts`.
    if file.extension().is_some_and(|ending| ending == "js") {
        files.extend(["ts", "tsx"].map(|ending| file.with_extension(ending)));
    }
    // A folder that is missing, too, has to come first.
    let folders = file.ancestors().skip(1).take_while(|folder| !folder.exists());
    files.extend(folders.map(Path::to_owned));
    files.push(file);
    files
}

/// Without `.` and `..`, as the watcher tells paths.
fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_a_specifier() {
        assert_eq!(package_name("zod"), Some("zod"));
        assert_eq!(package_name("hono/ws/x"), Some("hono"));
        assert_eq!(package_name("@a/b/c"), Some("@a/b"));
        for alias in ["@/lib/x", "~/x", "#x", "@", "", "https://x.test/y"] {
            assert_eq!(package_name(alias), None, "{alias}");
        }
    }

    #[test]
    fn the_frame_marks_the_import() {
        let code = "\timport x from \"y\";";
        assert_eq!(
            frame(code, 12, 15, 3),
            "   |\n12 | \timport x from \"y\";\n   | \t              ^^^\n"
        );
    }
}
