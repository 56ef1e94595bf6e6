//! `rollcall serve`, where it does not come to serving.

use crate::shell::Shell;

#[test]
fn the_demo_refuses_a_database_of_others() {
    let shell = Shell::new();
    shell.json("client create --name Somebody");
    let error = shell.error("serve --demo --listen 127.0.0.1:0 --database sqlite:rollcall.db");
    assert!(error.contains("this one holds other clients"), "{error}");
    assert_eq!(shell.objects("client list").len(), 1);
    assert!(shell.objects("token list").is_empty());
}

#[test]
fn a_port_that_is_taken_is_said_in_a_sentence() {
    let shell = Shell::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let error = shell.error(&format!("serve --listen {address}"));
    assert!(
        error.starts_with(&format!("error: cannot listen on {address}: ")),
        "{error}"
    );
}
