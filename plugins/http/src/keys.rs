//! The keys about connections, which every destination over HTTP has under the same names.

use std::path::PathBuf;
use std::time::Duration;

use doorman_plugin::Secret;

use crate::statuses;

/// The default of the key `connect_timeout`.
pub fn default_connect_timeout() -> Duration {
    Duration::from_secs(5)
}

/// The default of the key `max_idle_connections`.
pub fn default_max_idle_connections() -> usize {
    64
}

/// What these keys say. [`crate::Client::new`] checks it.
#[derive(Clone)]
pub struct Connecting {
    /// A PEM file with the certificates of those whom alone it trusts; `None`: whom the system trusts.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the certificate by which the destination knows us.
    pub client_certificate: Option<PathBuf>,
    /// Its key, as PEM.
    pub client_key: Option<Secret>,
    /// How long a connection may take to open, its TLS handshake included.
    pub connect_timeout: Duration,
    /// The proxy that everything goes through: its URL, or `environment`.
    pub proxy: Option<String>,
    /// The value of the header by which the proxy knows us.
    pub proxy_authorization: Option<Secret>,
    /// How many connections stay open when nothing is to be sent.
    pub max_idle_connections: usize,
    /// What statuses mean, where it is not what they usually mean.
    pub statuses: statuses::Written,
}

impl Default for Connecting {
    fn default() -> Self {
        Self {
            ca_file: None,
            client_certificate: None,
            client_key: None,
            proxy: None,
            proxy_authorization: None,
            connect_timeout: default_connect_timeout(),
            max_idle_connections: default_max_idle_connections(),
            statuses: statuses::Written::default(),
        }
    }
}

/// Adds the keys about connections to a plugin's own, and a method `connecting` that takes them out again. It is no
/// `#[serde(flatten)]`, whose errors name neither the key that is wrong nor the keys that there are.
///
/// The crate that uses it needs serde and schemars.
#[macro_export]
macro_rules! with_connection_keys {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident { $($own:tt)* }) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($own)*
            /// The full path of a PEM file with the certificate authorities that are trusted.
            #[serde(default)]
            ca_file: Option<::std::path::PathBuf>,
            /// The full path of a PEM file with the certificate by which the destination knows Doorman, and those that it
            /// comes from behind it.
            #[serde(default)]
            client_certificate: Option<::std::path::PathBuf>,
            /// A reference to the key of that certificate: PEM, without a passphrase.
            #[serde(default)]
            #[schemars(with = "Option<String>")]
            client_key: Option<$crate::Secret>,
            /// How long opening a connection may take, its TLS handshake included.
            #[serde(
                default = "doorman_plugin_http::keys::default_connect_timeout",
                with = "doorman_plugin::duration"
            )]
            #[schemars(with = "String")]
            connect_timeout: ::std::time::Duration,
            /// The proxy that all requests go through: `http://host:port`, or `environment` for what HTTPS_PROXY, HTTP_PROXY and
            /// NO_PROXY say.
            #[serde(default)]
            proxy: Option<String>,
            /// A reference to the value of the `Proxy-Authorization` header: `Basic ...`.
            #[serde(default)]
            #[schemars(with = "Option<String>")]
            proxy_authorization: Option<$crate::Secret>,
            /// How many connections stay open when nothing is to be sent.
            #[serde(default = "doorman_plugin_http::keys::default_max_idle_connections")]
            max_idle_connections: usize,
            /// What statuses mean, by code or class: `{ 404 = "retry", "5xx" = "rejected" }`.
            #[serde(default)]
            statuses: $crate::statuses::Written,
        }

        impl $name {
            /// What the keys about connections say, which are then gone.
            fn connecting(&mut self) -> $crate::Connecting {
                $crate::Connecting {
                    ca_file: self.ca_file.take(),
                    client_certificate: self.client_certificate.take(),
                    client_key: self.client_key.take(),
                    proxy: self.proxy.take(),
                    proxy_authorization: self.proxy_authorization.take(),
                    connect_timeout: self.connect_timeout,
                    max_idle_connections: self.max_idle_connections,
                    statuses: ::std::mem::take(&mut self.statuses),
                }
            }
        }
    };
}
