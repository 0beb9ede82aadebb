//! `serve.build`: the code that a page loads, bundled by rolldown in the process (spec 7.4).
//!
//! The output is a list of files and where they belong below the served folder; nothing is written
//! to disk. Pages see what PartyKit's builds give them: `dist/client.js`, its chunks, `client.css`
//! for the styles that it imports (`style`), fonts and images under names with a hash (`plugin`,
//! `loaders`), and `PARTYKIT_HOST` replaced. rolldown bundles no CSS; that is lightningcss here.
//!
//! Called by the command line at start and after a change. A build gives all files or what is wrong,
//! with places, and the files to wait for; the files of the build before stay with whoever has them.

mod loaders;
mod plugin;
mod style;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rolldown::{
    AssetFilenamesOutputOption, Bundler, BundlerOptions, ChunkFilenamesOutputOption,
    CodeSplittingMode, InputItem, OutputFormat, Platform, RawMinifyOptions, ResolveOptions,
    SourceMapType, TsConfig,
};
use rolldown_common::Output;

use self::plugin::{Build, ClientFiles};
use super::problem::{self, Side};
use super::{BuildError, Problem};
use crate::config::{ClientBuild, ClientFormat, Config};

/// What a build of the client code gives.
#[derive(Debug, Clone, Default)]
pub struct ClientCode {
    /// By their path below the served folder, with `/`: `dist/client.js`.
    pub files: BTreeMap<String, Bytes>,
    /// Files whose change means that the client code must be built again.
    pub watch_files: Vec<PathBuf>,
    /// What a person should know though the build is good.
    pub warnings: Vec<String>,
}

impl ClientCode {
    /// What is new in here is style sheets alone: a page need not be loaded again.
    pub fn differs_in_styles_only(&self, old: &Self) -> bool {
        let is_style = |path: &str| path.ends_with(".css");
        let paths = self.files.keys().chain(old.files.keys());
        paths
            .filter(|path| self.files.get(*path) != old.files.get(*path))
            .all(|path| is_style(path))
    }
}

/// Builds the client code of a project; nothing if it has none. `public_host` is the source text
/// that `PARTYKIT_HOST` stands for; `minify` is what holds if the configuration does not say.
pub async fn build_client(
    config: &Config,
    public_host: &str,
    minify: bool,
) -> Result<Option<ClientCode>, BuildError> {
    let Some(wanted) = config.serve.as_ref().and_then(|serve| serve.build.as_ref()) else {
        return Ok(None);
    };
    let minify = wanted.minify.unwrap_or(minify);
    let entries = named(&wanted.entries);
    // One file per entry means that each is a build of its own.
    let groups: Vec<&[InputItem]> =
        if wanted.splitting { vec![&entries] } else { entries.chunks(1).collect() };
    let builds = groups.into_iter().map(|entries| {
        bundle(config, wanted, options(config, wanted, public_host, minify, entries), minify)
    });
    let mut code = ClientCode::default();
    let mut broken = BuildError::default();
    for outcome in futures::future::join_all(builds).await {
        match outcome {
            Ok(built) => {
                code.files.extend(built.files);
                code.watch_files.extend(built.watch_files);
                code.warnings.extend(built.warnings);
            }
            Err(error) => broken.add(error),
        }
    }
    if broken.problems.is_empty() {
        return Ok(Some(code));
    }
    broken.watch_files.extend(code.watch_files);
    Err(broken)
}

/// The entries by the name of their output: the path below the folder that all have in common.
fn named(entries: &[PathBuf]) -> Vec<InputItem> {
    let mut common = entries.first().and_then(|file| file.parent()).unwrap_or(Path::new(""));
    while !entries.iter().all(|file| file.starts_with(common)) {
        common = common.parent().unwrap_or(Path::new(""));
    }
    let item = |file: &PathBuf| InputItem {
        name: file.strip_prefix(common).ok().map(|inside| url_path(&inside.with_extension(""))),
        import: file.display().to_string(),
    };
    entries.iter().map(item).collect()
}

