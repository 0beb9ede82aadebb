//! The certificate of a port with HTTPS: one that the operator names, or one that signs itself.
//!
//! Used by `serve` for `--https`. A self-signed certificate is made once and kept beside the
//! project's state, so that a browser that was told to trust it still does tomorrow; it is made
//! anew when it ends or does not name the address we listen on. One of the operator's own is read
//! again when its files change (certificates live for weeks, hosts for months).
//!
//! Failure: a file that is missing, is no PEM, does not fit the other or has expired is an error of
//! the start that names the file and what to do. Once the host runs, the certificate from before
//! stays in use and the operator is told.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, Utc};
use clap::Args;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// How long a self-signed certificate is good, in days: what browsers put up with.
const SELF_SIGNED_DAYS: i64 = 397;

/// A self-signed certificate that ends sooner than this is made anew, in seconds: the host may run
/// for a while.
const RENEW_BEFORE: i64 = 30 * 24 * 3600;

/// Below the project's `.partykit`.
const FOLDER: &str = "https";

#[derive(Debug, Clone, Args)]
pub struct TlsArgs {
    /// Serve https and wss, with a self-signed certificate unless one is named
    #[arg(long)]
    https: bool,
    /// A certificate in PEM, its chain behind it; means --https
    #[arg(long, value_name = "FILE", requires = "https_key_path")]
    https_cert_path: Option<PathBuf>,
    /// The certificate's private key in PEM
    #[arg(long, value_name = "FILE", requires = "https_cert_path")]
    https_key_path: Option<PathBuf>,
}

impl TlsArgs {
    /// The certificate that is asked for, if any.
    pub fn source(&self, project: &Path, host: IpAddr) -> Option<Source> {
        match (&self.https_cert_path, &self.https_key_path) {
            (Some(certificate), Some(key)) => {
                Some(Source::Files { certificate: certificate.clone(), key: key.clone() })
            }
            _ if self.https => Some(Source::self_signed(project, host)),
            _ => None,
        }
    }
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// Kept in this folder; names this address besides the machine's own.
    SelfSigned {
        folder: PathBuf,
        host: IpAddr,
    },
}

impl Source {
    pub fn self_signed(project: &Path, host: IpAddr) -> Self {
        Self::SelfSigned { folder: project.join(".partykit").join(FOLDER), host }
    }
}

pub struct Certificate {
    pub config: Arc<ServerConfig>,
    current: Arc<Current>,
    /// The files to look at, and how they were when they were read.
    files: Option<(PathBuf, PathBuf, Stamp)>,
    self_signed: bool,
}

type Stamp = [Option<(SystemTime, u64)>; 2];

/// The certificate that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

impl Certificate {
    /// The certificate, and what the operator should know about it.
    pub fn load(source: &Source) -> anyhow::Result<(Self, Option<String>)> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (key, files, note) = match source {
            Source::Files { certificate, key } => {
                let stamp = stamp(certificate, key);
                let pair = read(certificate, key, &provider)?;
                (pair, Some((certificate.clone(), key.clone(), stamp)), None)
            }
            Source::SelfSigned { folder, host } => {
                let (pair, note) = self_signed(folder, *host, &provider)?;
                (pair, None, note)
            }
        };
        let current = Arc::new(Current(RwLock::new(Arc::new(key))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("cannot set up TLS")?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let self_signed = matches!(source, Source::SelfSigned { .. });
        Ok((Self { config: Arc::new(config), current, files, self_signed }, note))
    }

    /// SHA-256 of the certificate as browsers show it, if nobody else vouches for it.
    pub fn fingerprint(&self) -> Option<String> {
        if !self.self_signed {
            return None;
        }
        let hash = Sha256::digest(self.current.get().cert.first()?);
        let digits: Vec<String> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        Some(digits.join(":"))
    }

    /// Reads the files again if they have changed: whether there is a new certificate now.
    pub fn refresh(&mut self) -> anyhow::Result<bool> {
        let Some((certificate, key, seen)) = &mut self.files else { return Ok(false) };
        let now = stamp(certificate, key);
        if now == *seen {
            return Ok(false);
        }
        // Told once, whatever comes of it.
        *seen = now;
        let pair = read(certificate, key, self.config.crypto_provider())?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
        Ok(true)
    }
}

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|path| {
        let about = fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

/// A certificate and its key, checked.
fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let chain = read_chain(certificate)?;
    let secret = read_key(key)?;
    let (shown, key_shown) = (certificate.display(), key.display());
    let pair = CertifiedKey::from_der(chain, secret, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => anyhow::anyhow!(
            "the key in {key_shown} does not belong to the certificate in {shown}. Name the pair \
             that was made together; if the certificate's file holds a chain, the server's own \
             comes first"
        ),
        error => anyhow::anyhow!("cannot use the key in {key_shown} with {shown}: {error}"),
    })?;
    let life = Life::of(&pair).with_context(|| format!("cannot read {shown}"))?;
    let now = Utc::now().timestamp();
    if now > life.end {
        bail!("the certificate in {shown} expired on {}. Renew it", date(life.end));
    }
    if now < life.start {
        let start = date(life.start);
        bail!("the certificate in {shown} is not valid before {start}. Is the clock right?");
    }
    Ok(pair)
}

