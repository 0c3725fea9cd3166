//! The relay's command, as an operator runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod program;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    time::Instant,
};

use naru_relay::Settings;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use tempfile::TempDir;

use self::program::command;

fn refused(output: &Output, status: i32, named: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    for name in named {
        assert!(said.contains(name), "{name} is not named in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

/// A relay that listens, and where.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let url = line
            .trim()
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .to_owned();
        Self { child, url }
    }

    /// Ends it as an operator does; yields what it has logged.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let mut log = String::new();
        let errors = self.child.stderr.as_mut().unwrap();
        errors.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success());
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}

fn settings_file(folder: &TempDir, text: &str) -> String {
    let path = folder.path().join("naru.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn names_the_setting_that_is_wrong() {
    let folder = TempDir::new().unwrap();
    for (flag, value) in [
        ("--listen", "nowhere"),
        ("--join-ttl", "0"),
        ("--join-ttl", "-1"),
        ("--frame-bytes", "many"),
        ("--trusted-proxies", "10.0.0.0/40"),
        ("--log-format", "xml"),
    ] {
        let output = command(&[&format!("{flag}={value}")]).output().unwrap();
        refused(&output, 2, &[flag, value]);
    }
    let output = command(&[]).env("NARU_LISTEN", "nowhere").output().unwrap();
    refused(&output, 2, &["nowhere", "listen"]);
    for (text, named) in [
        ("listen = 'nowhere'", &["naru.toml", "listen", "line 1"][..]),
        ("\njoin_ttl = -5", &["join_ttl", "line 2"]),
        ("join_tll = 5", &["join_tll", "line 1"]),
        ("store = 'postgres://x'", &["store", "redis://"]),
        ("store = 'redis://:secret@'", &["store"]),
        ("tls_certificate = 'a.pem'", &["tls_key"]),
        ("frame_bytes = 2000000", &["frame_bytes"]),
        ("deposit_max_hours = 169", &["deposit_max_hours"]),
        (
            "deposit_hours = 9\ndeposit_max_hours = 8",
            &["deposit_hours"],
        ),
        ("password_kinds = 5", &["password_kinds"]),
        ("roots = '/no/roots.pem'", &["/no/roots.pem"]),
        ("roots = '/dev/null'", &["/dev/null"]),
        ("= = =", &["naru.toml", "line 1"]),
    ] {
        let file = settings_file(&folder, text);
        let output = command(&["--config", &file]).output().unwrap();
        refused(&output, 2, named);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    }
    for path in ["/no/such/file.toml", folder.path().to_str().unwrap()] {
        let output = command(&["--config", path]).output().unwrap();
        refused(&output, 2, &[path]);
    }
}

#[test]
fn names_what_keeps_it_from_starting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(&["--listen", &address]).output().unwrap();
    refused(&output, 1, &[&address]);
    let missing = [
        "--tls-certificate",
        "/no/chain.pem",
        "--tls-key",
        "/no/key.pem",
    ];
    let output = command(&["--listen", "127.0.0.1:0"])
        .args(missing)
        .output()
        .unwrap();
    refused(&output, 1, &["/no/chain.pem"]);
    drop(taken);
    let store = format!("redis://user:secret@{address}");
    let output = command(&["--listen", "127.0.0.1:0", "--store", &store])
        .output()
        .unwrap();
    refused(&output, 1, &["store"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = TempDir::new().unwrap();
    let file = settings_file(&folder, "listen = '127.0.0.9:1'\nlog_format = 'json'");
    let mut relay = command(&["--config", &file, "--listen", "127.0.0.1:0"]);
    relay.env("NARU_LISTEN", "127.0.0.8:1");
    let relay = Running::start(relay);
    assert!(relay.url.starts_with("http://127.0.0.1:"), "{}", relay.url);
    let log = relay.stop();
    for line in log.lines() {
        assert!(line.starts_with('{'), "{line}");
    }
}

#[test]
fn serves_https_with_the_operators_certificate() {
    let folder = TempDir::new().unwrap();
    let (key, chain) = (
        folder.path().join("key.pem"),
        folder.path().join("chain.pem"),
    );
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&chain)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let relay = Running::start({
        let mut relay = command(&["--listen", "127.0.0.1:0", "--tls-certificate"]);
        relay.arg(&chain).arg("--tls-key").arg(&key);
        relay
    });
    assert!(relay.url.starts_with("https://"));
    let answer = Command::new("openssl")
        .args([
            "s_client",
            "-connect",
            relay.url.trim_start_matches("https://"),
        ])
        .args(["-verify_return_error", "-CAfile"])
        .arg(&chain)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&answer.stdout);
    assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
    assert!(said.contains("TLSv1.3"), "{said}");
    relay.stop();
}

