//! Modules of a party: one self-contained bundle under one name.
//!
//! The bundler has resolved every import, so the only thing an isolate may load is its own program.
//! A bundle of plain ASCII becomes an external string that all isolates of the party share; V8's
//! code cache is made by the first isolate and used by the others.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use deno_core::{
    FastString, ModuleLoadOptions, ModuleLoadReferrer, ModuleLoadResponse, ModuleLoader,
    ModuleSource, ModuleSourceCode, ModuleSpecifier, ModuleType, ResolutionKind,
    SourceCodeCacheInfo,
};
use deno_error::JsErrorBox;

/// The program of one party, ready to be evaluated in any number of isolates of the process.
pub struct PartySource {
    pub name: Arc<str>,
    specifier: ModuleSpecifier,
    code: Code,
    source_map: Option<Arc<str>>,
    /// V8 keeps scripts from its cache a secret from debuggers.
    cached: bool,
    cache: Mutex<Option<&'static [u8]>>,
    hash: u64,
}

enum Code {
    /// Leaked once per version of the program; isolates point to it instead of copying it.
    Ascii(&'static str),
    Unicode(Arc<str>),
}

impl PartySource {
    pub fn new(name: Arc<str>, code: &Arc<str>, source_map: Option<Arc<str>>) -> Self {
        let specifier = ModuleSpecifier::parse(&format!("houseparty:/party/{name}"))
            .unwrap_or_else(|_| unreachable!("party names are legal in a URL"));
        Self::with_specifier(name, specifier, code, source_map)
    }

    /// A program that debuggers know under `url` and that says, by `map_mark`, where its map is.
    pub fn debuggable(
        name: Arc<str>,
        code: &Arc<str>,
        source_map: Option<Arc<str>>,
        url: &str,
        map_mark: &str,
    ) -> Self {
        let Ok(specifier) = ModuleSpecifier::parse(url) else {
            return Self::new(name, code, source_map);
        };
        let code = format!("{code}\n//# sourceMappingURL={map_mark}").into();
        Self { cached: false, ..Self::with_specifier(name, specifier, &code, source_map) }
    }

    fn with_specifier(
        name: Arc<str>,
        specifier: ModuleSpecifier,
        code: &Arc<str>,
        source_map: Option<Arc<str>>,
    ) -> Self {
        let hash = {
            use std::hash::{Hash, Hasher};
            let mut hasher = std::hash::DefaultHasher::new();
            code.hash(&mut hasher);
            hasher.finish()
        };
        let code = if code.is_ascii() {
            Code::Ascii(Box::leak(code.to_string().into_boxed_str()))
        } else {
            Code::Unicode(code.clone())
        };
        Self { name, specifier, code, source_map, cached: true, cache: Mutex::new(None), hash }
    }

    pub fn specifier(&self) -> &ModuleSpecifier {
        &self.specifier
    }

    fn text(&self) -> FastString {
        match &self.code {
            Code::Ascii(code) => FastString::from_static(code),
            Code::Unicode(code) => FastString::from(code.clone()),
        }
    }
}

/// The loader of one isolate.
pub struct Loader {
    source: RefCell<Arc<PartySource>>,
}

impl Loader {
    pub fn new(source: Arc<PartySource>) -> Self {
        Self { source: RefCell::new(source) }
    }
}

impl ModuleLoader for Loader {
    fn resolve(
        &self,
        specifier: &str,
        _referrer: &str,
        _kind: ResolutionKind,
    ) -> deno_core::ModuleResolveResponse {
        let source = self.source.borrow();
        if specifier == source.specifier.as_str() {
            Ok(source.specifier.clone())
        } else {
            Err(JsErrorBox::type_error(format!(
                "Cannot import `{specifier}` at run time: everything a party imports must be \
                 known when it is bundled"
            )))
        }
    }

    fn load(
        &self,
        specifier: &ModuleSpecifier,
        _referrer: Option<&ModuleLoadReferrer>,
        _options: ModuleLoadOptions,
    ) -> ModuleLoadResponse {
        let source = self.source.borrow();
        let data = *source.cache.lock().unwrap_or_else(PoisonError::into_inner);
        ModuleLoadResponse::Sync(Ok(ModuleSource::new(
            ModuleType::JavaScript,
            ModuleSourceCode::String(source.text()),
            specifier,
            source
                .cached
                .then(|| SourceCodeCacheInfo { hash: source.hash, data: data.map(Cow::Borrowed) }),
        )))
    }

    fn code_cache_ready(
        &self,
        _specifier: ModuleSpecifier,
        _hash: u64,
        code_cache: &[u8],
    ) -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
        let source = self.source.borrow();
        let mut cache = source.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.is_none() {
            *cache = Some(Box::leak(code_cache.to_vec().into_boxed_slice()));
        }
        Box::pin(std::future::ready(()))
    }

    fn get_source_map(&self, file_name: &str) -> Option<Cow<'_, [u8]>> {
        let source = self.source.borrow();
        if file_name != source.specifier.as_str() {
            return None;
        }
        source.source_map.as_ref().map(|map| Cow::Owned(map.as_bytes().to_vec()))
    }
}
