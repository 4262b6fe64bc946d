//! Every test vector, played; one that nobody plays fails the run.

mod bindings;
mod challenge;
mod cram_md5;
mod digest_md5;
mod gssapi;
mod ht;
mod ledger;
mod login;
mod ntlm;
mod oauth;
mod one_message;
mod otp;
mod reference;
mod scram;
mod scram_parts;
mod securid;
mod visit;
mod words;

use std::{collections::BTreeSet, fs, path::PathBuf};

use ledger::{Vectors, root, text};

/// Plays some of a file's entries, and notes which.
type Player = fn(&mut Vectors);

/// Who plays which file; together they have to play each of its entries.
const HERE: &[(&str, &[Player])] = &[
    ("anonymous.json", &[one_message::anonymous_says_a_trace_or_nothing]),
    ("base64.json", &[words::base64]),
    (
        "challenge.json",
        &[challenge::keys_answer_challenges, challenge::malformed_messages_are_refused],
    ),
    ("channel_binding.json", &[bindings::channel_bindings]),
    ("cram_md5.json", &[cram_md5::cram_md5_is_a_keyed_hash_of_the_challenge]),
    (
        "digest_md5.json",
        &[
            digest_md5::good_exchanges,
            digest_md5::malformed_messages,
            digest_md5::published_examples_that_do_not_verify,
        ],
    ),
    ("external.json", &[one_message::external_says_as_whom_to_act]),
    (
        "gssapi.json",
        &[
            gssapi::ends_agree_on_a_layer,
            gssapi::headers_stand_before_tokens,
            gssapi::malformed_agreements_are_refused,
            gssapi::malformed_headers_are_refused,
            gssapi::names_follow_from_identifiers,
            gssapi::tokens_lose_what_names_the_mechanism,
        ],
    ),
    (
        "ht.json",
        &[
            ht::malformed_messages_are_refused,
            ht::the_channel_has_these_bindings,
            ht::tokens_are_proven_by_both_ends,
        ],
    ),
    ("login.json", &[login::login_is_two_answers]),
    ("mechname.json", &[words::mechanism_names]),
    ("ntlm.json", &[ntlm::an_exchange, ntlm::damaged_messages_are_refused, ntlm::keys_and_proofs]),
    (
        "oauth.json",
        &[
            oauth::bearers_show_a_token,
            oauth::errors_are_handed_to_the_caller,
            oauth::malformed_messages_are_refused,
            oauth::xoauth2_shows_a_token,
        ],
    ),
    ("openid20.json", &[visit::openid20]),
    (
        "otp.json",
        &[
            otp::exchanges,
            otp::malformed_messages_are_refused,
            otp::passwords_have_two_spellings,
            otp::published_examples_that_do_not_verify,
        ],
    ),
    ("otp_dictionary.json", &[otp::every_word_has_its_value]),
    ("plain.json", &[one_message::plain_is_one_message_of_three_fields]),
    ("saml20.json", &[visit::saml20]),
    (
        "scram.json",
        &[
            scram::good_exchanges,
            scram::malformed_messages,
            scram_parts::decoys_have_the_published_salts,
            scram_parts::downgrade_protection,
            scram_parts::published_examples_that_do_not_verify,
            scram_parts::the_upgrade_task_sends_the_salted_password,
        ],
    ),
    ("scram_storage.json", &[scram_parts::stored_forms]),
    (
        "securid.json",
        &[
            securid::codes_come_with_names,
            securid::malformed_messages_are_refused,
            securid::servers_ask_for_more,
        ],
    ),
];

/// Who plays the files that are not played here: a test file, and what of it opens the vectors.
const ELSEWHERE: &[(&str, &str)] = &[
    ("frames.json", "crates/aiosasl-profiles/tests/frames/main.rs"),
    ("irc_chunks.json", "crates/aiosasl-profiles/tests/irc_transcripts.rs"),
    ("precis.json", "crates/aiosasl/tests/prep.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/acap_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/dovecot_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/frames/mongodb.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/imap_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/irc_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/nntp_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/pop3_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/sieve_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/smtp_transcripts.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/xmpp_sasl2.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests/xmpp_transcripts.rs"),
    ("saslprep.json", "crates/aiosasl/tests/prep.rs"),
    ("stringprep_tables.json", "crates/aiosasl/src/prep/stringprep.rs"),
];

/// The protocols of `profiles.json` that have a room in `aiosasl-profiles`, whose tests play them.
const PROTOCOLS: &[&str] = &[
    "acap",
    "dovecot-auth",
    "imap",
    "irc",
    "managesieve",
    "mongodb",
    "nntp",
    "pop3",
    "smtp",
    "xmpp",
    "xmpp-sasl2",
];

#[test]
fn every_vector_is_played() {
    for (file, players) in HERE {
        let mut vectors = Vectors::open(file);
        for play in *players {
            play(&mut vectors);
        }
        println!("{file}: {} vectors played", vectors.close());
    }
}

#[test]
fn every_file_has_a_player() {
    let mut known: BTreeSet<&str> = HERE.iter().map(|(file, _)| *file).collect();
    for (file, player) in ELSEWHERE {
        known.insert(file);
        let source = fs::read_to_string(root().join(player)).expect("the player is there");
        let opens = format!("vectors/{file}\"");
        assert!(source.contains(&opens), "{player} does not open {file}");
        assert!(source.contains("#[test]"), "{player} has no test");
    }
    for path in files() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        assert!(known.contains(name), "nobody plays vectors/{name}");
    }
}

#[test]
fn every_protocol_is_played() {
    let vectors = Vectors::open("profiles.json");
    let transcripts = vectors.section("valid");
    let mut named = BTreeSet::new();
    for transcript in &transcripts {
        let protocol = text(&transcript["protocol"]);
        assert!(PROTOCOLS.contains(&protocol), "nobody plays {}", transcript["id"]);
        named.insert(protocol);
    }
    let known: BTreeSet<_> = PROTOCOLS.iter().copied().collect();
    assert_eq!(named, known, "a protocol is named that has no transcript");
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("vectors")).expect("the folder is there");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
