//! The server behind Dovecot's submission: it greets and agrees, so that a login is not followed by
//! "421, cannot reach the relay".

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// Listens on a free port, in a thread that lives as long as the program.
pub(crate) fn start() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(&stream).ok());
        }
    });
    Ok(port)
}

fn serve(stream: &TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut writer = stream.try_clone()?;
    writer.write_all(b"220 localhost ESMTP\r\n")?;
    for line in BufReader::new(stream).lines() {
        if line?.to_ascii_uppercase().starts_with("QUIT") {
            writer.write_all(b"221 2.0.0 Bye\r\n")?;
            break;
        }
        writer.write_all(b"250 localhost\r\n")?;
    }
    Ok(())
}

/// A server that takes a connection and never says a word: for the command's own patience.
pub(crate) fn start_silent() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        let held: Vec<TcpStream> = listener.incoming().flatten().collect();
        drop(held);
    });
    Ok(port)
}
