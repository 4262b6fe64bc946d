//! OpenLDAP's own channel binding: not that of the RFCs.

use aiosasl::binding::{BindingError, BindingKind, ChannelBinding};

/// The class of an OpenLDAP server's root DSE: by it one can be told from others.
pub const OPENLDAP: &str = "OpenLDAProotDSE";

/// The name of its type of channel binding, which says no more.
pub const OPENLDAP_BINDING: &str = "ldap";

/// A binding as OpenLDAP wants it: the type is always `ldap`, and the data begins with the name of the type that it is, and
/// a colon, as in GSS-API (RFC 5056 section 2.1). The RFCs have `p=tls-server-end-point` and the bare data
/// (RFC 5802 section 6), and OpenLDAP refuses them.
///
/// Which binding it expects is the deployment's choice (`sasl-cbinding`): mostly `tls-endpoint`, or `tls-unique`.
///
/// # Errors
///
/// None in fact: the name is right, and a binding has data.
///
/// # Example: the data says what it is
///
/// ```
/// use aiosasl::binding::{BindingKind, ChannelBinding};
/// use aiosasl_profiles::ldap::openldap_binding;
///
/// # fn main() -> Result<(), aiosasl::binding::BindingError> {
/// let binding = ChannelBinding::new(BindingKind::TlsServerEndPoint, *b"hash")?;
/// let own = openldap_binding(&binding)?;
/// assert_eq!(own.kind().as_str(), "ldap");
/// assert_eq!(own.data(), b"tls-server-end-point:hash");
/// # Ok(())
/// # }
/// ```
pub fn openldap_binding(binding: &ChannelBinding) -> Result<ChannelBinding, BindingError> {
    let data = [binding.kind().as_str().as_bytes(), b":", binding.data()].concat();
    ChannelBinding::new(BindingKind::parse(OPENLDAP_BINDING)?, data)
}
