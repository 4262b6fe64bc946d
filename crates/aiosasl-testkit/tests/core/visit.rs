//! SAML20 and OPENID20: who may be sent where, and what is believed.

use aiosasl::{
    ClientStep, ServerStep,
    credentials::Credentials,
    error::{Error, Reason},
    mechanism::Mechanism,
    mechanisms::visit::{OPENID20, SAML20},
    message::{ClientMessage, Outcome, ServerMessage},
    profile::Profile,
    query::{ClientQuery, Query},
};
use aiosasl_testkit::{Accounts, talk};

use crate::support::*;

const BOTH: [&Mechanism; 2] = [&SAML20, &OPENID20];

fn named(name: &str) -> Credentials {
    Credentials::none().of_user(Some(name.try_into().expect("a name")))
}

/// What somebody types is enough: SAML20 takes the domain of an address.
#[test]
fn an_address_leads_to_its_domain() {
    for (mechanism, name, said) in [
        (&SAML20, "user@idp.example", "n,,idp.example"),
        (&SAML20, "idp.example", "n,,idp.example"),
        (&OPENID20, "user@idp.example", "n,,user@idp.example"),
    ] {
        let mut client = client_in(mechanism, &named(name), Profile::FULL);
        let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) =
            client.start()
        else {
            panic!("no first message")
        };
        assert_eq!(initial_response.as_ref().map(AsRef::as_ref), Some(said.as_bytes()));
    }
    for (mechanism, name, reason) in [
        (&SAML20, "user@", Reason::EmptyProvider),
        (&SAML20, "not a domain", Reason::BadProvider),
        (&OPENID20, "not an identifier", Reason::BadProvider),
    ] {
        let credentials = named(name);
        let context = context(&credentials, aiosasl::binding::ClientBinding::Unsupported, &[]);
        let error = (mechanism.client)(&context).err();
        assert_eq!(error, Some(Error::Credentials(reason)), "{name}");
    }
}

#[test]
fn whoever_does_not_want_to_go_gives_up() {
    for mechanism in BOTH {
        let mut client = client(mechanism);
        assert!(client.start().is_ok());
        let url = ServerMessage::Challenge(b"https://idp.example/".to_vec().into());
        let Ok(ClientStep::Ask(ClientQuery::Question(question))) = client.receive(url) else {
            panic!("no question")
        };
        let step = client.answer(question.decline());
        assert_eq!(gave_up(&mut client, step), Error::Credentials(Reason::NoCredentials));
    }
}

#[test]
fn success_before_the_visit_is_none() {
    for mechanism in BOTH {
        let mut client = client(mechanism);
        assert!(client.start().is_ok());
        let end = client.receive(ServerMessage::Success { additional_data: None });
        assert_eq!(end.err(), Some(Error::Peer(Reason::ServerNotVerified)));
    }
}

#[test]
fn unknown_providers_are_refused_at_once() {
    for mechanism in BOTH {
        let met = talk(client(mechanism), server(mechanism), &Accounts::new());
        let Some(Outcome::Failure(failure)) = met.server else { panic!("{:?}", met.lines) };
        assert_eq!((failure.reason, met.lines.len()), (Reason::ProviderRefused, 2));
    }
}

/// A store's mistake is not sent to anybody.
#[test]
fn a_url_that_no_client_would_visit_is_not_sent() {
    for mechanism in BOTH {
        let accounts = Accounts::new().with_provider("user", "idp.example/no-scheme", None);
        let met = talk(client(mechanism), server(mechanism), &accounts);
        let Some(Outcome::Failure(failure)) = met.server else { panic!("{:?}", met.lines) };
        assert_eq!(failure.reason, Reason::BadRedirect);
        assert_eq!(met.client.err().map(|it| it.reason()), Some("temporary"));
    }
    for attributes in ["email=user@example.org", "openid.error=fail"] {
        let accounts = accounts().with_attributes(attributes);
        let met = talk(client(&OPENID20), server(&OPENID20), &accounts);
        let Some(Outcome::Failure(failure)) = met.server else { panic!("{:?}", met.lines) };
        assert_eq!(failure.reason, Reason::BadSregPair);
    }
}

/// The question who has come back is about the URL that this client was sent to, and about nobody else's.
#[test]
fn the_store_hears_which_visit_it_was() {
    for mechanism in BOTH {
        let mut server = server(mechanism);
        let accounts = accounts();
        let step = starts(&mut server, "n,a=admin,user", &accounts);
        assert_eq!(challenge(step), b"https://idp.example/?id=1");
        let response = ClientMessage::Response(b"=".to_vec().into());
        let step = server.receive(response).expect("in turn");
        let ServerStep::Ask(Query::Returned(query)) = step else { panic!("{step:?}") };
        assert_eq!(query.url(), "https://idp.example/?id=1");
        assert_eq!(query.claimed().map(AsRef::as_ref), Some("admin"));
        let step = server.answer(query.answer(aiosasl::query::TokenVerdict::Unavailable, ""));
        assert_eq!(refusal(step.expect("in turn")), "store-unavailable");
    }
}