fn read_chain(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let shown = path.display();
    let text = fs::read(path).with_context(|| format!("cannot read the certificate {shown}"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.with_context(|| format!("{shown} is no certificate in PEM"))?;
    if chain.is_empty() {
        let hint = if PrivateKeyDer::from_pem_slice(&text).is_ok() {
            "it is a key: are --https-cert-path and --https-key-path exchanged?"
        } else {
            "a PEM file begins with -----BEGIN CERTIFICATE-----"
        };
        bail!("there is no certificate in {shown}; {hint}");
    }
    Ok(chain)
}

fn read_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let shown = path.display();
    let text = fs::read(path).with_context(|| format!("cannot read the key {shown}"))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let holds = |words: &str| String::from_utf8_lossy(&text).contains(words);
        if holds("ENCRYPTED") {
            anyhow::anyhow!(
                "the key in {shown} is locked with a passphrase. Unlock it with \
                 `openssl pkey -in {shown} -out key.pem`"
            )
        } else if holds("BEGIN CERTIFICATE") {
            anyhow::anyhow!(
                "there is no key in {shown}; it is a certificate: are --https-key-path and \
                 --https-cert-path exchanged?"
            )
        } else {
            anyhow::anyhow!(
                "there is no private key in {shown}; a PEM file begins with \
                 -----BEGIN PRIVATE KEY-----"
            )
        }
    })
}

/// When a certificate is valid, in seconds since 1970.
struct Life {
    start: i64,
    end: i64,
}

impl Life {
    fn of(pair: &CertifiedKey) -> anyhow::Result<Self> {
        let first = pair.cert.first().context("the chain is empty")?;
        let (_, parsed) = X509Certificate::from_der(first)?;
        let validity = parsed.validity();
        Ok(Self { start: validity.not_before.timestamp(), end: validity.not_after.timestamp() })
    }
}

fn date(seconds: i64) -> String {
    let date = DateTime::from_timestamp(seconds, 0);
    date.map_or_else(|| seconds.to_string(), |date| date.format("%Y-%m-%d").to_string())
}

/// The certificate that is kept in `folder`, or a new one.
fn self_signed(
    folder: &Path,
    host: IpAddr,
    provider: &CryptoProvider,
) -> anyhow::Result<(CertifiedKey, Option<String>)> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    if !host.is_unspecified() && !names.contains(&host.to_string()) {
        names.push(host.to_string());
    }
    if let Ok(pair) = read(&certificate, &key, provider) {
        let named = names_of(&pair);
        let fresh = Life::of(&pair)?.end > Utc::now().timestamp() + RENEW_BEFORE;
        if fresh && names.iter().all(|name| named.contains(name)) {
            return Ok((pair, None));
        }
        names.extend(named);
    }
    names.sort_unstable();
    names.dedup();
    let (made, secret) = make(names).context("cannot make a certificate")?;
    let note = match keep(folder, &[(&certificate, &made, 0o644), (&key, &secret, 0o600)]) {
        Ok(()) => None,
        Err(error) => Some(format!(
            "cannot keep the certificate in {}: {error}. The next start makes another",
            folder.display()
        )),
    };
    let chain = vec![CertificateDer::from_pem_slice(made.as_bytes())?];
    let secret = PrivateKeyDer::from_pem_slice(secret.as_bytes())?;
    Ok((CertifiedKey::from_der(chain, secret, provider)?, note))
}

