//! What rolldown is told about client code: imports that stay, styles, files that are passed on.
//!
//! `Build` is what one build has gathered: style sheets by file, files to pass on, the graph of the
//! modules, problems. The plugin fills it while rolldown reads the modules; `client::bundle` takes
//! it out afterwards. A style sheet is an empty module for rolldown; its place in the order of
//! modules says where its rules belong.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rolldown::ModuleType;
use rolldown::plugin::{
    HookBuildEndArgs, HookLoadArgs, HookLoadOutput, HookLoadReturn, HookNoopReturn,
    HookResolveIdArgs, HookResolveIdOutput, HookResolveIdReturn, HookUsage, Plugin, PluginContext,
    SharedLoadPluginContext,
};
use rolldown_common::ResolvedExternal;
use rolldown_common::side_effects::HookSideEffects;

use super::loaders::{hashed_name, loader};
use super::style::{self, Sheet};
use crate::config::{ClientBuild, Config, Loader};
use crate::program::{Problem, problem};

/// What one build gathers.
#[derive(Debug)]
pub struct Build {
    pub root: PathBuf,
    wanted: ClientBuild,
    /// The folder of the output as browsers see it: `/dist/`.
    base: String,
    pub minify: bool,
    gathered: Mutex<Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    sheets: HashMap<PathBuf, Arc<Sheet>>,
    /// By the name of the output.
    files: BTreeMap<String, Bytes>,
    /// What each module imports, in order: first what it needs, then what it may load later.
    imports: HashMap<String, Vec<String>>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Build {
    pub fn new(config: &Config, wanted: &ClientBuild, outdir: &str, minify: bool) -> Self {
        let base = if outdir.is_empty() { "/".to_owned() } else { format!("/{outdir}/") };
        Self {
            root: config.root.clone(),
            wanted: wanted.clone(),
            base,
            minify,
            gathered: Mutex::default(),
        }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // Nothing is left half done under the lock.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn loader(&self, file: &Path) -> Option<Loader> {
        loader(&self.wanted.loader, file)
    }

    pub fn add_problem(&self, problem: Problem) {
        self.gathered().problems.push(problem);
    }

    pub fn add_warning(&self, warning: String) {
        let mut gathered = self.gathered();
        if !gathered.warnings.contains(&warning) {
            gathered.warnings.push(warning);
        }
    }

    pub fn sheet(&self, file: &Path) -> Option<Arc<Sheet>> {
        self.gathered().sheets.get(file).cloned()
    }

    pub fn add_sheet(&self, file: PathBuf, sheet: Sheet) {
        self.gathered().sheets.insert(file, Arc::new(sheet));
    }

    /// Passes a file on to the output and gives its address.
    pub fn pass_on(&self, file: &Path, content: Vec<u8>) -> String {
        let name = hashed_name(file, &content);
        let address = format!("{}{name}", self.base);
        self.gathered().files.insert(name, content.into());
        address
    }

    pub fn take_problems(&self) -> Vec<Problem> {
        std::mem::take(&mut self.gathered().problems)
    }

    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.gathered().warnings)
    }

    pub fn take_files(&self) -> BTreeMap<String, Bytes> {
        std::mem::take(&mut self.gathered().files)
    }

    /// The style sheet of an entry: all that its modules import, in the order in which they run.
    pub fn styles_of(&self, entry: &str) -> String {
        let gathered = self.gathered();
        let mut order = Vec::new();
        let mut seen = HashSet::new();
        let mut path = vec![(entry, 0)];
        seen.insert(entry);
        // Depth first with a stack of its own: chains of imports may be long.
        while let Some((module, next)) = path.pop() {
            let imports = gathered.imports.get(module).map_or(&[][..], Vec::as_slice);
            match imports.get(next) {
                Some(import) => {
                    path.push((module, next + 1));
                    if seen.insert(import) {
                        path.push((import, 0));
                    }
                }
                None => order.extend(gathered.sheets.get_key_value(Path::new(module))),
            }
        }
        let order = order.into_iter().map(|(file, _)| file.as_path());
        style::joined(order, &gathered.sheets, &self.root, self.minify)
    }

    /// Whether an import is left to the browser.
    fn is_external(&self, specifier: &str) -> bool {
        self.wanted.external.iter().any(|pattern| {
            fits(pattern, specifier)
                || (is_package(pattern)
                    && specifier.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('/')))
        })
    }

    pub fn is_external_file(&self, specifier: &str) -> bool {
        self.is_external(specifier) || !self.wanted.bundle
    }
}

