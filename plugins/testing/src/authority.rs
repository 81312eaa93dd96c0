//! Certificates made for a test.

use std::io::Write;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::NamedTempFile;

/// A certificate authority of its own.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a server with a certificate shows its clients.
pub type Identity = Arc<ServerConfig>;

/// What a client shows a server that demands it, as PEM in files that are there until this is dropped.
pub struct ClientIdentity {
    /// Its certificate.
    pub certificate: NamedTempFile,
    /// The certificate's key.
    pub key: NamedTempFile,
}

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
        file(&self.pem())
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

    /// A certificate for a host name or an address, for a server that demands one of `clients` of its clients.
    pub fn demanding(&self, name: &str, clients: &Authority) -> Identity {
        let mut roots = RootCertStore::empty();
        roots.add(clients.issuer.der().clone()).expect("it is an authority's");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let params = CertificateParams::new([name.to_owned()]).expect("a host name");
        self.identity_for(params, verifier.expect("there is an authority"))
    }

    /// A certificate for a client of this name.
    pub fn client(&self, name: &str) -> ClientIdentity {
        let mut params = CertificateParams::new([]).expect("no name is a wrong one");
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        ClientIdentity { certificate: file(&certificate.pem()), key: file(&key.serialize_pem()) }
    }

    fn identity_of(&self, params: CertificateParams) -> Identity {
        self.identity_for(params, WebPkiClientVerifier::no_client_auth())
    }

    fn identity_for(&self, params: CertificateParams, clients: Arc<dyn ClientCertVerifier>) -> Identity {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("the key is the certificate's");
        Arc::new(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file can be made");
    file.write_all(text.as_bytes()).expect("the file can be written");
    file
}
