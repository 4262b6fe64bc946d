//! The toy protocol of the examples is run, and is as short as it claims.
#![cfg(all(feature = "driver", feature = "plain", feature = "scram-sha-256"))]

#[path = "../examples/toy_line_protocol.rs"]
mod example;

use example::{log_in, main, toy_server};

#[test]
fn a_line_protocol_takes_less_than_sixty_lines() {
    let text = include_str!("../examples/toy_line_protocol.rs");
    let (protocol, rest) =
        text.split_once("// The protocol ends here.").expect("the marker stands there");
    assert!(protocol.contains("impl SaslInterface for Toy"));
    assert!(!rest.contains("impl "), "all of the protocol stands above the marker");
    let lines = protocol.lines().count();
    assert!(lines < 60, "{lines} lines");
}

#[test]
fn the_toy_protocol_logs_in() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let (address, server) = toy_server::spawn().expect("a server");
    let negotiated = runtime.block_on(log_in(address, ("user", "pencil"))).expect("let in");
    assert!(negotiated.report.server_verified);
    assert_eq!(server.join().expect("no panic").expect("no fault").as_deref(), Some("user"));

    let (address, server) = toy_server::spawn().expect("a server");
    let error = runtime.block_on(log_in(address, ("user", "pen"))).expect_err("wrong");
    assert_eq!(error.to_string(), "authentication failed: wrong credentials");
    assert_eq!(server.join().expect("no panic").expect("no fault"), None);
}

#[test]
fn the_whole_example_runs() {
    main().expect("both logins end as they should");
}
