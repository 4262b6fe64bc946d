//! What all mechanisms of this room ask of a provider, and make of its answers.

use alloc::{boxed::Box, string::String};

use super::KERBEROS;
use crate::{
    credentials::Key,
    error::{Error, Failure, FailureCode, Misuse, Reason},
    identity::AuthenticationId,
    mechanism::{ClientContext, Service},
    query::{
        Answer, ClientAnswer, ClientQuery, Gss, GssCall, GssContext, GssError, GssErrorKind,
        GssProperties, GssRequest, GssResult, GssStep, OpenGss, Query,
    },
    secret::Secret,
};

/// What a client asks for: a context of this mechanism with the service of its rules.
pub(super) fn initiator(
    mechanism: &'static [u8],
    context: &ClientContext<'_>,
) -> Result<GssRequest, Error> {
    let service = context.rules.service.as_ref();
    let named = service.filter(|it| !it.name.is_empty() && !it.host().is_empty());
    let service = named.ok_or(Error::Credentials(Reason::NoService))?;
    let password = match &context.credentials.key {
        Key::Password(password) => Some(Secret::new(password.expose())),
        _ => None,
    };
    Ok(GssRequest {
        initiator: context.credentials.authentication_id.clone(),
        password,
        service: service.name.clone(),
        host: service.host().into(),
        ..GssRequest::new(mechanism)
    })
}

/// What a server asks for: a context of this mechanism with the service that it is, or any that there are keys for.
pub(super) fn acceptor(mechanism: &'static [u8], service: Option<&Service>) -> GssRequest {
    let (name, host) = service.map(|it| (it.name.clone(), it.host().into())).unwrap_or_default();
    GssRequest { service: name, host, ..GssRequest::new(mechanism) }
}

/// The question that a client's exchange begins with.
pub(super) fn open(request: GssRequest) -> ClientQuery {
    ClientQuery::Gss(Gss::Open(OpenGss { request }))
}

/// The question that a server's exchange asks first.
pub(super) fn open_for_server(request: GssRequest) -> Query {
    Query::Gss(Gss::Open(OpenGss { request }))
}

/// A client's call on its context.
pub(super) fn call(call: GssCall) -> ClientQuery {
    ClientQuery::Gss(Gss::Call(call))
}

/// A server's call on its context.
pub(super) fn server_call(call: GssCall) -> Query {
    Query::Gss(Gss::Call(call))
}

/// What a client has heard of its provider.
pub(super) fn heard(answer: ClientAnswer) -> Result<(Box<dyn GssContext>, GssResult), Error> {
    answer.gss()?.result().map_err(|error| Error::from(&error))
}

/// What a server has heard of its provider.
pub(super) fn heard_by_server(answer: Answer) -> Result<(Box<dyn GssContext>, GssResult), Failure> {
    answer.gss()?.result().map_err(|error| failure_of(&error))
}

/// A client's step, and what is known of the context where that stands now.
pub(super) fn step(answer: ClientAnswer) -> Result<(Box<dyn GssContext>, GssStep), Error> {
    match heard(answer)? {
        (context, GssResult::Step(step)) => Ok((context, step)),
        _ => Err(Misuse::OutOfTurn.into()),
    }
}

/// A server's step.
pub(super) fn server_step(answer: Answer) -> Result<(Box<dyn GssContext>, GssStep), Failure> {
    match heard_by_server(answer)? {
        (context, GssResult::Step(step)) => Ok((context, step)),
        _ => Err(Failure::OUT_OF_TURN),
    }
}

/// What is known of a context that stands: both ends are proven, and neither is nobody.
pub(super) fn established(context: &dyn GssContext) -> Result<GssProperties, Reason> {
    let properties = context.properties().ok_or(Reason::GssFailed)?;
    if properties.anonymous {
        return Err(Reason::GssAnonymous);
    }
    if !properties.mutual {
        return Err(Reason::GssNotMutual);
    }
    Ok(properties)
}

/// The same, of a context that has to be Kerberos's.
pub(super) fn established_by_kerberos(context: &dyn GssContext) -> Result<GssProperties, Reason> {
    let properties = established(context)?;
    if *properties.mechanism == *KERBEROS { Ok(properties) } else { Err(Reason::GssMechanism) }
}

/// Whose credentials an initiator's are: its principal, or, where that is in one of these realms, its name there.
pub(super) fn identity(
    principal: &str,
    service: Option<&Service>,
) -> Result<AuthenticationId, Failure> {
    let realms = service.map(|it| &*it.realms).unwrap_or_default();
    let local = principal.rsplit_once('@').filter(|(name, realm)| {
        // What is escaped in a principal (RFC 1964 section 2.1.1) is in no account's name.
        !name.contains(['@', '\\']) && realms.iter().any(|it| **it == **realm)
    });
    let name = local.map_or(principal, |(name, _)| name);
    AuthenticationId::new(String::from(name))
        .map_err(|_| Failure::credentials(Reason::GssAnonymous))
}

fn failure_of(error: &GssError) -> Failure {
    let code = match error.kind {
        GssErrorKind::NoCredentials | GssErrorKind::Unavailable => FailureCode::Temporary,
        _ => FailureCode::InvalidCredentials,
    };
    Failure::new(code, error.reason())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_of_our_own_realms_are_accounts_by_name() {
        let ours = Service::new("svc", "host").in_realms(["EXAMPLE.ORG"]);
        for (principal, account) in [
            ("user@EXAMPLE.ORG", "user"),
            ("user/admin@EXAMPLE.ORG", "user/admin"),
            ("user@example.org", "user@example.org"),
            ("user@ELSEWHERE", "user@ELSEWHERE"),
            (r"us\@er@EXAMPLE.ORG", r"us\@er@EXAMPLE.ORG"),
            ("a@b@EXAMPLE.ORG", "a@b@EXAMPLE.ORG"),
            ("user", "user"),
        ] {
            let found = identity(principal, Some(&ours)).expect("an identity");
            assert_eq!(found.as_str(), account);
        }
        assert_eq!(identity("user@A", None).expect("an identity").as_str(), "user@A");
        assert!(identity("@EXAMPLE.ORG", Some(&ours)).is_err());
    }
}
