//! The certificates by which other servers are believed: Mozilla's list, or the file that
//! `SSL_CERT_FILE` names instead of it; those of `NODE_EXTRA_CA_CERTS` in addition. Read once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// A file of certificates is named in the environment and is of no use.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{variable} names {}, which has no certificates to trust: {reason}", file.display())]
pub struct TrustError {
    variable: &'static str,
    file: PathBuf,
    reason: String,
}

/// Whom to trust. The environment is read by the first call.
pub fn roots() -> Result<&'static RootCertStore, TrustError> {
    static ROOTS: OnceLock<Result<RootCertStore, TrustError>> = OnceLock::new();
    ROOTS.get_or_init(read).as_ref().map_err(Clone::clone)
}

fn named(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}

fn read() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    match named("SSL_CERT_FILE") {
        Some(file) => add(&mut roots, "SSL_CERT_FILE", Path::new(&file))?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    if let Some(file) = named("NODE_EXTRA_CA_CERTS") {
        add(&mut roots, "NODE_EXTRA_CA_CERTS", Path::new(&file))?;
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, variable: &'static str, file: &Path) -> Result<(), TrustError> {
    let bad = |reason: String| TrustError { variable, file: file.to_owned(), reason };
    let pem = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        // Bundles of systems have some that nobody can use; the others count.
        found += usize::from(roots.add(certificate).is_ok());
    }
    if found == 0 { Err(bad("it has none in PEM form".to_owned())) } else { Ok(()) }
}
