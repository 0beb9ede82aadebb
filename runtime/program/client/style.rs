//! CSS of client code: reading style sheets, joining those of an entry into one file (B-38).
//!
//! lightningcss parses and prints. What is ours is what a bundler adds: `@import` of files is
//! replaced by their rules, the last place of a file counts, as for a browser; `url()` of files
//! becomes an address of the output; CSS modules get names of their own. Addresses of the web and
//! of the site (`/logo.png`) stay. Invalid rules are left out, as browsers do, with a warning.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use lightningcss::css_modules::{self, CssModuleExport, CssModuleReference};
use lightningcss::dependencies::{Dependency, DependencyOptions};
use lightningcss::printer::PrinterOptions;
use lightningcss::rules::CssRule;
use lightningcss::rules::import::ImportRule;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, StyleSheet, ToCssResult};
use lightningcss::traits::ToCss;
use rolldown::plugin::SharedLoadPluginContext;

use super::plugin::{Build, is_address};
use crate::config::Loader;
use crate::program::{Problem, problem};

/// Sheets of one entry, the same sheet under another condition counted again. Beyond it something
/// imports itself in ever new ways.
const SHEETS_MAX: usize = 10_000;

/// A style sheet, its rules printed, its addresses those of the output.
#[derive(Debug)]
pub struct Sheet {
    imports: Vec<Import>,
    /// `@layer` statements before the imports: they order the layers.
    layers: String,
    rules: String,
}

#[derive(Debug)]
struct Import {
    target: Target,
    /// What the rules are wrapped in, from the outside: `@media print`, `@layer x`.
    conditions: Vec<String>,
}

#[derive(Debug)]
enum Target {
    File(PathBuf),
    /// The whole rule, for the browser.
    Web(String),
}

/// A style sheet as it was parsed, all of it printed: nothing that borrows from its text.
struct Parsed {
    imports: Vec<(String, Vec<String>, String)>,
    layers: String,
    rules: String,
    /// Address and what stands for it in the rules.
    urls: Vec<(String, String)>,
}

/// Reads a style sheet and all that it imports; gives the module that stands for it.
pub async fn load(
    build: &Build,
    context: &SharedLoadPluginContext,
    file: &Path,
    local: bool,
) -> anyhow::Result<String> {
    let mut module = "export default {};".to_owned();
    let mut waiting = vec![(file.to_owned(), local)];
    while let Some((file, local)) = waiting.pop() {
        if build.sheet(&file).is_some() {
            continue;
        }
        context.add_watch_file(&file.to_string_lossy());
        let mut text = std::fs::read_to_string(&file)?;
        if local {
            let named = renamed(build, &file, &text);
            let Some((renamed, exports)) = named else { continue };
            text = renamed;
            module = exports;
        }
        let Some(parsed) = parsed(build, &file, &text) else { continue };
        let sheet = resolved(build, context, &file, parsed, &mut waiting).await?;
        build.add_sheet(file, sheet);
    }
    Ok(module)
}

fn parse<'t>(
    build: &Build,
    file: &Path,
    text: &'t str,
    modules: Option<css_modules::Config>,
) -> Option<StyleSheet<'t>> {
    let name = file.strip_prefix(&build.root).unwrap_or(file).to_string_lossy().into_owned();
    let warnings = Arc::new(RwLock::new(Vec::new()));
    let options = ParserOptions {
        filename: name.clone(),
        css_modules: modules,
        error_recovery: true,
        warnings: Some(warnings.clone()),
        ..ParserOptions::default()
    };
    let sheet = StyleSheet::parse(text, options);
    for warning in warnings.read().iter().flat_map(|list| list.iter()) {
        let at = warning.loc.as_ref().map_or((1, 1), |at| (at.line + 1, at.column));
        build.add_warning(format!("{name}:{}:{}: {}", at.0, at.1, warning.kind));
    }
    match sheet {
        Ok(sheet) => Some(sheet),
        Err(error) => {
            let at = error.loc.as_ref().map_or((0, 1), |at| (at.line as usize, at.column as usize));
            let message = error.kind.to_string();
            build.add_problem(problem::in_text(&name, text, at.0 + 1, at.1, &message));
            None
        }
    }
}

fn printer<'o>(build: &Build) -> PrinterOptions<'o> {
    PrinterOptions { minify: build.minify, ..PrinterOptions::default() }
}

