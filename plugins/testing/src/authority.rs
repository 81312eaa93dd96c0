//! Certificates made for a test.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tempfile::NamedTempFile;

/// A certificate authority of its own.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a server with a certificate shows its clients.
pub type Identity = Arc<ServerConfig>;

impl Authority {
    /// A new one of this name, which nobody trusts yet.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no name is a wrong one");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key can be made");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate can be made") }
    }

    /// Its certificate as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its certificate in a file, which is there until this is dropped.
    pub fn file(&self) -> NamedTempFile {
        let mut file = NamedTempFile::new().expect("a file can be made");
        file.write_all(self.pem().as_bytes()).expect("the file can be written");
        file
    }

    /// A certificate for a host name or an address.
    pub fn identity(&self, name: &str) -> Identity {
        self.identity_of(CertificateParams::new([name.to_owned()]).expect("a host name"))
    }

    /// A certificate for a host name or an address whose time is over.
    pub fn expired(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a host name");
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        self.identity_of(params)
    }

    fn identity_of(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("the key is the certificate's");
        Arc::new(config)
    }
}