fn is_package(pattern: &str) -> bool {
    !pattern.starts_with(['.', '/']) && !pattern.contains('*')
}

/// Whether a text is what a pattern says, in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    if rest.is_empty() {
        return true;
    }
    text.char_indices().any(|(at, _)| fits(rest, &text[at..]))
}

#[derive(Debug)]
pub struct ClientFiles {
    build: Arc<Build>,
}

impl ClientFiles {
    pub fn new(build: Arc<Build>) -> Self {
        Self { build }
    }

    fn stays(specifier: &str) -> HookResolveIdOutput {
        HookResolveIdOutput {
            external: Some(ResolvedExternal::Bool(true)),
            normalize_external_id: Some(false),
            ..HookResolveIdOutput::from_id(specifier)
        }
    }
}

/// Whether an import is an address that only a browser can follow.
pub fn is_address(specifier: &str) -> bool {
    let starts = ["http://", "https://", "//", "data:", "blob:"];
    starts.iter().any(|start| specifier.starts_with(start))
}

impl Plugin for ClientFiles {
    fn name(&self) -> Cow<'static, str> {
        "houseparty:client".into()
    }

    fn register_hook_usage(&self) -> HookUsage {
        HookUsage::ResolveId | HookUsage::Load | HookUsage::BuildEnd
    }

    async fn resolve_id(
        &self,
        _context: &PluginContext,
        args: &HookResolveIdArgs<'_>,
    ) -> HookResolveIdReturn {
        if args.is_entry || args.importer.is_none() {
            return Ok(None);
        }
        // What the bundler itself adds has names that no file has.
        let specifier = args.specifier;
        let of_the_bundler = specifier.starts_with('\0') || specifier.contains("@oxc-project");
        let stays = self.build.is_external_file(specifier) && !of_the_bundler;
        Ok((stays || is_address(specifier)).then(|| Self::stays(specifier)))
    }

    async fn load(
        &self,
        context: SharedLoadPluginContext,
        args: &HookLoadArgs<'_>,
    ) -> HookLoadReturn {
        let file = Path::new(args.id.split(['?', '#']).next().unwrap_or(args.id));
        if !file.is_absolute() {
            return Ok(None);
        }
        let code = match self.build.loader(file) {
            Some(Loader::Css) => style::load(&self.build, &context, file, false).await?,
            Some(Loader::LocalCss) => style::load(&self.build, &context, file, true).await?,
            Some(Loader::File) => {
                context.add_watch_file(&file.to_string_lossy());
                let address = self.build.pass_on(file, std::fs::read(file)?);
                format!("export default {};", serde_json::Value::String(address))
            }
            Some(_) => return Ok(None),
            None => {
                self.build.add_problem(problem::no_loader(&self.build.root, file));
                "export default null;".to_owned()
            }
        };
        Ok(Some(HookLoadOutput {
            code: code.into(),
            module_type: Some(ModuleType::Js),
            // An import for the sake of its rules counts, though nothing runs.
            side_effects: Some(HookSideEffects::True),
            ..HookLoadOutput::default()
        }))
    }

    async fn build_end(
        &self,
        context: &PluginContext,
        _args: Option<&HookBuildEndArgs<'_>>,
    ) -> HookNoopReturn {
        for id in context.get_module_ids() {
            let Some(module) = context.get_module_info(&id) else { continue };
            let all = module.imported_ids.iter().chain(&module.dynamically_imported_ids);
            let imports = all.map(|import| import.to_string()).collect();
            self.build.gathered().imports.insert(id.to_string(), imports);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_external_imports() {
        for (pattern, text, expected) in [
            ("react", "react", true),
            ("react", "react-dom", false),
            ("*.png", "./a/b.png", true),
            ("/fonts/*", "/fonts/a.woff", true),
            ("/fonts/*", "/font/a.woff", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        let wanted = ClientBuild { external: vec!["react".to_owned()], ..ClientBuild::default() };
        let build = Build {
            root: PathBuf::new(),
            wanted,
            base: String::new(),
            minify: false,
            gathered: Mutex::default(),
        };
        assert!(build.is_external("react/jsx-runtime") && !build.is_external("react-dom"));
    }
}
