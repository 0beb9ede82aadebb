//! The keys of `serve`, `serve.build` and `build`: static files, client code, the build command.
//!
//! Part of the schema: same rules as there. Every option of PartyKit's `serve.build` is read; what
//! cannot go together is told here, so that the bundler never sees it.

use std::path::{Component, Path, PathBuf};

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

use super::{Idle, Kind, Reader};
use crate::config::{
    BuildCommand, ClientBuild, ClientFormat, Config, Loader, Serve, near_file, suggestion,
};

const SERVE_KEYS: &[&str] =
    &["path", "singlePageApp", "browserTTL", "edgeTTL", "build", "include", "exclude"];

const SERVE_WITHOUT_EFFECT: &[Idle] =
    &[("edgeTTL", Kind::NumberOrNull, "there is no edge in front of this machine")];

const CLIENT_KEYS: &[&str] = &[
    "entry",
    "outdir",
    "bundle",
    "splitting",
    "sourcemap",
    "format",
    "minify",
    "external",
    "alias",
    "define",
    "loader",
    "live",
];

const BUILD_KEYS: &[&str] = &["command", "cwd", "watch", "alias"];

/// What `build.watch` watches if nothing is said (C-25).
const WATCHED: &str = "src";

impl<'a> Reader<'a> {
    pub(super) fn serve(&mut self, root: &Path, value: &Value<'a>) -> Option<Serve> {
        let mut serve = Serve::folder(PathBuf::new());
        let properties = match value {
            Value::StringLit(path) => {
                serve.path = self.folder(root, &path.value, value);
                return Some(serve);
            }
            Value::Object(object) => &object.properties,
            other => {
                self.expected(other, "a path or an object", "serve");
                return None;
            }
        };
        let mut build = None;
        for property in properties {
            let (name, value) = (property.name.as_str(), &property.value);
            let key = format!("serve.{name}");
            match (name, value) {
                ("path", _) => {
                    if let Some(path) = self.string(value, &key) {
                        serve.path = self.folder(root, &path, value);
                    }
                }
                ("singlePageApp", _) => {
                    serve.single_page_app = self.boolean(value, &key).unwrap_or(false);
                }
                ("include", _) => serve.include = self.list(value, &key),
                ("exclude", _) => serve.exclude = self.list(value, &key),
                ("browserTTL", Value::NullKeyword(_)) => {}
                ("browserTTL", _) => {
                    serve.browser_ttl = self.number(value, &key).map(|ttl| ttl.max(0.0) as u64);
                }
                ("build", _) => build = Some(value),
                _ if self.idle(SERVE_WITHOUT_EFFECT, name, &key, value) => {}
                // PartyKit takes unknown keys here (C-04).
                _ => self.unheeded(&key, name, SERVE_KEYS),
            }
        }
        if serve.path.as_os_str().is_empty() && self.problems.is_empty() {
            self.problem(value.range().start, "`serve` needs a `path`: the folder to serve");
        }
        // After the path: the output lies below it.
        serve.build = build.and_then(|build| self.client(root, &serve.path, build));
        Some(serve)
    }

    /// A folder that must be there, unless the command line names another one.
    fn folder(&mut self, root: &Path, name: &str, value: &Value) -> PathBuf {
        let path = root.join(name);
        if self.overrides.serve.is_none() && !path.is_dir() {
            let near = near_file(root, name);
            let message = format!(
                "the folder to serve does not exist: {name} (looked for {}){near}",
                path.display()
            );
            self.problem(value.range().start, &message);
        }
        path
    }

    fn unheeded(&mut self, key: &str, name: &str, known: &[&str]) {
        let near = suggestion(name, known);
        self.warnings.push(format!("`{key}` is unknown and has no effect{near}"));
    }

    // ---- serve.build ---------------------------------------------------------------------------

    fn client(&mut self, root: &Path, served: &Path, value: &Value<'a>) -> Option<ClientBuild> {
        let mut build = ClientBuild::default();
        match value {
            Value::StringLit(_) | Value::Array(_) => {
                self.entries(root, value, "serve.build", &mut build);
            }
            Value::Object(object) => self.client_keys(root, served, object, &mut build),
            other => {
                let what = "a path, a list of paths or an object";
                self.expected(other, what, "serve.build");
                return None;
            }
        }
        if build.entries.is_empty() && self.problems.is_empty() {
            let message = "`serve.build` needs an `entry`: the file that the page loads";
            self.problem(value.range().start, message);
        }
        Some(build)
    }

