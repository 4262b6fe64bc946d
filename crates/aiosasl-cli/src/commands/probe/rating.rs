//! What a mechanism is worth, and what is wrong with an offer: a table, and one line of reason for each.

use aiosasl::{
    binding::BindingKind,
    mechanism::{Binds, Exposure, Needs, Properties, ServerProof, Side, Standing},
    name::MechanismName,
    policy::ChannelSecurity,
};
use aiosasl_profiles::net::{Offer, TlsInfo};
use serde::Serialize;

use super::certificate::Certificate;

/// What a mechanism is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rating {
    Strong,
    Ok,
    Weak,
    Unknown,
}

/// Mechanisms that this build does not have, and what is known of them all the same.
const OTHERS: [(&str, Rating, &str); 11] = [
    ("CRAM-MD5", Rating::Weak, "whoever listens can guess passwords; obsolete"),
    ("DIGEST-MD5", Rating::Weak, "MD5; obsolete (RFC 6331)"),
    ("NTLM", Rating::Weak, "MD4 and MD5; whoever listens can guess passwords"),
    ("SKEY", Rating::Weak, "obsolete: OTP took its place"),
    ("OTP", Rating::Weak, "MD5 or SHA-1 chains; whoever listens can guess passphrases"),
    ("GSSAPI", Rating::Ok, "Kerberos: no password goes to the server; not tied to TLS"),
    ("GSS-SPNEGO", Rating::Ok, "Kerberos, negotiated; not tied to TLS"),
    ("GS2-KRB5", Rating::Ok, "Kerberos; not tied to TLS"),
    ("GS2-KRB5-PLUS", Rating::Strong, "Kerberos, tied to TLS"),
    ("ECDSA-NIST256P-CHALLENGE", Rating::Ok, "a signature; the server does not prove itself"),
    ("XOAUTH", Rating::Weak, "obsolete"),
];

/// What a mechanism is worth, offered in the clear or not, and why.
pub(super) fn rate(name: MechanismName, in_clear: bool) -> (Rating, &'static str) {
    if in_clear && reveals_password(name) {
        return (Rating::Weak, "offered in the clear: whoever listens gets the password");
    }
    match crate::known::find(name).map(|mechanism| mechanism.properties) {
        Some(properties) => known(name, &properties),
        None => OTHERS
            .iter()
            .find(|(other, ..)| name.as_str() == *other)
            .map_or((Rating::Unknown, "not known here"), |(_, rating, reason)| (*rating, reason)),
    }
}

fn known(name: MechanismName, properties: &Properties) -> (Rating, &'static str) {
    let is_bound = properties.binds == Binds::Channel;
    match properties {
        Properties { standing: Standing::Legacy, .. } => (Rating::Weak, "for old peers alone"),
        Properties { needs: Needs::Anonymity, .. } => (Rating::Weak, "lets in anybody, as nobody"),
        Properties { needs: Needs::External, .. } => {
            (Rating::Strong, "a certificate, or what else TLS or the system knows of the client")
        }
        Properties { needs: Needs::Token, .. } => (
            Rating::Ok,
            "a token that whoever gets it can use, for a while: as good as TLS and the server",
        ),
        Properties { exposure: Exposure::Everything, first: Side::Server, .. } => {
            (Rating::Weak, "obsolete: PLAIN in two messages; it reveals the password")
        }
        Properties { exposure: Exposure::Everything, .. } => {
            (Rating::Ok, "the server gets the password: as good as TLS and the server")
        }
        Properties { server_proof: ServerProof::Mutual, .. } if is_sha1(name) => (
            Rating::Ok,
            if is_bound { "tied to TLS; SHA-1, which is old" } else { "SHA-1, which is old" },
        ),
        Properties { server_proof: ServerProof::Mutual, .. } if is_bound => {
            (Rating::Strong, "the server proves itself, on this very TLS connection")
        }
        Properties { server_proof: ServerProof::Mutual, .. } => {
            (Rating::Ok, "the server proves itself; not tied to TLS")
        }
        _ => (Rating::Ok, "the server does not get the password, and does not prove itself"),
    }
}

fn is_sha1(name: MechanismName) -> bool {
    name.without_plus() == "SCRAM-SHA-1"
}

fn reveals_password(name: MechanismName) -> bool {
    let exposure = crate::known::find(name).map(|it| it.properties.exposure);
    exposure == Some(Exposure::Everything)
}

/// Something to think about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Warning {
    /// A stable word.
    pub(super) code: &'static str,
    /// What it means.
    pub(super) text: String,
}

/// Everything that is to be thought about.
pub(super) fn warnings(
    offer: &Offer,
    tls: Option<&TlsInfo>,
    security: ChannelSecurity,
    certificate: Option<&Certificate>,
    distrust: Option<&str>,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: String| warnings.push(Warning { code, text });
    // A socket of this machine is as good as TLS.
    let is_local = tls.is_none() && security == ChannelSecurity::Confidential;
    let in_clear = match tls {
        None => Some(&offer.mechanisms).filter(|_| !is_local),
        Some(_) => offer.before_tls.as_ref(),
    };
    let revealed: Vec<String> = in_clear
        .into_iter()
        .flatten()
        .filter(|name| reveals_password(**name))
        .map(ToString::to_string)
        .collect();
    if !revealed.is_empty() {
        let text = format!("{} in the clear: clients may give passwords away", revealed.join(", "));
        warn("plaintext-in-clear", text);
    }
    match tls {
        None if is_local => {}
        None if offer.start_tls_offered => {
            warn("no-tls", "TLS is offered, and was not used".into());
        }
        None => warn("no-tls", "no TLS: whoever listens reads along".into()),
        Some(tls) => of_tls(tls, distrust, &mut warn),
    }
    if let Some(certificate) = certificate {
        of_certificate(certificate, &mut warn);
    }
    if offer.unlisted {
        warn("not-told", "the server does not say which mechanisms it has".into());
    } else {
        of_mechanisms(&offer.mechanisms, tls.is_some(), &mut warn);
    }
    warnings
}

