//! The example of the loop without a driver is run.
#![cfg(all(feature = "driver", feature = "plain", feature = "scram-sha-256"))]

#[path = "../examples/sans_io.rs"]
mod example;

use example::{log_in, main, toy_server};

#[test]
fn the_sans_io_loop_logs_in() {
    let (address, server) = toy_server::spawn().expect("a server");
    let authenticated = log_in(address, "user", "pencil").expect("let in");
    assert!(authenticated.server_verified);
    assert_eq!(server.join().expect("no panic").expect("no fault").as_deref(), Some("user"));

    let (address, server) = toy_server::spawn().expect("a server");
    let error = log_in(address, "user", "pen").expect_err("wrong");
    assert_eq!(error.to_string(), "the peer refused: wrong credentials");
    assert_eq!(server.join().expect("no panic").expect("no fault"), None);
}

#[test]
fn the_whole_example_runs() {
    main().expect("both logins end as they should");
}