    fn client_keys(
        &mut self,
        root: &Path,
        served: &Path,
        object: &Object<'a>,
        build: &mut ClientBuild,
    ) {
        let mut splitting = None;
        for property in &object.properties {
            let (name, value) = (property.name.as_str(), &property.value);
            let key = format!("serve.build.{name}");
            match name {
                "entry" => self.entries(root, value, &key, build),
                "outdir" => {
                    if let Some(name) = self.string(value, &key) {
                        build.outdir = self.outdir(root, served, &name, value);
                    }
                }
                "bundle" => build.bundle = self.boolean(value, &key).unwrap_or(true),
                "splitting" => splitting = self.boolean(value, &key),
                "sourcemap" => build.sourcemap = self.boolean(value, &key).unwrap_or(true),
                "minify" => build.minify = self.boolean(value, &key),
                "live" => build.live = self.boolean(value, &key).unwrap_or(false),
                "format" => self.format(value, &key, build),
                "external" => build.external = self.list(value, &key),
                "alias" => build.alias = self.texts(value, &key),
                "define" => build.define = self.texts(value, &key),
                "loader" => self.loaders(value, &key, build),
                _ => self.unheeded(&key, name, CLIENT_KEYS),
            }
        }
        let can_split = build.format == ClientFormat::Esm;
        // PartyKit's bundler stops here (B-37); what is meant is clear.
        if splitting == Some(true) && !can_split {
            self.warnings.push(
                "`serve.build.splitting` has no effect: only the format `esm` can have several \
                 files"
                    .to_owned(),
            );
        }
        build.splitting = splitting.unwrap_or(true) && can_split;
    }

    fn texts(
        &mut self,
        value: &Value<'a>,
        key: &str,
    ) -> std::collections::BTreeMap<String, String> {
        self.strings(value, key).into_iter().map(|(name, text, _)| (name, text)).collect()
    }

    /// A path or a list of paths of files that exist.
    fn entries(&mut self, root: &Path, value: &Value<'a>, key: &str, build: &mut ClientBuild) {
        let list = match value {
            Value::Array(array) => array.elements.iter().collect(),
            Value::StringLit(_) => vec![value],
            other => return self.expected(other, "a path or a list of paths", key),
        };
        for value in list {
            let path = self.source_file(root, value, key, "Could not find the client's entry");
            // The same file twice would be one file of output twice.
            build.entries.extend(path.filter(|path| !build.entries.contains(path)));
        }
    }

    /// The output's folder as it is called below the served one.
    fn outdir(&mut self, root: &Path, served: &Path, name: &str, value: &Value) -> PathBuf {
        let inside = plain(&root.join(name)).strip_prefix(plain(served)).map(Path::to_owned);
        inside.unwrap_or_else(|_| {
            let message = format!(
                "`serve.build.outdir` is `{name}`, which is outside of `serve.path`: nothing \
                 there is served"
            );
            self.problem(value.range().start, &message);
            PathBuf::new()
        })
    }

    fn format(&mut self, value: &Value, key: &str, build: &mut ClientBuild) {
        let Some(name) = self.string(value, key) else { return };
        match name.as_str() {
            "esm" => build.format = ClientFormat::Esm,
            "cjs" => build.format = ClientFormat::Cjs,
            "iife" => build.format = ClientFormat::Iife,
            _ => self.choice(value, key, &name, &["esm", "cjs", "iife"]),
        }
    }

    fn loaders(&mut self, value: &Value<'a>, key: &str, build: &mut ClientBuild) {
        let Some(object) = self.object(value, key) else { return };
        for property in &object.properties {
            let extension = property.name.as_str();
            let key = format!("{key}.{extension}");
            let Some(name) = self.string(&property.value, &key) else { continue };
            if !extension.starts_with('.') || extension.len() < 2 {
                let message = format!("`{key}`: an extension begins with a dot: `.{extension}`");
                self.problem(property.range.start, &message);
            }
            match Loader::named(&name) {
                Some(loader) => drop(build.loader.insert(extension.to_owned(), loader)),
                None => {
                    let known = Loader::ALL.map(|(name, _)| name);
                    self.choice(&property.value, &key, &name, &known);
                }
            }
        }
    }

    // ---- build ---------------------------------------------------------------------------------

    pub(super) fn build(&mut self, root: &Path, value: &Value<'a>, config: &mut Config) {
        let Some(object) = self.object(value, "build") else { return };
        self.unknown_keys(object, BUILD_KEYS, " in `build`");
        let mut build = BuildCommand {
            command: String::new(),
            cwd: root.to_owned(),
            watch: vec![root.join(WATCHED)],
        };
        for property in &object.properties {
            let (name, value) = (property.name.as_str(), &property.value);
            let key = format!("build.{name}");
            match (name, value) {
                ("command", _) => build.command = self.string(value, &key).unwrap_or_default(),
                ("cwd", _) => build.cwd = root.join(self.string(value, &key).unwrap_or_default()),
                ("watch", Value::StringLit(path)) => {
                    build.watch = vec![plain(&root.join(path.value.as_ref()))];
                }
                ("watch", _) => {
                    let paths = self.list(value, &key);
                    build.watch = paths.iter().map(|path| plain(&root.join(path))).collect();
                }
                _ => {
                    for (name, text, _) in self.strings(value, &key) {
                        config.alias.insert(name, text);
                    }
                }
            }
        }
        if !build.command.is_empty() {
            config.build_command = Some(build);
        }
    }
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}
