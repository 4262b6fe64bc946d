//! Accounts to keep: plain ones, and one that has everything, in letters that break things.

use aiosasl::{
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
    query::ScramVerifier,
    secret::Secret,
};
use aiosasl_store::{
    Account, AccountState, ActsAs, Credential, CredentialKind, Timestamp, TokenDigest,
};

pub(crate) fn name(text: &str) -> AuthenticationId {
    AuthenticationId::new(text).unwrap()
}

pub(crate) fn verifier(hash: Hash, password: &str) -> CredentialKind {
    let password = Secret::new(password.as_bytes());
    CredentialKind::Scram(ScramVerifier::from_password(hash, password, *b"0123456789abcdef", 1))
}

pub(crate) fn token(text: &str) -> (TokenDigest, CredentialKind) {
    let digest = TokenDigest::of(&Secret::new(text.as_bytes()));
    (digest, CredentialKind::Token(digest))
}

/// With one verifier.
pub(crate) fn plain(text: &str) -> Account {
    let mut account = Account::new(name(text));
    account.put(Credential::new(verifier(Hash::Sha256, "pencil")));
    account
}

/// With all that an account can have, in an order that nobody would sort it into.
pub(crate) fn full(text: &str) -> Account {
    let moment = Timestamp::from_unix;
    let mut account = Account::new(name(text));
    account.state = AccountState::Disabled;
    account.expires = Some(moment(-1));
    account.acts_as = vec![
        ActsAs::Identity(AuthorizationId::new("z\u{e9}ro'; DROP TABLE accounts; --").unwrap()),
        ActsAs::Anyone,
        ActsAs::Identity(AuthorizationId::new("a").unwrap()),
    ];
    account.put(Credential::new(verifier(Hash::Sha512, "pencil")));
    account.put(Credential::new(verifier(Hash::Sha1, "pencil")));
    account.put(Credential::new("{PLAIN}p\u{20ac}ncil,\"'\\".parse().unwrap()));
    let phone = Credential::new(token(&format!("phone of {text}")).1).labelled("phone");
    account.put(phone.expiring(moment(1_900_000_000)));
    account
        .put(Credential::new(CredentialKind::Certificate(format!("CN={text},O=\u{1f5a4}").into())));
    let mut mail =
        Credential::new(verifier(Hash::Sha256, "paper")).labelled("mail \u{301}\u{1f4e7} ,:{}");
    mail.last_used = Some(moment(1_700_000_000));
    account.put(mail);
    account
}

/// Names in the order of their octets, which is none that a dictionary has.
pub(crate) const ORDERED: [&str; 9] = [" ", "A", "Z", "_", "a", "a b", "z", "\u{e4}", "\u{1f5a4}"];
