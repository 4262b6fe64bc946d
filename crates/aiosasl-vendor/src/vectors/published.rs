//! Messages that MongoDB's specification has printed: nobody has said the secret, so they are read, and written again.

use serde_json::Value;

use super::{octets, text_of};
use crate::{
    aws::Timestamp,
    mongodb_aws::{ClientFirst, ClientSecond, ServerFirst},
};

pub(super) fn check(vector: &Value) {
    let message = octets(vector);
    match text_of(&vector["kind"]) {
        "client-first" => {
            let read = ClientFirst::parse(&message).expect("well-formed");
            assert_eq!(read.spell(), message);
        }
        "server-first" => {
            let read = ServerFirst::parse(&message).expect("well-formed");
            assert_eq!(read.host, text_of(&vector["host"]));
            assert_eq!(read.region(), text_of(&vector["region"]));
            assert_eq!(read.spell(), message);
        }
        "client-second" => {
            let read = ClientSecond::parse(&message).expect("well-formed");
            let [access_key_id, region, signature, date] =
                ["access_key_id", "region", "signature", "date"].map(|it| text_of(&vector[it]));
            let time = Timestamp::parse(date).expect("a time");
            let expected =
                ClientSecond { access_key_id, region, signature, time, session_token: None };
            assert_eq!(read, expected);
        }
        other => panic!("nobody plays {other}"),
    }
}
