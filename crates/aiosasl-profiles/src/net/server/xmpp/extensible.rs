//! The exchanges of extensible SASL (XEP-0388), and a resource that is bound with them (XEP-0386).

use aiosasl::{
    driver::Store,
    error::FailureCode,
    mechanism::{Mechanism, Needs, ServerProof},
    message::ClientMessage,
    name::MechanismName,
};

use super::{
    Door, Interruption, MAX_RESOURCE, Next, Patience, Stream, Trouble, close, fault, no_randomness,
    stream::Version,
};
use crate::xmpp::{
    self, Condition,
    sasl2::{Bind, Bound, Fast, FastOffer, Inline, Offered, Request, Success, TokenUse},
    server::{self, sasl2},
};

/// What can be had in this way: inside TLS alone (XEP-0388 section 2.1).
pub(super) fn offered<S: Store>(door: &Door<'_, S>) -> Offered {
    if door.transport.tls().is_none() {
        return Offered::default();
    }
    let names = |by_token: bool| -> Vec<MechanismName> {
        door.offered().filter(|it| is_by_token(it) == by_token).map(|it| it.name).collect()
    };
    let by_token = names(true);
    let fast = (!by_token.is_empty())
        .then_some(FastOffer { mechanisms: by_token, early_data: Inline::NotOffered });
    Offered { mechanisms: names(false), bind: Inline::Offered, fast, ..Offered::default() }
}

/// Whether a token is proven by it, and not shown.
fn is_by_token(mechanism: &Mechanism) -> bool {
    let properties = &mechanism.properties;
    properties.needs == Needs::Token && properties.server_proof == ServerProof::Mutual
}

/// Runs an exchange.
pub(super) async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    stream: &mut Stream,
    said: Result<sasl2::Said, FailureCode>,
) -> Result<Next, Trouble> {
    stream.version = Version::Extensible;
    let (message, request) = match said {
        Ok(said) => (Ok(said.message), said.request),
        Err(code) => (Err(code), Request::default()),
    };
    let message = message.and_then(|it| check(door, it, &request));
    let message = message.and_then(super::request);
    let (verdict, patience) = door.authenticate(message, xmpp::PROFILE, &mut *stream).await?;
    match stream.take_interruption() {
        Some(Interruption::Fault(fault)) => return Err(Trouble::Fault(fault)),
        Some(Interruption::Closed) => return close(door).await,
        Some(Interruption::Request(_)) | None => {}
    }
    match verdict {
        Ok(additional_data) => {
            let (authorization_identifier, bound) = identifier(door, stream, request.bind)?;
            let success = Success { additional_data, authorization_identifier, bound, token: None };
            door.transport.send(sasl2::success(&success).as_bytes()).await?;
            let features = match bound {
                Bound::Nothing => server::features_after(),
                Bound::Resource => server::features_bound(),
            };
            door.transport.send(features.as_bytes()).await?;
        }
        Err(code) => door.transport.send(sasl2::failure(code).as_bytes()).await?,
    }
    if patience == Patience::Exhausted {
        return Err(fault(Condition::PolicyViolation, "too many failures"));
    }
    Ok(Next::Go)
}

/// What nobody can have in this way, whatever they prove.
fn check<S: Store>(
    door: &Door<'_, S>,
    message: ClientMessage,
    request: &Request,
) -> Result<ClientMessage, FailureCode> {
    let ClientMessage::Authenticate { mechanism, .. } = &message else { return Ok(message) };
    if door.transport.tls().is_none() {
        return Err(FailureCode::EncryptionRequired);
    }
    let known = door.offered().find(|it| it.name == *mechanism);
    match (known.map(is_by_token), request.fast) {
        // A token that is not taken back is worse than one that is still there, and known to be.
        (_, Some(Fast { token: TokenUse::Invalidated, .. })) => Err(FailureCode::Temporary),
        (Some(true), None) | (Some(false), Some(_)) => Err(FailureCode::Malformed),
        _ => Ok(message),
    }
}

/// Who the client is now.
fn identifier<S: Store>(
    door: &Door<'_, S>,
    stream: &Stream,
    bind: Option<Bind>,
) -> Result<(String, Bound), Trouble> {
    let user = door.account().unwrap_or("anonymous");
    let Some(Bind { tag }) = bind else {
        return Ok((server::bare_jid(user, stream.domain()), Bound::Nothing));
    };
    let random = (door.config.nonces)().map_err(|_| no_randomness())?;
    let fits = |tag: &String| !tag.is_empty() && tag.len() + random.as_str().len() < MAX_RESOURCE;
    let resource = match tag.filter(fits) {
        Some(tag) => format!("{tag}~{}", random.as_str()),
        None => random.as_str().to_owned(),
    };
    Ok((server::jid(user, stream.domain(), &resource), Bound::Resource))
}