fn parsed(build: &Build, file: &Path, text: &str) -> Option<Parsed> {
    let mut sheet = parse(build, file, text, None)?;
    if build.minify && sheet.minify(MinifyOptions::default()).is_err() {
        // What cannot be made smaller stays as it is.
        sheet = parse(build, file, text, None)?;
    }
    let mut imports = Vec::new();
    let mut layers = String::new();
    let last = sheet.rules.0.iter().rposition(|rule| matches!(rule, CssRule::Import(_)));
    for rule in sheet.rules.0.drain(..last.map_or(0, |last| last + 1)) {
        match rule {
            CssRule::Import(rule) => {
                let whole = rule.to_css_string(printer(build)).ok()?;
                imports.push((rule.url.to_string(), conditions(build, &rule), whole));
            }
            CssRule::LayerStatement(rule) => {
                layers.push_str(&rule.to_css_string(printer(build)).ok()?);
                layers.push('\n');
            }
            // Nothing else may stand before an import; what does makes the import invalid.
            _ => {}
        }
    }
    let options = PrinterOptions {
        analyze_dependencies: Some(DependencyOptions { remove_imports: true }),
        ..printer(build)
    };
    let printed = sheet.to_css(options).ok()?;
    let urls = printed.dependencies.into_iter().flatten().filter_map(|found| match found {
        Dependency::Url(url) => Some((url.url, url.placeholder)),
        Dependency::Import(_) => None,
    });
    Some(Parsed { imports, layers, rules: printed.code, urls: urls.collect() })
}

fn conditions(build: &Build, rule: &ImportRule) -> Vec<String> {
    let mut conditions = Vec::new();
    if !rule.media.media_queries.is_empty() {
        let media = rule.media.to_css_string(printer(build)).unwrap_or_default();
        conditions.push(format!("@media {media}"));
    }
    if let Some(supports) = &rule.supports {
        let supports = supports.to_css_string(printer(build)).unwrap_or_default();
        conditions.push(format!("@supports {supports}"));
    }
    if let Some(layer) = &rule.layer {
        let name = layer.as_ref().and_then(|name| name.to_css_string(printer(build)).ok());
        conditions.push(format!("@layer {}", name.unwrap_or_default()).trim_end().to_owned());
    }
    conditions
}

/// Finds the files that a sheet names.
async fn resolved(
    build: &Build,
    context: &SharedLoadPluginContext,
    file: &Path,
    parsed: Parsed,
    waiting: &mut Vec<(PathBuf, bool)>,
) -> anyhow::Result<Sheet> {
    let mut imports = Vec::new();
    for (specifier, conditions, rule) in parsed.imports {
        let target = if is_address(&specifier) || build.is_external_file(&specifier) {
            Target::Web(rule)
        } else {
            match find(context, file, &specifier).await? {
                Some(found) => {
                    let local = build.loader(&found) == Some(Loader::LocalCss);
                    waiting.push((found.clone(), local));
                    Target::File(found)
                }
                None => {
                    build.add_problem(missing(build, file, &specifier));
                    continue;
                }
            }
        };
        imports.push(Import { target, conditions });
    }
    let mut rules = parsed.rules;
    for (address, placeholder) in parsed.urls {
        let target = target(build, context, file, &address).await?;
        for quote in ["", "\""] {
            let from = format!("url({quote}{placeholder}{quote})");
            let to = serde_json::Value::String(target.clone());
            rules = rules.replace(&from, &format!("url({to})"));
        }
    }
    Ok(Sheet { imports, layers: parsed.layers, rules })
}

/// The address in the output of what a sheet names.
async fn target(
    build: &Build,
    context: &SharedLoadPluginContext,
    file: &Path,
    address: &str,
) -> anyhow::Result<String> {
    // `font.eot?#iefix` is the file `font.eot`.
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (path, rest) = address.split_at(end);
    let stays = path.is_empty() || is_address(address) || path.starts_with('/');
    if stays || build.is_external_file(path) {
        return Ok(address.to_owned());
    }
    let Some(found) = find(context, file, path).await? else {
        build.add_problem(missing(build, file, path));
        return Ok(address.to_owned());
    };
    context.add_watch_file(&found.to_string_lossy());
    let content = std::fs::read(&found)?;
    Ok(match build.loader(&found) {
        Some(Loader::File | Loader::Copy) => format!("{}{rest}", build.pass_on(&found, content)),
        Some(Loader::DataUrl) => {
            use base64::Engine;
            let kind = mime_guess::from_path(&found).first_or_octet_stream();
            let text = base64::engine::general_purpose::STANDARD.encode(content);
            format!("data:{kind};base64,{text}")
        }
        Some(Loader::Empty) => String::new(),
        _ => {
            build.add_problem(problem::no_loader(&build.root, &found));
            String::new()
        }
    })
}

/// The file that an import of a sheet means: beside the sheet, or of a package.
async fn find(
    context: &SharedLoadPluginContext,
    file: &Path,
    specifier: &str,
) -> anyhow::Result<Option<PathBuf>> {
    let folder = file.parent().unwrap_or(file);
    let beside = folder.join(specifier);
    if beside.is_file() {
        return Ok(Some(beside.canonicalize()?));
    }
    // `~package/x.css` is an old way to write it.
    let specifier = specifier.strip_prefix('~').unwrap_or(specifier);
    let found = context.resolve(specifier, file.to_str(), None).await?;
    let path = found.ok().map(|found| PathBuf::from(found.id.as_str()));
    Ok(path.filter(|path| path.is_file()))
}

