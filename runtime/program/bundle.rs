//! One party entry → one module, by rolldown in the process.
//!
//! Resolution follows PartyKit's bundler: browser main fields, the conditions `partykit`, `workerd`,
//! `worker` (B-01), `tsconfig.json` for paths, JSX and decorators (B-02), loaders by extension (B-04).
//! Dynamic imports are inlined, so that an isolate never loads anything at run time.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rolldown::plugin::{
    HookLoadArgs, HookLoadOutput, HookLoadReturn, HookResolveIdArgs, HookResolveIdOutput,
    HookResolveIdReturn, HookUsage, Plugin, PluginContext, SharedLoadPluginContext,
};
use rolldown::{
    Bundler, BundlerOptions, CodeSplittingMode, InputItem, ModuleType, OutputFormat, Platform,
    RawMinifyOptions, ResolveOptions, SourceMapType, TsConfig,
};

use super::{BuildError, PartyCode, builtins};
use crate::config::Config;

/// Marks modules that no file answers for.
const VIRTUAL: &str = "\0houseparty:";

/// What is prepended to every party: the globals that PartyKit injects (B-19).
const PRELUDE: &str = "houseparty-prelude";

pub async fn bundle(
    config: &Config,
    public_host: &str,
    name: Arc<str>,
    file: PathBuf,
) -> Result<PartyCode, BuildError> {
    let options = options(config, public_host, &file);
    let plugin = HostModules { prelude: prelude(config) };
    let mut bundler =
        Bundler::with_plugins(options, vec![Arc::new(plugin)]).map_err(|error| told(&error))?;
    let output = bundler.generate().await.map_err(|error| told(&error))?;
    let chunk = output.assets.iter().find_map(|asset| match asset {
        rolldown_common::Output::Chunk(chunk) if chunk.is_entry => Some(chunk),
        _ => None,
    });
    let Some(chunk) = chunk else {
        return Err(BuildError(vec![format!("{}: the bundle has no entry", file.display())]));
    };
    if !chunk.exports.iter().any(|export| export.as_str() == "default") {
        return Err(BuildError(vec![format!(
            "{}: no default export. A party exports a class or an object with its handlers: \
             `export default class Server implements Party.Server {{ … }}`",
            file.display()
        )]));
    }
    let watch_files = bundler
        .watch_files()
        .iter()
        .map(|path| PathBuf::from(path.as_str()))
        .filter(|path| path.is_absolute())
        .collect();
    Ok(PartyCode {
        name,
        file,
        code: chunk.code.as_str().into(),
        source_map: chunk.map.as_ref().map(|map| map.to_json_string().into()),
        watch_files,
    })
}

fn told(
    error: &(impl std::ops::Deref<Target = Vec<rolldown_error::BuildDiagnostic>> + ?Sized),
) -> BuildError {
    BuildError(
        error.iter().map(|problem| problem.to_diagnostic().convert_to_string(false)).collect(),
    )
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
    for extension in ["txt", "html", "svg", "css", "md", "graphql", "gql", "sql", "xml"] {
        module_types.push((extension.to_owned(), ModuleType::Text));
    }
    let strings = |list: &[&str]| Some(list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    BundlerOptions {
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
            alias: Some(
                config
                    .alias
                    .iter()
                    .map(|(from, to)| {
                        let target = if to.starts_with('.') {
                            config.root.join(to).display().to_string()
                        } else {
                            to.clone()
                        };
                        (from.clone(), vec![Some(target)])
                    })
                    .collect(),
            ),
            condition_names: strings(&["partykit", "workerd", "worker", "browser"]),
            main_fields: strings(&["browser", "module", "main"]),
            ..ResolveOptions::default()
        }),
        ..BundlerOptions::default()
    }
}

/// Globals PartyKit injects: `process` with the environment, `global` (B-19, C-17).
fn prelude(config: &Config) -> String {
    let env = serde_json::to_string(&config.process_env).unwrap_or_else(|_| "{}".to_owned());
    format!(
        "globalThis.global ??= globalThis;\n\
         globalThis.process ??= {{\n\
         \x20 env: {env}, argv: [], version: '', versions: {{}}, platform: 'linux', browser: false,\n\
         \x20 cwd: () => '/', nextTick: (f, ...args) => queueMicrotask(() => f(...args)),\n\
         \x20 on() {{ return this; }}, once() {{ return this; }}, off() {{ return this; }},\n\
         \x20 emitWarning(warning) {{ console.warn(warning); }},\n\
         }};\n"
    )
}

/// Answers what no file does, and loads what rolldown has no loader for.
#[derive(Debug)]
struct HostModules {
    prelude: String,
}

impl HostModules {
    /// The source of a binary file as a module.
    fn binary(path: &str) -> anyhow::Result<Option<String>> {
        let file = path.split('?').next().unwrap_or(path);
        let wrap = match Path::new(file).extension().and_then(|extension| extension.to_str()) {
            Some("wasm") => "new WebAssembly.Module(bytes)",
            Some("bin") => "bytes.buffer",
            _ => return Ok(None),
        };
        let bytes = std::fs::read(file)?;
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        Ok(Some(format!(
            "const bytes = Uint8Array.fromBase64(\"{text}\");\nexport default {wrap};\n"
        )))
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
        if specifier == PRELUDE {
            return Ok(Some(HookResolveIdOutput::from_id(format!("{VIRTUAL}{PRELUDE}"))));
        }
        if args.is_entry {
            return Ok(Some(HookResolveIdOutput::from_id(format!("{VIRTUAL}entry:{specifier}"))));
        }
        // `x.wasm?module` is the file itself.
        if let Some((file, _)) = specifier.split_once("?module") {
            let resolved = context.resolve(file, args.importer, None).await?;
            if let Ok(resolved) = resolved {
                return Ok(Some(HookResolveIdOutput::from_resolved_id(resolved)));
            }
        }
        if builtins::virtual_module(specifier).is_none() {
            return Ok(None);
        }
        // An installed package of that name wins, except over Node's own modules.
        if !specifier.starts_with("node:") && !specifier.starts_with("cloudflare:") {
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
        Ok(Some(HookResolveIdOutput::from_id(format!("{VIRTUAL}{specifier}"))))
    }

    async fn load(
        &self,
        _context: SharedLoadPluginContext,
        args: &HookLoadArgs<'_>,
    ) -> HookLoadReturn {
        let code = if let Some(specifier) = args.id.strip_prefix(VIRTUAL) {
            if specifier == PRELUDE {
                Some(self.prelude.clone())
            } else if let Some(entry) = specifier.strip_prefix("entry:") {
                let path = serde_json::Value::String(entry.to_owned());
                Some(format!(
                    "import \"{PRELUDE}\";\nexport * from {path};\nexport {{ default }} from {path};\n"
                ))
            } else {
                builtins::virtual_module(specifier)
            }
        } else {
            Self::binary(args.id)?
        };
        Ok(code.map(|code| HookLoadOutput {
            code: code.into(),
            module_type: Some(ModuleType::Js),
            ..Default::default()
        }))
    }
}
