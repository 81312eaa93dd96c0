//! TLS: whom a destination's certificate must come from, and why a handshake failed.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use doorman_plugin::ConfigError;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use crate::url::Url;

/// The key that names a certificate authority.
const CA_FILE: &str = "ca_file";

/// The TLS of connections to a URL: only those in `ca_file` are trusted if it is given, else those whom the system trusts.
pub fn client_config(url: &Url, ca_file: Option<&Path>) -> Result<ClientConfig, ConfigError> {
    let at_key = |message: String| ConfigError::at(CA_FILE, message);
    let roots = match ca_file {
        Some(_) if !url.is_https() => {
            return Err(at_key(
                "a URL that begins with http:// needs no certificate: leave it out".to_owned(),
            ));
        }
        Some(path) => roots_in(path).map_err(at_key)?,
        None if url.is_https() => roots_of_system().map_err(at_key)?,
        None => RootCertStore::empty(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| at_key(format!("TLS cannot be used: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn roots_in(path: &Path) -> Result<RootCertStore, String> {
    if !path.is_absolute() {
        return Err("give the file's full path, as in \"/etc/doorman/ca.pem\"".to_owned());
    }
    let pem = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("{} is not PEM: {error}", path.display()))?;
        let number = roots.len() + 1;
        let wrong = |error| format!("certificate {number} in {} cannot be used: {error}", path.display());
        roots.add(certificate).map_err(wrong)?;
    }
    if roots.is_empty() {
        let hint = "it must be PEM, with lines that say BEGIN CERTIFICATE";
        return Err(format!("{} holds no certificate: {hint}", path.display()));
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A single one that is odd does not matter as long as there are others.
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
    let hint =
        "install ca-certificates, or name a file with those that the destination's certificate comes from";
    Err(format!("this system trusts no certificate authority{why}: {hint}"))
}

/// Why a handshake failed, with what to do where that is known.
pub fn explain(error: &rustls::Error) -> String {
    let hint = match error {
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => "; nobody who is trusted here has issued it: `ca_file` can name who has",
        rustls::Error::InvalidMessage(_) => "; does it speak TLS on this port?",
        _ => "",
    };
    format!("TLS failed: {error}{hint}")
}

/// Whether a TLS error stays until somebody mends a certificate or the configuration. `opening`: the connection was not
/// open yet; behind that, what is no TLS is a connection that breaks.
pub fn is_broken(error: &rustls::Error, opening: bool) -> bool {
    match error {
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::UnsupportedNameType
        | rustls::Error::PeerIncompatible(_) => true,
        // It does not speak TLS on this port.
        rustls::Error::InvalidMessage(_) => opening,
        // A client certificate that it does not take is found wanting behind the client's side of the handshake.
        rustls::Error::AlertReceived(alert) => !is_passing(*alert),
        _ => false,
    }
}

/// Alerts that say nothing of certificates or configurations.
fn is_passing(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CloseNotify
            | AlertDescription::UserCanceled
            | AlertDescription::InternalError
            | AlertDescription::BadRecordMac
            | AlertDescription::RecordOverflow
            | AlertDescription::DecryptError
    )
}
