//! AMQPLAIN (RabbitMQ): name and password as fields of an AMQP 0-9-1 table.
//!
//! ```text
//!   C: {LOGIN: name, PASSWORD: password}
//! ```
//!
//! The table stands without its own length, as RabbitMQ's access control guide and its clients have it; fields are of
//! AMQP's type `S`, the long string (AMQP 0-9-1 section 4.2.5.5). PLAIN says the same in fewer octets.

use alloc::{boxed::Box, vec::Vec};
use core::mem;

use aiosasl::{
    error::{Failure, Reason},
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Heard, Mechanism, Needs, Properties,
        ServerContext, ServerMechanism, ServerProof, ServerTurn, Side, Standing,
    },
    message::{Proven, Response},
    name::MechanismName,
    one_message::OneMessageClient,
    preparation::Preparation,
    query::{Answer, Query, VerifyPassword},
};

use crate::{
    password,
    reason::{BAD_FIELD_TYPE, BAD_TABLE, DUPLICATE_FIELD, MISSING_FIELD},
};

/// AMQPLAIN, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Legacy,
        reference: "RabbitMQ",
    },
    client: |context| {
        let (name, password) = password::of_client(context)?;
        let message = spell(name.as_str(), password.expose());
        Ok(Box::new(OneMessageClient::new(NAME, Response::new(message))))
    },
    server: |context| Box::new(AmqplainServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("AMQPLAIN");

/// The server's half: the table, then the store's verdict.
pub struct AmqplainServer {
    preparation: Preparation,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectTable,
    ExpectVerdict,
}

impl AmqplainServer {
    /// A server that prepares what it hears as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, state: State::ExpectTable }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let (name, password) = parse(message).map_err(Failure::malformed)?;
        let (name, password) = password::of_message(self.preparation, name, password)?;
        self.state = State::ExpectVerdict;
        Ok(ServerTurn::Ask(Query::VerifyPassword(VerifyPassword::new(name, password))))
    }
}

impl ServerMechanism for AmqplainServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectTable, Heard::Message(it)) => self.ask(it),
            (State::ExpectVerdict, Heard::Answer(it)) => {
                Ok(ServerTurn::Proven(Proven::from(it.verified()?)))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// The table of two fields.
fn spell(name: &str, password: &str) -> Vec<u8> {
    let mut table = Vec::new();
    for (field, value) in [(&b"\x05LOGINS"[..], name), (b"\x08PASSWORDS", password)] {
        let len = u32::try_from(value.len()).expect("what is prepared is of some kilobytes");
        table.extend_from_slice(field);
        table.extend_from_slice(&len.to_be_bytes());
        table.extend_from_slice(value.as_bytes());
    }
    table
}

/// Name and password; other long strings are skipped, since clients may say more.
fn parse(message: &[u8]) -> Result<(&str, &str), Reason> {
    let (mut name, mut password) = (None, None);
    let mut rest = message;
    while !rest.is_empty() {
        let (field, value) = next_field(&mut rest)?;
        let place = match field {
            b"LOGIN" => &mut name,
            b"PASSWORD" => &mut password,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(DUPLICATE_FIELD);
        }
    }
    let (Some(name), Some(password)) = (name, password) else { return Err(MISSING_FIELD) };
    let text = |octets| core::str::from_utf8(octets).map_err(|_| Reason::InvalidUtf8);
    Ok((text(name)?, text(password)?))
}

/// The next field's name and value; the table goes on after it.
fn next_field<'a>(table: &mut &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Reason> {
    let (len, rest) = table.split_first().ok_or(BAD_TABLE)?;
    let (field, rest) = rest.split_at_checked(usize::from(*len)).ok_or(BAD_TABLE)?;
    let (kind, rest) = rest.split_first().ok_or(BAD_TABLE)?;
    if *kind != b'S' {
        return Err(BAD_FIELD_TYPE);
    }
    let (len, rest) = rest.split_first_chunk().ok_or(BAD_TABLE)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| BAD_TABLE)?;
    let (value, rest) = rest.split_at_checked(len).ok_or(BAD_TABLE)?;
    *table = rest;
    Ok((field, value))
}