#[test]
fn takes_the_socket_that_the_service_manager_hands_over() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let manager = Command::new("systemd-socket-activate")
        .args(["--listen", &address.to_string()])
        .arg(env!("CARGO_BIN_EXE_naru-relay"))
        // Its own setting would be refused: port 1 is not this user's, or another's.
        .args(["--listen", "192.0.2.1:1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut manager = manager.expect("systemd is installed: `cargo xtask test` installs it");
    let mut said = BufReader::new(manager.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.is_ok_and(|line| line.contains("Listening on"))));
    let (head, _) = exchange(
        &address.to_string(),
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    // The manager has become the relay.
    let _ = manager.kill();
    let _ = manager.wait();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[test]
fn logs_requests_without_ids_tokens_and_addresses() {
    let mut relay = command(&["--listen", "127.0.0.1:0", "--log-format", "json"]);
    relay.env("RUST_LOG", "trace");
    let relay = Running::start(relay);
    let (id, token) = ("AAECAwQFBgcICQoLDA0ODw", "k".repeat(43));
    let address = relay.url.trim_start_matches("http://").to_owned();
    let request = format!(
        "GET /v1/mailboxes/{id}/frames?after=3 HTTP/1.1\r\nhost: x\r\n\
         authorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    let (answer, client) = exchange(&address, &request);
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    let log = relay.stop();
    assert!(log.contains("/v1/mailboxes/{id}/frames"), "{log}");
    for secret in [id, &token, "Bearer", &client, "after=3"] {
        assert!(!log.contains(secret), "{secret} is in: {log}");
    }
}

/// The answer, and the client's own address.
fn exchange(address: &str, request: &str) -> (String, String) {
    let mut connection = TcpStream::connect(address).unwrap();
    let client = connection.local_addr().unwrap().to_string();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    (answer, client)
}

#[test]
fn two_thousand_mutated_settings_files_are_read_or_refused() {
    const GOOD: &str = "listen = \"127.0.0.1:0\"\nstore = \"memory\"\nlog_format = \"json\"\n\
        trusted_proxies = [\"10.0.0.0/8\", \"2001:db8::/32\"]\njoin_ttl = 180\n\
        transfer_ttl = 600\nframe_bytes = 64000\nlane_frames = 32\nrequest_deadline = 10\n";
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("naru.toml");
    let (mut read, mut refused) = (0, 0);
    for seed in 0..2_000 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut bytes = GOOD.as_bytes().to_vec();
        for _ in 0..=rng.next_u32() % 3 {
            let at = rng.next_u32() as usize % bytes.len();
            match rng.next_u32() % 4 {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, rng.next_u32() as u8),
                2 => bytes[at] = b"0-9\"[]={}\n#a"[rng.next_u32() as usize % 12],
                _ => bytes[at] ^= 1 << (rng.next_u32() % 8),
            }
        }
        fs::write(&path, &bytes).unwrap();
        let started = Instant::now();
        match Settings::from_file(&path) {
            Ok(_) => read += 1,
            Err(error) => {
                refused += 1;
                let said = error.to_string();
                assert!(
                    said.contains("naru.toml") || said.contains("setting `"),
                    "seed {seed}: {said}"
                );
            }
        }
        assert!(started.elapsed().as_secs() < 1);
    }
    assert!(read > 20 && refused > 100, "{read} read, {refused} refused");
}
