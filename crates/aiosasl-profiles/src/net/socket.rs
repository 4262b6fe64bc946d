//! What octets go over: TCP, or a Unix socket on this machine.

#[cfg(feature = "srv")]
use std::net::IpAddr;
use std::{io, net::SocketAddr, path::Path, time::Duration};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::timeout,
};

use super::Options;

/// How long an address is the only one that is tried (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);
/// How many addresses of a name are tried at most.
const MAX_ADDRESSES: usize = 16;

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

/// Connects to a name or an address; of several addresses, to the one that answers first (RFC 8305).
///
/// # Errors
///
/// The system's: that of the address that was tried first.
pub(super) async fn connect(
    host: &str,
    port: u16,
    options: &Options,
) -> io::Result<(Socket, SocketAddr)> {
    let addresses = alternating(addresses(host, port, options).await?);
    let stream = race(addresses, HEAD_START, TcpStream::connect).await?;
    let peer = stream.peer_addr()?;
    Ok((tcp(stream), peer))
}

#[cfg(feature = "srv")]
async fn addresses(host: &str, port: u16, options: &Options) -> io::Result<Vec<SocketAddr>> {
    match options.name_server {
        Some(name_server) if host.parse::<IpAddr>().is_err() => {
            super::srv::addresses(name_server, host, port).await
        }
        _ => Ok(lookup_host((host, port)).await?.collect()),
    }
}

#[cfg(not(feature = "srv"))]
async fn addresses(host: &str, port: u16, _: &Options) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host((host, port)).await?.collect())
}

/// The families by turns, beginning with that of the first address; else in the order in which they came (RFC 8305
/// section 4).
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|it| it.is_ipv6() == first_is_ipv6);
    let mut second = second.into_iter();
    let mut found = Vec::new();
    for address in first {
        found.push(address);
        found.extend(second.next());
    }
    found.extend(second);
    found.truncate(MAX_ADDRESSES);
    found
}

/// What the first address to answer gives. The next one is tried once the last one has failed, or has had its head start;
/// what is too late is dropped.
async fn race<T: Send + 'static, F: Future<Output = io::Result<T>> + Send + 'static>(
    addresses: Vec<SocketAddr>,
    head_start: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut rest = addresses.into_iter();
    let mut running = JoinSet::new();
    let mut failure = None;
    loop {
        match rest.next() {
            Some(address) => _ = running.spawn(connect(address)),
            None if running.is_empty() => {
                let nowhere = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                return Err(failure.unwrap_or_else(nowhere));
            }
            None => {}
        }
        let limit = if rest.len() > 0 { head_start } else { Duration::MAX };
        // What is done, or nothing, once the head start is over.
        let done = timeout(limit, running.join_next()).await.ok().flatten();
        match done.map(|it| it.map_err(io::Error::other).and_then(|it| it)) {
            Some(Ok(connected)) => return Ok(connected),
            Some(Err(error)) => _ = failure.get_or_insert(error),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Instant};

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn families_take_turns() {
        let list = |texts: &[&str]| texts.iter().map(|it| address(it)).collect::<Vec<_>>();
        let came = list(&["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"]);
        assert_eq!(alternating(came), list(&["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"]));
        let came = list(&["10.0.0.1:1", "[::1]:1", "[::2]:1"]);
        assert_eq!(alternating(came), list(&["10.0.0.1:1", "[::1]:1", "[::2]:1"]));
        assert_eq!(alternating(vec![address("10.0.0.1:1"); 100]).len(), MAX_ADDRESSES);
    }

    /// Port 1 never answers, port 2 refuses, any other is content.
    async fn connect(address: SocketAddr) -> io::Result<u16> {
        match address.port() {
            1 => pending().await,
            2 => Err(io::ErrorKind::ConnectionRefused.into()),
            port => Ok(port),
        }
    }

    async fn raced(addresses: &[&str], head_start: Duration) -> io::Result<u16> {
        race(addresses.iter().map(|it| address(it)).collect(), head_start, connect).await
    }

    #[tokio::test]
    async fn who_does_not_answer_is_overtaken() {
        let started = Instant::now();
        let head_start = Duration::from_millis(50);
        let first = raced(&["[::1]:1", "127.0.0.1:7", "127.0.0.1:8"], head_start).await;
        assert_eq!(first.unwrap(), 7);
        assert!(started.elapsed() >= head_start, "not before the head start is over");
    }

    #[tokio::test]
    async fn who_refuses_is_followed_at_once() {
        let hour = Duration::from_secs(3600);
        assert_eq!(raced(&["[::1]:2", "127.0.0.1:7"], hour).await.unwrap(), 7);
        let refused = raced(&["[::1]:2", "127.0.0.1:2"], hour).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(raced(&[], hour).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
