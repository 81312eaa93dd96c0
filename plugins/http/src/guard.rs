//! Which addresses are connected to: each is checked right before, and it is the checked one that is connected to, so that
//! no answer of a name server comes between.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use hyper::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::address;
use crate::allow::Allow;
use crate::connector::BoxError;

/// Who named the host.
#[derive(Clone, Debug)]
pub enum Guard {
    /// The configuration: all but what nobody can want.
    Configured,
    /// A script or an event: what its destination allows them.
    Given(Arc<Allow>),
}

/// An address that is not connected to.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Whoever names it.
    #[error("its address {address} is {what}, which is never connected to")]
    Never {
        /// The address.
        address: IpAddr,
        /// What it is.
        what: &'static str,
        /// Whether a script or an event named the host.
        given: bool,
    },
    /// Because the configuration does not.
    #[error("its address {0} is not public, and no network in the destination's `allow` has it")]
    NotAllowed(IpAddr),
}

impl Refused {
    /// Whether it was a script or an event that named the host.
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Never { given: true, .. } | Self::NotAllowed(_))
    }
}

impl Guard {
    /// Whether an address may be connected to.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        if let Some(what) = address::never(address) {
            return Err(Refused::Never { address, what, given: matches!(self, Guard::Given(_)) });
        }
        match self {
            Guard::Given(allow) if !allow.has_address(address) => Err(Refused::NotAllowed(address)),
            _ => Ok(()),
        }
    }

    /// Whether the host of a URI may be connected to, if it is an address: no resolver is asked for those.
    pub fn check_literal(&self, uri: &Uri) -> Result<(), Refused> {
        uri.host().and_then(address::literal).map_or(Ok(()), |address| self.check(address))
    }
}

/// A resolver's addresses without those that are not connected to.
#[derive(Clone)]
pub struct Guarded<R> {
    guard: Guard,
    resolver: R,
}

impl<R> Guarded<R> {
    /// What a resolver finds, as far as it may be connected to.
    pub fn new(guard: Guard, resolver: R) -> Self {
        Self { guard, resolver }
    }
}

impl<R> Service<Name> for Guarded<R>
where
    R: Service<Name>,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send + 'static,
{
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.resolver.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (guard, resolving) = (self.guard.clone(), self.resolver.call(name));
        Box::pin(async move {
            let found = resolving.await.map_err(Into::into)?;
            checked(&guard, found).map(Vec::into_iter).map_err(Into::into)
        })
    }
}

/// Those that may be connected to; if there are others only, why the first one may not.
fn checked(guard: &Guard, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
    let mut first_refused = None;
    let mut allowed = Vec::new();
    for address in found {
        match guard.check(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(refused) => first_refused = first_refused.or(Some(refused)),
        }
    }
    match first_refused {
        Some(refused) if allowed.is_empty() => Err(refused),
        _ => Ok(allowed),
    }
}
