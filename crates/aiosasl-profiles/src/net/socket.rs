//! What octets go over: TCP, or a Unix socket on this machine.

use std::{io, net::SocketAddr, path::Path};

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A connection in the clear.
#[cfg(unix)]
pub(super) type Socket = tokio_util::either::Either<TcpStream, UnixStream>;
/// A connection in the clear.
#[cfg(not(unix))]
pub(super) type Socket = TcpStream;

/// A TCP connection as such.
pub(super) fn tcp(stream: TcpStream) -> Socket {
    // Half-duplex messages that wait for an answer each: Nagle's delay would only add up.
    let _ = stream.set_nodelay(true);
    #[cfg(unix)]
    return Socket::Left(stream);
    #[cfg(not(unix))]
    return stream;
}

/// Connects to a Unix socket.
///
/// # Errors
///
/// The system's; of the kind [`Unsupported`](io::ErrorKind::Unsupported) where it knows no such thing.
pub(super) async fn unix(path: &Path) -> io::Result<Socket> {
    #[cfg(unix)]
    return UnixStream::connect(path).await.map(Socket::Right);
    #[cfg(not(unix))]
    return Err(io::Error::new(io::ErrorKind::Unsupported, path.display().to_string()));
}

/// Whether it is a Unix socket.
#[cfg(unix)]
pub(super) fn is_local(socket: &Socket) -> bool {
    matches!(socket, Socket::Right(_))
}

/// Whether it is a Unix socket: there are none here.
#[cfg(not(unix))]
pub(super) fn is_local(_: &Socket) -> bool {
    false
}

/// Connects to a name or an address.
///
/// # Errors
///
/// The system's.
pub(super) async fn connect(host: &str, port: u16) -> io::Result<(Socket, SocketAddr)> {
    let stream = TcpStream::connect((host, port)).await?;
    let peer = stream.peer_addr()?;
    Ok((tcp(stream), peer))
}
