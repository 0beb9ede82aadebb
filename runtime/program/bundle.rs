//! One party entry → one module, by rolldown in the process.
//!
//! Resolution follows PartyKit's bundler: browser main fields, the conditions `partykit`, `workerd`,
//! `worker` (B-01), `tsconfig.json` for paths, JSX and decorators (B-02), loaders by extension (B-04).
//! Dynamic imports are inlined, so that an isolate never loads anything at run time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rolldown::plugin::{
    HookLoadArgs, HookLoadOutput, HookLoadReturn, HookResolveIdArgs, HookResolveIdOutput,
    HookResolveIdReturn, HookUsage, Plugin, PluginContext, SharedLoadPluginContext,
};
use rolldown::{
    Bundler, BundlerOptions, CodeSplittingMode, InjectImport, InputItem, ModuleType, OutputFormat,
    Platform, RawMinifyOptions, ResolveOptions, SourceMapType, TsConfig,
};

use super::builtins::{self, Importer};
use super::problem::{self, Problem, Side};
use super::{BuildError, PartyCode, files};
use crate::config::Config;

/// Marks modules that no file answers for. Not rolldown's own mark, `\0`: such modules get no source
/// map, and without one a stack would blame the party's first file.
const VIRTUAL: &str = "houseparty:";

/// Marks the module that makes a party of a file.
pub const ENTRY: &str = "houseparty:entry:";

/// Marks Node's modules and their like; sources of js/node that only others import have no mark.
const MODULE: &str = "houseparty:module:";

pub async fn bundle(
    config: &Config,
    public_host: &str,
    name: Arc<str>,
    file: PathBuf,
) -> Result<PartyCode, BuildError> {
    let options = options(config, public_host, &file);
    let plugin = HostModules {
        prelude: builtins::prelude(&config.process_env),
        aliases: config.alias.keys().cloned().collect(),
    };
    let mut bundler = match Bundler::with_plugins(options, vec![Arc::new(plugin)]) {
        Ok(bundler) => bundler,
        Err(error) => return Err(failure(config, &file, vec![file.clone()], error.iter())),
    };
    let generated = bundler.generate().await;
    let watch_files = watch_files(&bundler, &file);
    let output = match generated {
        Ok(output) => output,
        Err(error) => return Err(failure(config, &file, watch_files, error.iter())),
    };
    // Rolldown would leave these to whoever runs the bundle; there is nobody who could answer.
    let unresolved = output.warnings.iter().filter(|warning| problem::is_unresolved(warning));
    let broken = failure(config, &file, watch_files, unresolved);
    if !broken.problems.is_empty() {
        return Err(broken);
    }
    let watch_files = broken.watch_files;
    let chunk = output.assets.into_iter().find_map(|asset| match asset {
        rolldown_common::Output::Chunk(chunk) if chunk.is_entry => Some(chunk),
        _ => None,
    });
    let Some(chunk) = chunk else {
        let text = format!("{}: the bundle has no entry", file.display());
        let problems = vec![Problem::of(text)];
        return Err(BuildError { problems, watch_files });
    };
    Ok(PartyCode {
        name,
        file,
        code: chunk.code.as_str().into(),
        source_map: chunk.map.as_ref().and_then(|map| placed(&map.to_json_string(), &config.root)),
        watch_files,
    })
}

/// Every file that was read so far, also by a build that failed.
fn watch_files(bundler: &Bundler, file: &Path) -> Vec<PathBuf> {
    let read = bundler.watch_files().iter().map(|path| PathBuf::from(path.as_str()));
    std::iter::once(file.to_owned()).chain(read.filter(|path| path.is_absolute())).collect()
}

fn failure<'p>(
    config: &Config,
    file: &Path,
    mut watch_files: Vec<PathBuf>,
    found: impl IntoIterator<Item = &'p rolldown_error::BuildDiagnostic>,
) -> BuildError {
    let mut problems = Vec::new();
    for found in found {
        problems.push(problem::told(&config.root, Side::Party(file), found));
        watch_files.extend(problem::hoped_for(&config.root, found));
    }
    BuildError { problems, watch_files }
}

/// A source map whose sources are named by their path in the project, as addresses that stack traces
/// can carry: `houseparty:/src/server.ts`.
fn placed(map: &str, root: &Path) -> Option<Arc<str>> {
    let mut map: serde_json::Value = serde_json::from_str(map).ok()?;
    for source in map.get_mut("sources")?.as_array_mut()? {
        let Some(name) = source.as_str() else { continue };
        // They are relative to the folder into which the bundle would be written.
        let mut path = root.join("dist");
        for part in Path::new(name).components() {
            match part {
                std::path::Component::ParentDir => drop(path.pop()),
                std::path::Component::CurDir => {}
                part => path.push(part),
            }
        }
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        *source = format!("houseparty:/{}", shown.trim_start_matches('/')).into();
    }
    Some(map.to_string().into())
}

