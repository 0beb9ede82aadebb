//! What `serve.build` asks for: client code that is bundled and served with the asset folder.
//!
//! Read by `schema/serve.rs`, honoured by `program/client`. Plain data; nothing is looked up here.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// `serve.build`, with PartyKit's defaults filled in (B-35).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientBuild {
    /// Files that exist.
    pub entries: Vec<PathBuf>,
    /// The folder of the output, inside of the folder that is served; as components from there.
    pub outdir: PathBuf,
    /// Whether imports become part of the output.
    pub bundle: bool,
    /// Whether shared and dynamically imported code gets files of its own.
    pub splitting: bool,
    pub sourcemap: bool,
    pub format: ClientFormat,
    /// Nothing said means: for `start`, not for `dev`.
    pub minify: Option<bool>,
    /// Imports that are left as they are; `*` stands for anything.
    pub external: Vec<String>,
    pub alias: BTreeMap<String, String>,
    pub define: BTreeMap<String, String>,
    /// By extension, with its dot.
    pub loader: BTreeMap<String, Loader>,
    /// Pages reload when the client code changes (K-17).
    pub live: bool,
}

impl Default for ClientBuild {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            outdir: "dist".into(),
            bundle: true,
            splitting: true,
            sourcemap: true,
            format: ClientFormat::Esm,
            minify: None,
            external: Vec::new(),
            alias: BTreeMap::new(),
            define: BTreeMap::new(),
            loader: BTreeMap::new(),
            live: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFormat {
    Esm,
    Cjs,
    Iife,
}

/// How the content of a file becomes a module (C-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loader {
    Base64,
    Binary,
    Copy,
    Css,
    DataUrl,
    Default,
    Empty,
    File,
    Js,
    Json,
    Jsx,
    LocalCss,
    Text,
    Ts,
    Tsx,
}

impl Loader {
    /// Every loader by its name.
    pub const ALL: [(&str, Loader); 15] = [
        ("base64", Loader::Base64),
        ("binary", Loader::Binary),
        ("copy", Loader::Copy),
        ("css", Loader::Css),
        ("dataurl", Loader::DataUrl),
        ("default", Loader::Default),
        ("empty", Loader::Empty),
        ("file", Loader::File),
        ("js", Loader::Js),
        ("json", Loader::Json),
        ("jsx", Loader::Jsx),
        ("local-css", Loader::LocalCss),
        ("text", Loader::Text),
        ("ts", Loader::Ts),
        ("tsx", Loader::Tsx),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, loader)| *loader)
    }
}