/// Whom a certificate is for.
fn names_of(pair: &CertifiedKey) -> Vec<String> {
    let parsed = pair.cert.first().and_then(|first| X509Certificate::from_der(first).ok());
    let Some((_, parsed)) = parsed else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    let names = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    });
    names.collect()
}

/// A certificate and its key, in PEM.
fn make(names: Vec<String>) -> anyhow::Result<(String, String)> {
    let day = |days: i64| -> anyhow::Result<_> {
        let date = (Utc::now() + chrono::Duration::days(days)).date_naive();
        let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
        Ok(rcgen::date_time_ymd(date.year(), month, day))
    };
    let mut params = rcgen::CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Houseparty, self-signed");
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    // A day of grace for clocks that are behind.
    params.not_before = day(-1)?;
    params.not_after = day(SELF_SIGNED_DAYS)?;
    let key = rcgen::KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// Writes files with their modes, each whole or not at all.
fn keep(folder: &Path, files: &[(&Path, &str, u32)]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for (path, text, mode) in files {
        let partial = path.with_extension("partial");
        // One that an unlucky start left behind might have another mode.
        let _ = fs::remove_file(&partial);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(*mode).open(&partial)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&partial, path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(folder: &Path, host: &str) -> String {
        let source = Source::self_signed(folder, host.parse().unwrap());
        let (certificate, note) = Certificate::load(&source).unwrap();
        assert_eq!(note, None);
        certificate.fingerprint().unwrap()
    }

    #[test]
    fn a_self_signed_certificate_stays_until_another_address_needs_one() {
        use std::os::unix::fs::PermissionsExt;
        let project = tempfile::tempdir().unwrap();
        let first = load(project.path(), "127.0.0.1");
        assert_eq!(load(project.path(), "0.0.0.0"), first);
        let second = load(project.path(), "192.0.2.7");
        assert_ne!(second, first);
        assert_eq!(load(project.path(), "127.0.0.1"), second, "it names both");
        let key = project.path().join(".partykit/https/key.pem");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&key, "damaged").unwrap();
        assert_ne!(load(project.path(), "127.0.0.1"), second, "made anew");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_and_no_reason_to_stop() {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join(".partykit"), "a file").unwrap();
        let source = Source::self_signed(project.path(), "127.0.0.1".parse().unwrap());
        let (_, note) = Certificate::load(&source).unwrap();
        assert!(note.unwrap().contains("cannot keep"));
    }

    #[test]
    fn changed_files_are_read_again_and_broken_ones_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |names: &[&str]| {
            let (made, key) = make(names.iter().map(|&name| name.to_owned()).collect()).unwrap();
            fs::write(path("cert.pem"), made).unwrap();
            fs::write(path("key.pem"), key).unwrap();
        };
        write(&["a.example"]);
        let source = Source::Files { certificate: path("cert.pem"), key: path("key.pem") };
        let (mut certificate, _) = Certificate::load(&source).unwrap();
        assert!(!certificate.refresh().unwrap());
        fs::write(path("cert.pem"), "nothing").unwrap();
        let error = certificate.refresh().unwrap_err().to_string();
        assert!(error.contains("there is no certificate in"), "{error}");
        assert!(!certificate.refresh().unwrap(), "told once");
        assert_eq!(names_of(&certificate.current.get()), ["a.example"]);
        write(&["longer.example"]);
        assert!(certificate.refresh().unwrap());
        assert_eq!(names_of(&certificate.current.get()), ["longer.example"]);
    }
}
