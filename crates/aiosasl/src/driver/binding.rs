//! Where channel bindings come from: plain values, a closure that is awaited, or an object.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::future::Future;

use super::{BoxFuture, SaslError};
use crate::binding::ChannelBinding;

/// Gives the channel bindings of the connection, called once for each attempt.
///
/// Most need none of it: the bindings in [`Connection`](super::Connection) are taken where a mechanism has no provider
/// of its own.
///
/// # Example: values and a closure
///
/// ```
/// use aiosasl::{
///     binding::{BindingKind, ChannelBinding},
///     driver::ScramPlus,
/// };
///
/// # fn main() -> Result<(), aiosasl::binding::BindingError> {
/// let exporter = ChannelBinding::new(BindingKind::TlsExporter, [7; 32])?;
/// let value = ScramPlus::new(("user", "pencil")).channel_bindings(vec![exporter.clone()]);
/// let asked = ScramPlus::new(("user", "pencil")).channel_bindings(move || {
///     let exporter = exporter.clone();
///     async { Ok(vec![exporter]) }
/// });
/// # let _ = (value, asked);
/// # Ok(())
/// # }
/// ```
pub trait ChannelBindingProvider: Send + Sync {
    /// All that the connection has, in any order; the strongest that both ends have is taken.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: the attempt ends with it, before anything was said.
    fn channel_bindings(&self) -> BoxFuture<'_, Result<Vec<ChannelBinding>, SaslError>>;
}

impl ChannelBindingProvider for Vec<ChannelBinding> {
    fn channel_bindings(&self) -> BoxFuture<'_, Result<Vec<ChannelBinding>, SaslError>> {
        Box::pin(async { Ok(self.clone()) })
    }
}

impl<F, Given> ChannelBindingProvider for F
where
    F: Fn() -> Given + Send + Sync,
    Given: Future<Output = Result<Vec<ChannelBinding>, SaslError>> + Send + 'static,
{
    fn channel_bindings(&self) -> BoxFuture<'_, Result<Vec<ChannelBinding>, SaslError>> {
        Box::pin(self())
    }
}

impl<T: ChannelBindingProvider + ?Sized> ChannelBindingProvider for Arc<T> {
    fn channel_bindings(&self) -> BoxFuture<'_, Result<Vec<ChannelBinding>, SaslError>> {
        (**self).channel_bindings()
    }
}
