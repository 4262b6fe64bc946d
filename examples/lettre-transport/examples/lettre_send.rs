//! lettre sends a mail by a real server: `lettre_send HOST PORT USER FROM TO`, in the clear, the mail from standard input, the
//! password in `$AIOSASL_PASSWORD`.

use std::{env, io};

use aiosasl::credentials::Credentials;
use lettre::{AsyncTransport as _, address::Envelope};
use lettre_transport::{Fault, SaslTransport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [host, port, user, from, to] = arguments.as_slice() else {
        return Err("expected HOST PORT USER FROM TO".into());
    };
    let password = env::var("AIOSASL_PASSWORD")?;
    let transport = SaslTransport {
        host: host.clone(),
        port: port.parse()?,
        credentials: Credentials::password(user.as_str().try_into()?, password.as_str()),
    };
    let envelope = Envelope::new(Some(from.parse()?), vec![to.parse()?])?;
    // A line ends with CRLF; lettre takes care of those that begin with a dot.
    let mail = io::read_to_string(io::stdin())?.lines().collect::<Vec<_>>().join("\r\n");
    let sent = transport.send_raw(&envelope, mail.as_bytes()).await?;
    println!("{}", sent.first_line().unwrap_or_default());
    Ok(())
}
