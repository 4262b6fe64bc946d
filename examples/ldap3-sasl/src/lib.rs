//! Every SASL mechanism for the `ldap3` crate.
//!
//! `ldap3` binds by a password, EXTERNAL, GSSAPI and NTLM, and has no way in for other mechanisms: its request for a bind
//! is private. But it takes a stream that is there already, and a directory does not care who has logged in on it. So the
//! stream is authenticated first, and `ldap3` gets it afterwards:
//!
//! ```text
//!   bind    a socket in the clear, blocking, our exchange and codec alone      SCRAM in a closed network, EXTERNAL on ldapi
//!   adopt   whatever aiosasl-profiles has logged in on, over a pair of         TLS, channel binding, security layers
//!           sockets, since ldap3 takes sockets and nothing else
//! ```
//!
//! # Example: SCRAM tied to TLS, and then ldap3
//!
//! ```no_run
//! use aiosasl_profiles::net::Session;
//! use ldap3::{Scope, SearchEntry};
//!
//! # async fn example(session: Session) -> Result<(), Box<dyn std::error::Error>> {
//! // The session has logged in, by `aiosasl::driver::negotiate`.
//! let stream = session.into_stream().ok_or("the server has hung up")?;
//! let mut ldap = ldap3_sasl::adopt(stream).await?;
//! let (entries, _) =
//!     ldap.search("dc=test", Scope::Subtree, "(uid=*)", ["uid"]).await?.success()?;
//! println!("{:?}", entries.into_iter().map(SearchEntry::construct).collect::<Vec<_>>());
//! # Ok(())
//! # }
//! ```

mod bind;

use std::os::unix::net::UnixStream;

use aiosasl_profiles::net::AuthenticatedStream;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use tokio::io::copy_bidirectional_with_sizes;

pub use bind::{BindError, bind};

/// How large the buffers between the two sockets are, in octets.
const BUFFER: usize = 16_384;

/// Gives a stream on which somebody has logged in to `ldap3`. Two tasks go on in the background: one carries octets, and
/// the other is `ldap3`'s; both end with the connection.
///
/// # Errors
///
/// An [`LdapError`], where there are no sockets to be had.
pub async fn adopt(mut stream: AuthenticatedStream) -> Result<Ldap, LdapError> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut ours = tokio::net::UnixStream::from_std(ours)?;
    tokio::spawn(async move {
        // Whatever goes wrong, ldap3 sees its end of the pair closed.
        let _ = copy_bidirectional_with_sizes(&mut stream, &mut ours, BUFFER, BUFFER).await;
    });
    take_over(StdStream::Unix(theirs), "ldapi:///").await
}

/// Gives a socket on which [`bind`] has logged in to `ldap3`.
///
/// # Errors
///
/// An [`LdapError`], where the socket is of no use.
pub async fn adopt_socket(stream: std::net::TcpStream) -> Result<Ldap, LdapError> {
    take_over(StdStream::Tcp(stream), "ldap://localhost").await
}

async fn take_over(stream: StdStream, url: &str) -> Result<Ldap, LdapError> {
    let settings = LdapConnSettings::new().set_std_stream(stream);
    let (connection, ldap) = LdapConnAsync::with_settings(settings, url).await?;
    tokio::spawn(async move {
        // Whoever waits for an answer hears of it.
        let _ = connection.drive().await;
    });
    Ok(ldap)
}