fn options(config: &Config, public_host: &str, file: &Path) -> BundlerOptions {
    let text = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut define = vec![
        ("PARTYKIT_HOST".to_owned(), text(public_host)),
        ("PARTYKIT_API_BASE".to_owned(), text(&format!("http://{public_host}"))),
        ("process.env.NODE_ENV".to_owned(), text("development")),
    ];
    for (name, value) in &config.define {
        define.retain(|(known, _)| known != name);
        define.push((name.clone(), value.clone()));
    }
    let mut module_types: Vec<(String, ModuleType)> = Vec::new();
    for extension in files::TEXT {
        module_types.push((extension.to_owned(), ModuleType::Text));
    }
    let strings = |list: &[&str]| Some(list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    // `Buffer` is imported where it is mentioned (B-19).
    let buffer = InjectImport::named("Buffer".to_owned(), None, "node:buffer".to_owned());
    BundlerOptions {
        inject: Some(vec![buffer]),
        input: Some(vec![InputItem {
            name: Some("party".to_owned()),
            import: file.display().to_string(),
        }]),
        cwd: Some(config.root.clone()),
        platform: Some(Platform::Browser),
        format: Some(OutputFormat::Esm),
        sourcemap: Some(SourceMapType::Hidden),
        code_splitting: Some(CodeSplittingMode::Bool(false)),
        minify: Some(RawMinifyOptions::Bool(config.minify)),
        define: Some(define.into_iter().collect()),
        module_types: Some(module_types.into_iter().collect()),
        tsconfig: Some(TsConfig::Auto(true)),
        resolve: Some(ResolveOptions {
            alias: Some(aliases(&config.root, &config.alias)),
            condition_names: strings(&["partykit", "workerd", "worker", "browser"]),
            main_fields: strings(&["browser", "module", "main"]),
            ..ResolveOptions::default()
        }),
        ..BundlerOptions::default()
    }
}

/// Aliases as the resolver takes them; those of files are relative to the project.
pub fn aliases(
    root: &Path,
    aliases: &BTreeMap<String, String>,
) -> Vec<(String, Vec<Option<String>>)> {
    let target = |to: &String| match to.starts_with('.') {
        true => root.join(to).display().to_string(),
        false => to.clone(),
    };
    aliases.iter().map(|(from, to)| (from.clone(), vec![Some(target(to))])).collect()
}

/// The module that a party starts with: what is injected, then the party's own file.
fn entry(file: &str) -> String {
    let path = serde_json::Value::String(file.to_owned());
    let prelude = builtins::PRELUDE;
    format!("import \"{prelude}\";\nexport * from {path};\nexport {{ default }} from {path};\n")
}

/// Answers what no file does, and loads what rolldown has no loader for.
#[derive(Debug)]
struct HostModules {
    prelude: String,
    /// What the project resolves by itself (`build.alias`).
    aliases: Vec<String>,
}

impl HostModules {
    /// The source of a file that rolldown has no loader for.
    fn special(context: &SharedLoadPluginContext, path: &str) -> anyhow::Result<Option<String>> {
        let file = Path::new(path.split('?').next().unwrap_or(path));
        if file.is_absolute() && files::is_special(file) {
            context.add_watch_file(&file.display().to_string());
            return files::module(file).map(Some);
        }
        Ok(None)
    }
}

impl Plugin for HostModules {
    fn name(&self) -> Cow<'static, str> {
        "houseparty".into()
    }

    fn register_hook_usage(&self) -> HookUsage {
        HookUsage::ResolveId | HookUsage::Load
    }

    async fn resolve_id(
        &self,
        context: &PluginContext,
        args: &HookResolveIdArgs<'_>,
    ) -> HookResolveIdReturn {
        let specifier = args.specifier;
        if args.is_entry {
            return Ok(Some(HookResolveIdOutput::from_id(format!("{ENTRY}{specifier}"))));
        }
        let importer = match args.importer {
            Some(importer) if importer.starts_with(VIRTUAL) => Importer::Host,
            _ => Importer::Party,
        };
        if specifier == builtins::PRELUDE && importer == Importer::Host {
            return Ok(Some(HookResolveIdOutput::from_id(specifier)));
        }
        // `x.wasm?module` is the file itself.
        if let Some((file, _)) = specifier.split_once("?module") {
            let resolved = context.resolve(file, args.importer, None).await?;
            if let Ok(resolved) = resolved {
                return Ok(Some(HookResolveIdOutput::from_resolved_id(resolved)));
            }
        }
        let aliased = importer == Importer::Party && self.aliases.iter().any(|a| a == specifier);
        if aliased || builtins::virtual_module(specifier, importer).is_none() {
            return Ok(None);
        }
        if builtins::gives_way(specifier) {
            let skip = rolldown::plugin::PluginContextResolveOptions {
                skip_self: true,
                ..Default::default()
            };
            if let Ok(Ok(resolved)) = context.resolve(specifier, args.importer, Some(skip)).await
                && Path::new(resolved.id.as_str()).is_absolute()
            {
                return Ok(Some(HookResolveIdOutput::from_resolved_id(resolved)));
            }
        }
        if specifier.starts_with(VIRTUAL) {
            return Ok(Some(HookResolveIdOutput::from_id(specifier)));
        }
        // `fs` and `node:fs` are one module.
        let name = specifier.strip_prefix("node:").unwrap_or(specifier);
        Ok(Some(HookResolveIdOutput::from_id(format!("{MODULE}{name}"))))
    }

    async fn load(
        &self,
        context: SharedLoadPluginContext,
        args: &HookLoadArgs<'_>,
    ) -> HookLoadReturn {
        let code: Option<Cow<'static, str>> = if args.id == builtins::PRELUDE {
            Some(self.prelude.clone().into())
        } else if let Some(file) = args.id.strip_prefix(ENTRY) {
            Some(entry(file).into())
        } else if let Some(name) = args.id.strip_prefix(MODULE) {
            builtins::virtual_module(name, Importer::Host)
        } else if args.id.starts_with(VIRTUAL) {
            builtins::virtual_module(args.id, Importer::Host)
        } else {
            Self::special(&context, args.id)?.map(Cow::Owned)
        };
        Ok(code.map(|code| HookLoadOutput {
            code: code.as_ref().into(),
            module_type: Some(ModuleType::Js),
            ..Default::default()
        }))
    }
}
