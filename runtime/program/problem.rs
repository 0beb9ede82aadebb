//! What the bundler found wrong, told to a person: the place, the line, what to do.
//!
//! Used by `bundle.rs` alone. An import that nothing answers gets a text of its own with a suggestion;
//! everything else (syntax, missing exports) is rolldown's own report, which has a code frame already.

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

/// The text of one problem of the party in `file`. `root` is what paths are relative to.
pub fn told(root: &Path, file: &Path, problem: &BuildDiagnostic) -> String {
    let report = problem.to_diagnostic_with(&DiagnosticOptions { cwd: root.to_owned() });
    let place = report.get_primary_location();
    if matches!(problem.kind(), EventKind::MissingExportError)
        && place.as_ref().is_some_and(|(place, ..)| place.contains(super::bundle::ENTRY))
    {
        return format!(
            "{}: no default export. A party exports a class or an object with its handlers: \
             `export default class Server implements Party.Server {{ … }}`",
            file.strip_prefix(root).unwrap_or(file).display()
        );
    }
    if !is_unresolved(problem) {
        return unloadable(root, report.convert_to_string(false).trim_end());
    }
    let specifier = problem.exporter().unwrap_or_default();
    let importer = problem.id().map(PathBuf::from).unwrap_or_default();
    let (what, help) = unresolved(root, &importer, &specifier);
    match place {
        Some((file, line, column, _)) => {
            let source = std::fs::read_to_string(root.join(&file)).unwrap_or_default();
            let code = source.lines().nth(line - 1).unwrap_or("");
            let width = specifier.chars().count() + 2;
            format!(
                "{file}:{line}:{}: {what}\n{}{help}",
                column + 1,
                frame(code, line, column, width)
            )
        }
        None => format!("{}: {what}\n{help}", importer.display()),
    }
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
fn unresolved(root: &Path, importer: &Path, specifier: &str) -> (String, String) {
    let folder = importer.parent().unwrap_or(root);
    if is_path(specifier) {
        let near = crate::config::near_file(folder, specifier);
        return (format!("cannot find the file `{specifier}`{near}"), help_with_file(specifier));
    }
    if let Some(name) = specifier.strip_prefix("node:") {
        let near = crate::config::suggestion(name, builtins::NODE);
        return (format!("Node has no module `{specifier}`{near}"), String::new());
    }
    let Some(package) = package_name(specifier) else {
        let help = "Is it an alias? Name it in `paths` of tsconfig.json or in `build.alias` of \
                    partykit.json";
        return (format!("cannot find `{specifier}`"), help.to_owned());
    };
    let installed = folder.ancestors().any(|up| up.join("node_modules").join(package).is_dir());
    if installed && package != specifier {
        let what = format!("the package `{package}` is installed, but it has no `{specifier}`");
        return (what, format!("Look at `exports` in the package.json of `{package}`"));
    }
    if installed {
        let what = format!("the package `{package}` is installed, but has no file for a party");
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