/// A relative path with `/` between its parts.
fn url_path(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

async fn bundle(
    config: &Config,
    wanted: &ClientBuild,
    options: BundlerOptions,
    minify: bool,
) -> Result<ClientCode, BuildError> {
    let outdir = url_path(&wanted.outdir);
    let build = Arc::new(Build::new(config, wanted, &outdir, minify));
    let plugin = ClientFiles::new(build.clone());
    let entries: Vec<PathBuf> = wanted.entries.clone();
    let mut bundler = match Bundler::with_plugins(options, vec![Arc::new(plugin)]) {
        Ok(bundler) => bundler,
        Err(error) => return Err(failure(config, entries, error.iter())),
    };
    let generated = bundler.generate().await;
    let read = bundler.watch_files().iter().map(|path| PathBuf::from(path.as_str()));
    let watch_files: Vec<PathBuf> =
        entries.into_iter().chain(read.filter(|path| path.is_absolute())).collect();
    let own_problems = build.take_problems();
    let output = match generated {
        Ok(output) if own_problems.is_empty() => output,
        Ok(_) => return Err(BuildError { problems: own_problems, watch_files }),
        Err(error) => {
            let mut broken = failure(config, watch_files, error.iter());
            broken.problems.extend(own_problems);
            return Err(broken);
        }
    };
    // A browser cannot load what is only a name.
    let unresolved = output.warnings.iter().filter(|warning| problem::is_unresolved(warning));
    let broken = failure(config, watch_files, unresolved);
    if !broken.problems.is_empty() {
        return Err(broken);
    }
    let watch_files = broken.watch_files;
    let place = |name: &str| match outdir.is_empty() {
        true => name.to_owned(),
        false => format!("{outdir}/{name}"),
    };
    let mut files: BTreeMap<String, Bytes> = BTreeMap::new();
    for asset in &output.assets {
        let content = Bytes::copy_from_slice(asset.content_as_bytes());
        files.insert(place(asset.filename()), content);
        if let Output::Chunk(chunk) = asset
            && let Some(entry) = chunk.facade_module_id.as_ref().filter(|_| chunk.is_entry)
        {
            let styles = build.styles_of(entry.as_str());
            if !styles.is_empty() {
                let name = Path::new(asset.filename()).with_extension("css");
                files.insert(place(&url_path(&name)), styles.into());
            }
        }
    }
    for (name, content) in build.take_files() {
        files.insert(place(&name), content);
    }
    Ok(ClientCode { files, watch_files, warnings: build.take_warnings() })
}

fn failure<'p>(
    config: &Config,
    mut watch_files: Vec<PathBuf>,
    found: impl IntoIterator<Item = &'p rolldown_error::BuildDiagnostic>,
) -> BuildError {
    let mut problems: Vec<Problem> = Vec::new();
    for found in found {
        problems.push(problem::told(&config.root, Side::Client, found));
        watch_files.extend(problem::hoped_for(&config.root, found));
    }
    BuildError { problems, watch_files }
}

fn options(
    config: &Config,
    wanted: &ClientBuild,
    public_host: &str,
    minify: bool,
    entries: &[InputItem],
) -> BundlerOptions {
    let mode = if minify { "\"production\"" } else { "\"development\"" };
    let mut define = vec![
        ("PARTYKIT_HOST".to_owned(), public_host.to_owned()),
        ("process.env.NODE_ENV".to_owned(), mode.to_owned()),
    ];
    for (name, value) in config.define.iter().chain(&wanted.define) {
        define.retain(|(known, _)| known != name);
        define.push((name.clone(), value.clone()));
    }
    let names = |pattern: &str| Some(ChunkFilenamesOutputOption::String(pattern.to_owned()));
    BundlerOptions {
        input: Some(entries.to_vec()),
        cwd: Some(config.root.clone()),
        // Only names: nothing is written.
        dir: Some(wanted.outdir.display().to_string()),
        platform: Some(Platform::Browser),
        format: Some(match wanted.format {
            ClientFormat::Esm => OutputFormat::Esm,
            ClientFormat::Cjs => OutputFormat::Cjs,
            ClientFormat::Iife => OutputFormat::Iife,
        }),
        entry_filenames: names("[name].js"),
        chunk_filenames: names("[name]-[hash].js"),
        asset_filenames: Some(AssetFilenamesOutputOption::String(
            "[name]-[hash][extname]".to_owned(),
        )),
        sourcemap: wanted.sourcemap.then_some(SourceMapType::File),
        code_splitting: Some(CodeSplittingMode::Bool(wanted.splitting)),
        minify: Some(RawMinifyOptions::Bool(minify)),
        define: Some(define.into_iter().collect()),
        module_types: Some(loaders::module_types(&wanted.loader).into_iter().collect()),
        tsconfig: Some(TsConfig::Auto(true)),
        resolve: Some(ResolveOptions {
            alias: Some(super::bundle::aliases(&config.root, &wanted.alias)),
            ..ResolveOptions::default()
        }),
        ..BundlerOptions::default()
    }
}
