//! A name server of a few names, on 127.0.0.1: SRV and A records, and NXDOMAIN for all else (RFC 1035).

use std::net::SocketAddr;

use tokio::{net::UdpSocket, task::JoinHandle};

/// A service, its priority and weight, its port, and the host that has it; `.` for a service that is not there.
pub(crate) type Service = (&'static str, u16, u16, u16, &'static str);

const A: u16 = 1;
const SRV: u16 = 33;

/// Knows these services; every name that ends in `.test` and is no service is this machine.
pub(crate) async fn serve(services: Vec<Service>) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let mut buffer = [0; 512];
        loop {
            let (count, from) = socket.recv_from(&mut buffer).await.unwrap();
            if let Some(answer) = answer(&buffer[..count], &services) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    (address, serving)
}

fn answer(query: &[u8], services: &[Service]) -> Option<Vec<u8>> {
    let (labels, rest) = name(query.get(12..)?)?;
    let asked = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
    let question = &query[12..query.len() - rest.len() + 4];
    let name = labels.join(".").to_ascii_lowercase();
    let records: Vec<Vec<u8>> = match asked {
        A if labels.last().is_some_and(|it| it == "test") && !name.starts_with('_') => {
            vec![vec![127, 0, 0, 1]]
        }
        SRV => services.iter().filter(|it| it.0 == name).map(service).collect(),
        _ => Vec::new(),
    };
    // An answer, recursion available; without records a name that does not exist.
    let code = if records.is_empty() { 3 } else { 0 };
    let mut answer = vec![query[0], query[1], 0x81, 0x80 | code, 0, 1, 0];
    answer.push(u8::try_from(records.len()).ok()?);
    answer.extend([0; 4]);
    answer.extend(question);
    for data in records {
        // The question's name, class IN, a minute.
        answer.extend([0xc0, 12]);
        answer.extend(asked.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        answer.extend(data);
    }
    Some(answer)
}

fn service(&(_, priority, weight, port, host): &Service) -> Vec<u8> {
    let mut data = [priority, weight, port].map(u16::to_be_bytes).concat();
    for label in host.split('.').filter(|it| !it.is_empty()) {
        data.push(u8::try_from(label.len()).unwrap());
        data.extend(label.as_bytes());
    }
    data.push(0);
    data
}

/// A name's labels, and what follows it.
fn name(mut octets: &[u8]) -> Option<(Vec<String>, &[u8])> {
    let mut labels = Vec::new();
    loop {
        let (length, rest) = octets.split_first()?;
        if *length == 0 {
            return Some((labels, rest));
        }
        let label = rest.get(..usize::from(*length))?;
        labels.push(String::from_utf8_lossy(label).into_owned());
        octets = &rest[label.len()..];
    }
}
