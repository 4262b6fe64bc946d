//! Every frame of the vectors, written and read by the room of its protocol.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

mod amqp091;
mod amqp10;
mod cassandra;
mod kafka;
mod ldap;
mod memcached;
mod mongodb;
mod mqtt5;
mod postgres;
mod saslauthd;
mod zookeeper;

use std::collections::BTreeSet;

use aiosasl::encoding::{decode, unhex};
use serde_json::Value;

/// Plays one frame: writes its fields, and reads its octets.
type Player = fn(&Entry<'_>);

/// The protocols that have a room, and who plays their frames.
const ROOMS: &[(&str, Player)] = &[
    ("amqp-0-9-1", amqp091::play),
    ("amqp-1.0", amqp10::play),
    ("cassandra", cassandra::play),
    ("kafka", kafka::play),
    ("ldap", ldap::play),
    ("memcached", memcached::play),
    ("mongodb", mongodb::play),
    ("mqtt5", mqtt5::play),
    ("postgresql", postgres::play),
    ("saslauthd", saslauthd::play),
];

/// A frame of the vectors.
struct Entry<'a> {
    id: &'a str,
    kind: &'a str,
    fields: &'a Value,
    octets: Vec<u8>,
}

impl Entry<'_> {
    /// A field of text.
    fn text(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap()
    }

    /// A field of octets; absent where it is null.
    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.fields[name].as_str().map(|text| decode(text).unwrap())
    }

    /// A field that is a number.
    fn number<N: TryFrom<i64>>(&self, name: &str) -> N {
        N::try_from(self.fields[name].as_i64().unwrap()).ok().unwrap()
    }

    /// A field that is a list of texts.
    fn texts(&self, name: &str) -> Vec<&str> {
        self.fields[name].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
    }
}

#[test]
fn frames_are_written_and_read() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../vectors/frames.json")).unwrap();
    assert_eq!(file["malformed"].as_array().unwrap().len(), 0, "nobody plays malformed frames");
    let mut named = BTreeSet::new();
    for frame in file["valid"].as_array().unwrap() {
        let protocol = frame["protocol"].as_str().unwrap();
        let id = frame["id"].as_str().unwrap();
        named.insert(protocol);
        let entry = Entry {
            id,
            kind: frame["kind"].as_str().unwrap(),
            fields: &frame["fields"],
            octets: unhex(frame["hex"].as_str().unwrap().as_bytes()).unwrap(),
        };
        let room = ROOMS.iter().find(|(room, _)| *room == protocol);
        let (_, play) = room.unwrap_or_else(|| panic!("nobody plays {id}"));
        play(&entry);
    }
    let known: BTreeSet<_> = ROOMS.iter().map(|(room, _)| *room).collect();
    assert_eq!(named, known, "a protocol is named that has no frame");
}
