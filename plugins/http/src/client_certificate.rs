//! The certificate by which a destination knows its client.

use std::fs;
use std::path::Path;

use doorman_plugin::{ConfigError, Secret};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, InconsistentKeys};

/// The key that names the certificate.
const CERTIFICATE: &str = "client_certificate";

/// The key that names the certificate's key.
const KEY: &str = "client_key";

/// A certificate with those that it comes from, and its key.
pub struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ClientCertificate {
    /// Reads both; `None` if there is neither. The messages repeat nothing of the key.
    pub fn read(certificate: Option<&Path>, key: Option<&Secret>) -> Result<Option<Self>, ConfigError> {
        let (path, key) = match (certificate, key) {
            (None, None) => return Ok(None),
            (Some(path), Some(key)) => (path, key),
            (Some(_), None) => {
                let message = format!("the client's certificate needs its key: name it in `{KEY}`");
                return Err(ConfigError::at(CERTIFICATE, message));
            }
            (None, Some(_)) => {
                let message = format!("the client's key needs its certificate: name it in `{CERTIFICATE}`");
                return Err(ConfigError::at(KEY, message));
            }
        };
        let chain = chain(path).map_err(|message| ConfigError::at(CERTIFICATE, message))?;
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| {
            let message = "what it refers to is no key: it must be PEM without a passphrase, with a line that says BEGIN PRIVATE KEY";
            ConfigError::at(KEY, message)
        })?;
        Ok(Some(Self { chain, key }))
    }

    /// The configuration with it.
    pub fn configure(
        self,
        builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<ClientConfig, ConfigError> {
        builder.with_client_auth_cert(self.chain, self.key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                let message = format!(
                    "it is not the key of the first certificate in `{CERTIFICATE}`: name the one that is"
                );
                ConfigError::at(KEY, message)
            }
            rustls::Error::InvalidCertificate(_) => {
                ConfigError::at(CERTIFICATE, format!("its first certificate cannot be used: {error}"))
            }
            _ => ConfigError::at(KEY, format!("it cannot be used: {error}")),
        })
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    if !path.is_absolute() {
        return Err("give the file's full path, as in \"/etc/doorman/client.pem\"".to_owned());
    }
    let pem = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| format!("{} is not PEM: {error}", path.display()))?;
    if chain.is_empty() {
        let hint = "it must be PEM, with lines that say BEGIN CERTIFICATE";
        return Err(format!("{} holds no certificate: {hint}", path.display()));
    }
    Ok(chain)
}
