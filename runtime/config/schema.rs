//! The schema of `partykit.json` (spec 5.2): reads each known key with its type, collects every
//! problem with its place.
//!
//! This file has the keys of the top level and the readers of single values; `serve` has those of
//! `serve` and `build`. Used by `Config::load` alone.

mod serve;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions};

use super::{Config, Cron, Durability, Overrides, Persist, near_file, suggestion};

const KEYS: &[&str] = &[
    "$schema",
    "name",
    "team",
    "main",
    "parties",
    "port",
    "preview",
    "serve",
    "persist",
    "durability",
    "vars",
    "define",
    "build",
    "compatibilityDate",
    "compatibilityFlags",
    "minify",
    "crons",
    "ai",
    "vectorize",
    "bindings",
    "domain",
    "logpush",
    "tailConsumers",
    "analytics",
    "placement",
    "observability",
];

/// What the value of a key may be.
#[derive(Clone, Copy)]
enum Kind {
    String,
    Boolean,
    Object,
    Strings,
    NumberOrNull,
}

/// A legal key that does nothing here, what it may hold, and why it does nothing.
type Idle = (&'static str, Kind, &'static str);

const WITHOUT_EFFECT: &[Idle] = &[
    ("team", Kind::String, "there are no teams here"),
    ("preview", Kind::String, "there are no preview deployments here"),
    ("domain", Kind::String, "put the host behind your own domain"),
    ("logpush", Kind::Boolean, "the log goes to standard output"),
    ("tailConsumers", Kind::Strings, "the log goes to standard output"),
    ("analytics", Kind::String, "analytics.writeDataPoint does nothing"),
    ("placement", Kind::Object, "rooms live on this machine"),
    ("observability", Kind::Object, "the log goes to standard output"),
    ("bindings", Kind::Object, "KV and R2 bindings are not available yet"),
    ("vectorize", Kind::Object, "vector indexes are not available yet"),
];

pub struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    overrides: &'a Overrides,
    problems: Vec<String>,
    warnings: Vec<String>,
}

