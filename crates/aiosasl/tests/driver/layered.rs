//! The standard library's streams under a security layer.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
};

use aiosasl::{
    driver::Layered,
    layer::{LayerError, SecurityLayer},
};

/// Flips every bit; a zero on the wire is damage.
struct Flipped;

impl SecurityLayer for Flipped {
    fn strength(&self) -> u16 {
        0
    }

    fn max_piece(&self) -> usize {
        5
    }

    fn max_send(&self) -> usize {
        5
    }

    fn max_receive(&self) -> usize {
        5
    }

    fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        Ok(octets.iter().map(|octet| !octet).collect())
    }

    fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        if octets.contains(&0) { Err(LayerError::BadMac) } else { self.wrap(octets) }
    }
}

/// What is written can be read again, a few octets at a time.
#[derive(Default)]
struct Loop(VecDeque<u8>);

impl Read for Loop {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let few = into.len().min(3);
        self.0.read(&mut into[..few])
    }
}

impl Write for Loop {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_goes_in_comes_out() {
    let mut stream = Layered::new(Loop::default(), Box::new(Flipped), b"").unwrap();
    stream.write_all(b"more than one buffer").unwrap();
    assert!(!stream.get_ref().0.iter().any(u8::is_ascii_lowercase), "in the clear");
    let mut heard = [0; 20];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"more than one buffer");
    assert_eq!(stream.read(&mut heard).unwrap(), 0);
}

#[test]
fn what_was_read_already_is_not_lost() {
    let early = [&[0, 0, 0, 2][..], &[!b'o', !b'k'], &[0, 0, 0]].concat();
    let rest = Loop([1, !b'!'].into());
    let mut stream = Layered::new(rest, Box::new(Flipped), &early).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "ok!");
}

#[test]
fn damage_and_broken_buffers_are_errors_for_good() {
    let damaged = Loop([0, 0, 0, 1, 0].into());
    let mut stream = Layered::new(damaged, Box::new(Flipped), b"").unwrap();
    let kind = |result: io::Result<usize>| result.expect_err("damage").kind();
    assert_eq!(kind(stream.read(&mut [0; 9])), io::ErrorKind::InvalidData);
    assert_eq!(kind(stream.write(b"x")), io::ErrorKind::InvalidData);
    let half = Loop([0, 0, 0, 2, 1].into());
    let mut stream = Layered::new(half, Box::new(Flipped), b"").unwrap();
    assert_eq!(kind(stream.read(&mut [0; 9])), io::ErrorKind::UnexpectedEof);
}
