//! Which mechanisms servers of ours have accounts for.

use aiosasl::mechanism::{Mechanism, Needs, Standing};

/// Whether a store with passwords and tokens can answer what the mechanism's server asks, and it may be offered without
/// being named.
pub(crate) fn is_served(mechanism: &Mechanism) -> bool {
    let known = match mechanism.properties.needs {
        // A one-time password is another secret than the account's password.
        Needs::Password => mechanism.name.as_str() != "OTP",
        // Stores keep digests of tokens, and hashed ones want the token itself.
        Needs::Token => !mechanism.name.as_str().starts_with("HT-"),
        Needs::Anonymity | Needs::External => true,
        _ => false,
    };
    known && mechanism.properties.standing == Standing::Current
}

#[cfg(test)]
mod tests {
    use aiosasl::mechanisms::ALL;

    use super::*;

    #[test]
    fn what_is_old_or_has_no_accounts_is_not_offered_by_itself() {
        let offered: Vec<_> = ALL.iter().filter(|it| is_served(it)).collect();
        let has = |name: &str| offered.iter().any(|it| it.name.as_str() == name);
        assert!(has("SCRAM-SHA-256-PLUS") && has("PLAIN") && has("OAUTHBEARER"));
        for name in ["CRAM-MD5", "DIGEST-MD5", "NTLM", "ECDSA-NIST256P-CHALLENGE"] {
            assert!(!has(name), "{name}");
        }
    }
}