fn of_tls(tls: &TlsInfo, distrust: Option<&str>, warn: &mut impl FnMut(&'static str, String)) {
    match distrust {
        Some(why) => warn("certificate-not-verified", why.to_owned()),
        None if !tls.verified => warn("certificate-not-verified", "as --insecure says".into()),
        None => {}
    }
    if tls.version != "1.3" {
        let text = format!("TLS {}: the strongest binding, tls-exporter, needs 1.3", tls.version);
        warn("old-tls", text);
    }
    let missing = |it: &&(BindingKind, String)| it.0 == BindingKind::TlsServerEndPoint;
    if let Some((kind, why)) = tls.missing_bindings.iter().find(missing) {
        warn("no-end-point", format!("{kind} can't be used: {why}"));
    }
}

fn of_certificate(certificate: &Certificate, warn: &mut impl FnMut(&'static str, String)) {
    match certificate.days_left {
        ..0 => warn("certificate-expired", format!("expired on {}", certificate.not_after)),
        days @ 0..14 => warn("certificate-expires", format!("expires in {days} days")),
        _ => {}
    }
}

fn of_mechanisms(
    offered: &[MechanismName],
    under_tls: bool,
    warn: &mut impl FnMut(&'static str, String),
) {
    let scram: Vec<_> =
        offered.iter().filter(|name| name.as_str().starts_with("SCRAM-")).copied().collect();
    if offered.is_empty() {
        warn("no-mechanisms", "nobody can log in here with SASL".into());
    } else if scram.is_empty() && offered.iter().any(|name| reveals_password(*name)) {
        warn("no-scram", "passwords can only be sent as they are".into());
    }
    if scram.is_empty() {
        return;
    }
    if scram.iter().all(|name| is_sha1(*name)) {
        warn("sha1-only", "SCRAM with SHA-1 alone: SHA-256 is better (RFC 7677)".into());
    }
    if under_tls && !scram.iter().any(MechanismName::is_plus) {
        let text = "no -PLUS: logins can't be tied to their TLS connection";
        warn("no-plus", text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(offer: &Offer, tls: Option<&TlsInfo>) -> Vec<&'static str> {
        warnings(offer, tls, ChannelSecurity::Open, None, None)
            .into_iter()
            .map(|it| it.code)
            .collect()
    }

    fn names(names: &[&str]) -> Vec<MechanismName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn tls(missing: Vec<(BindingKind, String)>) -> TlsInfo {
        TlsInfo {
            version: "1.3",
            version_code: 0x0304,
            cipher: "TLS_AES_128_GCM_SHA256".into(),
            peer_certificates: Vec::new(),
            missing_bindings: missing,
            verified: true,
        }
    }

    #[test]
    fn a_good_offer_has_no_warnings() {
        let offer = Offer {
            mechanisms: names(&["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"]),
            before_tls: Some(Vec::new()),
            ..Offer::default()
        };
        assert_eq!(codes(&offer, Some(&tls(Vec::new()))), [""; 0]);
    }

    #[test]
    fn each_fault_is_named() {
        let offer = Offer {
            mechanisms: names(&["SCRAM-SHA-1"]),
            before_tls: Some(names(&["PLAIN", "LOGIN"])),
            ..Offer::default()
        };
        let missing = vec![(BindingKind::TlsServerEndPoint, "Ed25519".to_owned())];
        let expected = ["plaintext-in-clear", "no-end-point", "sha1-only", "no-plus"];
        assert_eq!(codes(&offer, Some(&tls(missing))), expected);
        let offer = Offer { mechanisms: names(&["LOGIN"]), ..Offer::default() };
        assert_eq!(codes(&offer, None), ["plaintext-in-clear", "no-tls", "no-scram"]);
        assert_eq!(codes(&Offer::default(), None), ["no-tls", "no-mechanisms"]);
        let old = TlsInfo { version: "1.2", verified: false, ..tls(Vec::new()) };
        let expected = ["certificate-not-verified", "old-tls", "no-mechanisms"];
        assert_eq!(codes(&Offer::default(), Some(&old)), expected);
    }

    #[test]
    fn a_socket_of_this_machine_needs_no_tls_and_a_server_may_keep_silent() {
        let offer = Offer { mechanisms: names(&["PLAIN", "SCRAM-SHA-256"]), ..Offer::default() };
        let found = warnings(&offer, None, ChannelSecurity::Confidential, None, None);
        assert_eq!(found, []);
        let silent = Offer { unlisted: true, ..Offer::default() };
        assert_eq!(codes(&silent, None), ["no-tls", "not-told"]);
    }

    #[test]
    fn ratings_have_their_reasons() {
        let rated = |name: &'static str, in_clear| rate(MechanismName::new(name), in_clear).0;
        assert_eq!(rated("SCRAM-SHA-256-PLUS", false), Rating::Strong);
        assert_eq!(rated("SCRAM-SHA-256", true), Rating::Ok);
        assert_eq!(rated("PLAIN", false), Rating::Ok);
        assert_eq!(rated("PLAIN", true), Rating::Weak);
        assert_eq!(rated("CRAM-MD5", false), Rating::Weak);
        assert_eq!(rated("X-RIDDLE", false), Rating::Unknown);
    }
}
