//! async-imap lists the mailboxes of a real server: `async_imap_list HOST PORT USER`, in the clear, the password in
//! `$AIOSASL_PASSWORD`.

use std::{env, error::Error};

use aiosasl::{
    credentials::Credentials,
    mechanisms,
    policy::{Channel, ChannelSecurity},
};
use async_imap::Client;
use async_imap_authenticator::SaslAuthenticator;
use futures_util::TryStreamExt as _;
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [host, port, user] = arguments.as_slice() else {
        return Err("expected HOST PORT USER".into());
    };
    let mut client = Client::new(TcpStream::connect((host.as_str(), port.parse()?)).await?);
    client.read_response().await?.ok_or("the server has hung up")?;

    let credentials =
        Credentials::password(user.as_str().try_into()?, env::var("AIOSASL_PASSWORD")?.as_str());
    let scram = mechanisms::ALL.iter().find(|it| it.name == "SCRAM-SHA-256");
    let channel = Channel { security: ChannelSecurity::Open, bindings: &[], strength: 0 };
    let scram = scram.ok_or("no SCRAM in this build")?;
    let mut login = SaslAuthenticator::new(scram, &credentials, &[], &channel)?;
    let name = login.mechanism();
    let session = client.authenticate(name.as_str(), &mut login).await;
    let mut session = session.map_err(|(error, _)| error)?;
    eprintln!("server verified: {}", login.finish()?.server_verified);

    let names: Vec<_> = session.list(Some(""), Some("*")).await?.try_collect().await?;
    for name in names {
        println!("{}", name.name());
    }
    Ok(session.logout().await?)
}
