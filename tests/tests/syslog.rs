//! The audit at a syslog server: RFC 5424 messages by datagrams, by a stream, and by a socket of this machine.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    io::Read,
    net::{TcpListener, UdpSocket},
    os::unix::net::UnixDatagram,
    time::Duration,
};

use naru_relay::audit::ExportTarget;
use naru_tests::{PATIENCE, RunningRelay, http_client};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

async fn relay(address: &str) -> RunningRelay {
    let address = address.parse().unwrap();
    RunningRelay::start(|settings| {
        settings.audit_exports = vec![ExportTarget::Syslog(address)];
    })
    .await
}

/// Makes the relay note something: a call that it refuses.
async fn refuse(relay: &RunningRelay) {
    let url = format!("{}/v1/mailboxes/{}/frames", relay.origin, "A".repeat(22));
    let token = naru_core::mailbox::Token::from_bytes([1; 32]).authorization();
    let call = http_client().request(Method::GET, url);
    let answer = call.header("authorization", token).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

/// The entry in a message.
fn entry(message: &[u8]) -> Value {
    let message = std::str::from_utf8(message).unwrap();
    let parts: Vec<&str> = message.splitn(8, ' ').collect();
    assert_eq!(parts[0], "<85>1", "{message}");
    assert_eq!(parts[3], "naru-relay", "{message}");
    assert_eq!(parts[6], "-", "{message}");
    let entry: Value = serde_json::from_str(parts[7]).unwrap();
    assert_eq!(entry["event"]["failure"], "mailbox_unknown", "{message}");
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_a_datagram_for_each_entry() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let relay = relay(&format!("udp://{}", server.local_addr().unwrap())).await;
    for _ in 0..2 {
        refuse(&relay).await;
        let mut message = [0; 4_096];
        let length = server.recv(&mut message).unwrap();
        entry(&message[..length]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_the_octets_of_each_message_of_a_stream_and_connects_again() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = relay(&format!("tcp://{}", server.local_addr().unwrap())).await;
    // A connection that the server has closed takes what is written first.
    for _ in 0..2 {
        let accepting = server.try_clone().unwrap();
        let reading = tokio::task::spawn_blocking(move || {
            let (mut stream, _) = accepting.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut length = String::new();
            loop {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                match byte[0] {
                    b' ' => break,
                    digit => length.push(char::from(digit)),
                }
            }
            let mut message = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut message).unwrap();
            message
        });
        let mut reading = reading;
        let mut came = None;
        for _ in 0..5 {
            refuse(&relay).await;
            let waited = tokio::time::timeout(Duration::from_secs(2), &mut reading).await;
            if let Ok(message) = waited {
                came = Some(message.unwrap());
                break;
            }
        }
        entry(&came.expect("a message"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_to_the_socket_of_this_machine() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let relay = relay(&format!("unix:{}", path.display())).await;
    refuse(&relay).await;
    let mut message = [0; 4_096];
    let length = server.recv(&mut message).unwrap();
    entry(&message[..length]);
}

#[tokio::test(flavor = "multi_thread")]
async fn works_on_without_a_server() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let relay = relay(&format!("tcp://{address}")).await;
    refuse(&relay).await;
    refuse(&relay).await;
}