fn missing(build: &Build, file: &Path, specifier: &str) -> Problem {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let at = text.find(specifier).unwrap_or(0);
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    let name = file.strip_prefix(&build.root).unwrap_or(file).display().to_string();
    let near = crate::config::near_file(file.parent().unwrap_or(file), specifier);
    let message = format!("cannot find the file `{specifier}`{near}");
    problem::in_text(&name, &text, line, column, &message)
}

// ---- CSS modules -------------------------------------------------------------------------------

/// A sheet whose names are its own, and the module that tells them to the code.
fn renamed(build: &Build, file: &Path, text: &str) -> Option<(String, String)> {
    let pattern = if build.minify { "[hash]_[local]" } else { "[name]_[local]_[hash]" };
    let modules = css_modules::Config {
        pattern: css_modules::Pattern::parse(pattern).ok()?,
        ..css_modules::Config::default()
    };
    let sheet = parse(build, file, text, Some(modules))?;
    let printed: ToCssResult = sheet.to_css(PrinterOptions::default()).ok()?;
    let mut exports: Vec<(String, CssModuleExport)> =
        printed.exports.into_iter().flatten().collect();
    exports.sort_by(|a, b| a.0.cmp(&b.0));
    Some((printed.code, module(&exports)))
}

fn module(exports: &[(String, CssModuleExport)]) -> String {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut imports = String::new();
    let mut code = String::new();
    let mut object = String::new();
    for (index, (name, export)) in exports.iter().enumerate() {
        let mut value = quoted(&export.name);
        for (part, reference) in export.composes.iter().enumerate() {
            let other = match reference {
                CssModuleReference::Local { name } | CssModuleReference::Global { name } => {
                    quoted(name)
                }
                CssModuleReference::Dependency { name, specifier } => {
                    let from = quoted(specifier);
                    imports.push_str(&format!("import d{index}_{part} from {from};\n"));
                    format!("d{index}_{part}[{}]", quoted(name))
                }
            };
            value.push_str(&format!(" + \" \" + {other}"));
        }
        code.push_str(&format!("const c{index} = {value};\n"));
        object.push_str(&format!("{}: c{index},", quoted(name)));
        let is_word = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
            && !name.starts_with(|it: char| it.is_ascii_digit());
        if is_word && name != "default" {
            code.push_str(&format!("export {{ c{index} as {name} }};\n"));
        }
    }
    format!("{imports}{code}export default {{ {object} }};\n")
}

// ---- joining -----------------------------------------------------------------------------------

/// What is left to be put into the file, from its end to its start.
struct Joining<'s> {
    sheets: &'s HashMap<PathBuf, Arc<Sheet>>,
    seen: HashSet<(&'s Path, Vec<String>)>,
    /// The sheets that are being added: what imports one of them runs in a circle.
    open: Vec<&'s Path>,
    web: Vec<&'s str>,
    pieces: Vec<(&'s Path, Vec<String>, &'s str)>,
}

/// The rules of all sheets, in order, in one text.
pub fn joined<'s>(
    order: impl DoubleEndedIterator<Item = &'s Path>,
    sheets: &'s HashMap<PathBuf, Arc<Sheet>>,
    root: &Path,
    minify: bool,
) -> String {
    let mut joining = Joining {
        sheets,
        seen: HashSet::new(),
        open: Vec::new(),
        web: Vec::new(),
        pieces: Vec::new(),
    };
    // The last place counts: from the end, the first one does.
    for file in order.rev() {
        joining.add(file, &[]);
    }
    let mut text = String::new();
    for rule in joining.web.iter().rev() {
        text.push_str(rule);
        text.push('\n');
    }
    for (file, conditions, rules) in joining.pieces.iter().rev() {
        if rules.trim().is_empty() {
            continue;
        }
        if !minify {
            let name = file.strip_prefix(root).unwrap_or(file).display();
            text.push_str(&format!("/* {name} */\n"));
        }
        for condition in conditions {
            text.push_str(&format!("{condition} {{\n"));
        }
        text.push_str(rules.trim_end());
        text.push('\n');
        text.push_str(&"}\n".repeat(conditions.len()));
    }
    text
}

impl<'s> Joining<'s> {
    fn add(&mut self, file: &'s Path, conditions: &[String]) {
        let Some(sheet) = self.sheets.get(file) else { return };
        let goes_on = self.seen.len() < SHEETS_MAX && !self.open.contains(&file);
        if !goes_on || !self.seen.insert((file, conditions.to_vec())) {
            return;
        }
        self.open.push(file);
        self.pieces.push((file, conditions.to_vec(), &sheet.rules));
        for import in sheet.imports.iter().rev() {
            match &import.target {
                Target::File(file) => {
                    let all: Vec<String> =
                        conditions.iter().chain(&import.conditions).cloned().collect();
                    self.add(file, &all);
                }
                Target::Web(rule) if !self.web.contains(&rule.as_str()) => self.web.push(rule),
                Target::Web(_) => {}
            }
        }
        self.open.pop();
        self.pieces.push((file, conditions.to_vec(), &sheet.layers));
    }
}
