//! Redis: what a test asks of it.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use rollcall_testbed::redis::Server;

/// One inline command, and the first line of the answer.
fn ask(server: &Server, command: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn answer(server: &Server, command: &str) -> String {
    ask(server, command).expect("the server answers")
}

#[test]
fn two_servers_see_nothing_of_each_other() {
    let one = Server::launch();
    let other = Server::launch();
    assert_eq!(one.url(), format!("redis://127.0.0.1:{}/", one.port()));
    assert_ne!(one.url(), other.url());
    assert_eq!(answer(&one, "SET key value"), "+OK");
    assert_eq!(answer(&one, "EXISTS key"), ":1");
    assert_eq!(answer(&other, "EXISTS key"), ":0");
}

#[test]
fn a_stopped_server_refuses_and_comes_back_empty() {
    let server = Server::launch();
    assert_eq!(answer(&server, "SET key value"), "+OK");
    server.stop();
    let refused = ask(&server, "PING").expect_err("nobody listens");
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    server.start();
    assert_eq!(answer(&server, "EXISTS key"), ":0");
}

#[test]
fn a_paused_server_takes_connections_and_says_nothing() {
    let server = Server::launch();
    server.pause();
    let silent = ask(&server, "PING").expect_err("it hangs");
    assert_eq!(silent.kind(), io::ErrorKind::WouldBlock);
    server.resume();
    assert_eq!(answer(&server, "PING"), "+PONG");
    // One that hangs can be stopped and dropped as well.
    server.pause();
    server.stop();
    server.start();
    server.pause();
}

#[test]
fn settings_of_the_caller_win() {
    let server = Server::launch_with(&[("requirepass", "secret")]);
    assert!(answer(&server, "PING").starts_with("-NOAUTH"));
    assert_eq!(answer(&server, "AUTH secret"), "+OK");
}

#[test]
fn a_setting_that_redis_does_not_know_is_said() {
    let outcome = std::panic::catch_unwind(|| Server::launch_with(&[("no-such-thing", "1")]));
    let message = outcome.expect_err("Redis refuses");
    let sentence = message.downcast_ref::<String>().expect("a sentence");
    assert!(sentence.contains("no-such-thing"), "{sentence}");
}