/// The value as plain JSON.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::StringLit(text) => text.value.as_ref().into(),
        Value::NumberLit(number) => serde_json::from_str(number.value).unwrap_or_default(),
        Value::BooleanLit(flag) => flag.value.into(),
        Value::Object(object) => object
            .properties
            .iter()
            .map(|property| (property.name.as_str().to_owned(), json(&property.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(array) => array.elements.iter().map(json).collect(),
        Value::NullKeyword(_) => serde_json::Value::Null,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::StringLit(_) => "string",
        Value::NumberLit(_) => "number",
        Value::BooleanLit(_) => "boolean",
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::NullKeyword(_) => "null",
    }
}

pub fn is_party_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a Path, text: &'a str, overrides: &'a Overrides) -> Self {
        Self { file, text, overrides, problems: Vec::new(), warnings: Vec::new() }
    }

    pub fn problems(self) -> Vec<String> {
        self.problems
    }

    /// `file:line:column: message`, the line and a caret under the place.
    fn problem(&mut self, at: usize, message: &str) {
        let at = at.min(self.text.len());
        let before = self.text.get(..at).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let source = self.text.lines().nth(line - 1).unwrap_or("");
        let gutter = line.to_string();
        let pad = " ".repeat(gutter.len());
        let caret = " ".repeat(column - 1);
        self.problems.push(format!(
            "{}:{line}:{column}: {message}\n{pad} |\n{gutter} | {source}\n{pad} | {caret}^",
            self.file.display()
        ));
    }

    fn expected(&mut self, value: &Value, what: &str, key: &str) {
        let message = format!("expected {what} for `{key}`, found {}", kind(value));
        self.problem(value.range().start, &message);
    }

    fn string(&mut self, value: &Value, key: &str) -> Option<String> {
        match value {
            Value::StringLit(text) => Some(text.value.to_string()),
            other => {
                self.expected(other, "a string", key);
                None
            }
        }
    }

    fn boolean(&mut self, value: &Value, key: &str) -> Option<bool> {
        match value {
            Value::BooleanLit(flag) => Some(flag.value),
            other => {
                self.expected(other, "true or false", key);
                None
            }
        }
    }

    fn number(&mut self, value: &Value, key: &str) -> Option<f64> {
        match value {
            Value::NumberLit(number) => number.value.parse().ok(),
            other => {
                self.expected(other, "a number", key);
                None
            }
        }
    }

    fn object<'v>(&mut self, value: &'v Value<'a>, key: &str) -> Option<&'v Object<'a>> {
        match value {
            Value::Object(object) => Some(object),
            other => {
                self.expected(other, "an object", key);
                None
            }
        }
    }

    /// An object whose values are all strings.
    fn strings(&mut self, value: &Value<'a>, key: &str) -> Vec<(String, String, usize)> {
        let Some(object) = self.object(value, key) else { return Vec::new() };
        let mut all = Vec::new();
        for property in &object.properties {
            let name = property.name.as_str().to_owned();
            let path = format!("{key}.{name}");
            if let Some(text) = self.string(&property.value, &path) {
                all.push((name, text, property.range.start));
            }
        }
        all
    }

    fn unknown_keys(&mut self, object: &Object, known: &[&str], place: &str) {
        let mut seen: Vec<&str> = Vec::new();
        for property in &object.properties {
            let name = property.name.as_str();
            if !known.contains(&name) {
                let message = format!(
                    "unknown key `{name}`{place}{}",
                    match suggestion(name, known) {
                        near if near.is_empty() => format!("; known: {}", known.join(", ")),
                        near => near,
                    }
                );
                self.problem(property.range.start, &message);
            } else if seen.contains(&name) {
                let message = format!("`{name}` is given twice{place}");
                self.problem(property.range.start, &message);
            }
            seen.push(name);
        }
    }

    /// Reads the file, or its value under `section`. Meaningful only if there are no problems
    /// afterwards.
    pub fn read(&mut self, root: &Path, section: Option<&str>) -> Config {
        let mut config = Config {
            file: Some(self.file.to_owned()),
            root: root.to_owned(),
            name: None,
            main: PathBuf::new(),
            parties: Vec::new(),
            port: None,
            vars: serde_json::Map::new(),
            process_env: Default::default(),
            define: Default::default(),
            alias: Default::default(),
            serve: None,
            persist: Persist::Folder(root.join(".partykit/state")),
            durability: None,
            build_command: None,
            minify: false,
            crons: Vec::new(),
            vectorize: Vec::new(),
            ai: serde_json::Value::Null,
            compatibility_flags: Vec::new(),
            warnings: Vec::new(),
            watched: vec![self.file.to_owned()],
        };
        let parsed = jsonc_parser::parse_to_ast(
            self.text,
            &CollectOptions::default(),
            &ParseOptions::default(),
        );
        let value = match parsed {
            Ok(parsed) => parsed.value,
            Err(error) => {
                self.problem(error.range().start, &error.kind().to_string());
                return config;
            }
        };
        let value = match (value, section) {
            (Some(Value::Object(mut file)), Some(key)) => {
                let at = file.properties.iter().position(|p| p.name.as_str() == key);
                at.map(|at| file.properties.swap_remove(at).value)
            }
            (value, _) => value,
        };
        let object = match value {
            Some(Value::Object(object)) => object,
            other => {
                let at = other.map_or(0, |value| value.range().start);
                let what = section.map_or("the file".to_owned(), |key| format!("`{key}`"));
                let message =
                    format!("{what} must contain one object: {{ \"main\": \"src/server.ts\" }}");
                self.problem(at, &message);
                return config;
            }
        };
        self.unknown_keys(&object, KEYS, "");
        for property in &object.properties {
            self.key(root, property.name.as_str(), &property.value, &mut config);
        }
        if config.main.as_os_str().is_empty()
            && self.overrides.main.is_none()
            && self.problems.is_empty()
        {
            self.problem(
                object.range.start,
                "Missing entry point, please specify \"main\" in your config",
            );
        }
        config.warnings = std::mem::take(&mut self.warnings);
        config
    }

    fn key(&mut self, root: &Path, key: &str, value: &Value<'a>, config: &mut Config) {
        match key {
            "name" => config.name = self.project_name(value),
            "main" => {
                if self.overrides.main.is_some() {
                    self.string(value, key);
                } else if let Some(path) = self.source_file(root, value, key, "Could not find main")
                {
                    config.main = path;
                }
            }
            "parties" => config.parties = self.parties(root, value),
            "port" => config.port = self.port(value),
            "serve" => config.serve = self.serve(root, value),
            "persist" => match value {
                Value::BooleanLit(flag) if flag.value => {}
                Value::BooleanLit(_) => config.persist = Persist::Off,
                other => {
                    if let Some(folder) = self.string(other, "persist") {
                        config.persist = Persist::Folder(root.join(folder));
                    }
                }
            },
            "durability" => config.durability = self.durability(value),
            "vars" => {
                if self.object(value, key).is_some()
                    && let serde_json::Value::Object(vars) = json(value)
                {
                    config.vars = vars;
                }
            }
            "define" => {
                for (name, text, _) in self.strings(value, key) {
                    config.define.insert(name, text);
                }
            }
            "build" => self.build(root, value, config),
            "minify" => config.minify = self.boolean(value, key).unwrap_or(false),
            "crons" => self.crons(value, config),
            "compatibilityDate" => {
                if let Some(date) = self.string(value, key)
                    && !is_date(&date)
                {
                    self.warnings.push(format!(
                        "`compatibilityDate` is `{date}`, which is not a date like 2024-07-01"
                    ));
                }
            }
            "compatibilityFlags" => {
                config.compatibility_flags = self.list(value, key);
                for flag in &config.compatibility_flags {
                    // Always on, here as in PartyKit (C-29).
                    if flag != "nodejs_compat" {
                        self.warnings
                            .push(format!("the compatibility flag `{flag}` has no effect"));
                    }
                }
            }
            "ai" => match value {
                Value::BooleanLit(_) | Value::Object(_) => self.ai(json(value), config),
                other => self.expected(other, "true, false or an object", key),
            },
            "$schema" => {
                self.string(value, key);
            }
            _ => self.without_effect(key, value, config),
        }
    }

    fn ai(&mut self, value: serde_json::Value, config: &mut Config) {
        if value != false {
            self.warnings.push("`ai` has no effect: no model answers here".to_owned());
        }
        config.ai = value;
    }

    fn crons(&mut self, value: &Value<'a>, config: &mut Config) {
        for (name, text, at) in self.strings(value, "crons") {
            match Cron::parse(&text) {
                Ok(cron) => config.crons.push((name, cron)),
                Err(error) => self.problem(at, &format!("`crons.{name}`: `{text}`: {error}")),
            }
        }
    }

    fn without_effect(&mut self, key: &str, value: &Value<'a>, config: &mut Config) {
        self.idle(WITHOUT_EFFECT, key, key, value);
        if key == "vectorize"
            && let Value::Object(object) = value
        {
            config.vectorize =
                object.properties.iter().map(|p| p.name.as_str().to_owned()).collect();
        }
    }

    /// Warns of a key that does nothing, after looking at the type of its value. `path` is what a
    /// person calls it. Tells whether it is in the table.
    fn idle(&mut self, table: &[Idle], key: &str, path: &str, value: &Value<'a>) -> bool {
        let Some((_, kind, why)) = table.iter().find(|(name, ..)| *name == key) else {
            return false;
        };
        match (kind, value) {
            (Kind::String, _) => drop(self.string(value, path)),
            (Kind::Boolean, _) => drop(self.boolean(value, path)),
            (Kind::Object, _) => drop(self.object(value, path)),
            (Kind::Strings, _) => drop(self.list(value, path)),
            (Kind::NumberOrNull, Value::NullKeyword(_)) => {}
            (Kind::NumberOrNull, _) => drop(self.number(value, path)),
        }
        self.warnings.push(format!("`{path}` has no effect: {why}"));
        true
    }

    fn list(&mut self, value: &Value<'a>, key: &str) -> Vec<String> {
        let Value::Array(array) = value else {
            self.expected(value, "a list of strings", key);
            return Vec::new();
        };
        array.elements.iter().filter_map(|element| self.string(element, key)).collect()
    }

    fn project_name(&mut self, value: &Value) -> Option<String> {
        let name = self.string(value, "name")?;
        if !is_party_name(&name) {
            let message = format!("Invalid project name: `{name}` must match /^[a-z0-9_-]+$/");
            self.problem(value.range().start, &message);
        }
        Some(name)
    }

    /// Not PartyKit's: `--durability` as a key.
    fn durability(&mut self, value: &Value) -> Option<Durability> {
        let name = self.string(value, "durability")?;
        match name.as_str() {
            "fsync" => return Some(Durability::Fsync),
            "process" => return Some(Durability::Process),
            "memory" => return Some(Durability::Memory),
            _ => self.choice(value, "durability", &name, &["fsync", "process", "memory"]),
        }
        None
    }

    /// The value of a key that takes one of a few words is none of them.
    fn choice(&mut self, value: &Value, key: &str, found: &str, known: &[&str]) {
        let near = suggestion(found, known);
        let message = format!("`{key}` is one of {}, not `{found}`{near}", known.join(", "));
        self.problem(value.range().start, &message);
    }

    fn port(&mut self, value: &Value) -> Option<u16> {
        let number = self.number(value, "port")?;
        if number.fract() == 0.0 && (0.0..=65535.0).contains(&number) {
            return Some(number as u16);
        }
        self.problem(value.range().start, "`port` is a whole number from 0 to 65535");
        None
    }

    fn source_file(
        &mut self,
        root: &Path,
        value: &Value,
        key: &str,
        missing: &str,
    ) -> Option<PathBuf> {
        let name = self.string(value, key)?;
        let path = root.join(&name);
        if !path.is_file() {
            let near = near_file(root, &name);
            let message = format!("{missing}: {name} (looked for {}){near}", path.display());
            self.problem(value.range().start, &message);
        }
        Some(path)
    }

    fn parties(&mut self, root: &Path, value: &Value<'a>) -> Vec<(Arc<str>, PathBuf)> {
        let Some(object) = self.object(value, "parties") else { return Vec::new() };
        let mut parties: Vec<(Arc<str>, PathBuf)> = Vec::new();
        for property in &object.properties {
            let name = property.name.as_str();
            let at = property.range.start;
            if name == "main" {
                self.problem(at, "Cannot have a party named \"main\": that is `main` itself");
            } else if !is_party_name(name) {
                let small = name.to_ascii_lowercase().replace([' ', '.', '/'], "-");
                let near = if is_party_name(&small) {
                    format!(". Did you mean `{small}`?")
                } else {
                    String::new()
                };
                let message =
                    format!("Invalid party name: `{name}` must satisfy /^[a-z0-9_-]+$/{near}");
                self.problem(at, &message);
            } else if parties.iter().any(|(known, _)| &**known == name) {
                self.problem(at, &format!("the party `{name}` is given twice"));
            }
            let key = format!("parties.{name}");
            if let Some(path) =
                self.source_file(root, &property.value, &key, "Could not find party")
            {
                parties.push((name.into(), path));
            }
        }
        parties
    }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        parts.next().is_some_and(|p| p.len() == digits && p.bytes().all(|b| b.is_ascii_digit()))
    };
    number(4) && number(2) && number(2) && parts.next().is_none()
}
