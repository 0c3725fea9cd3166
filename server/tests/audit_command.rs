//! What the support desk asks of the audit on the command line, beside the relay that writes it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use tempfile::TempDir;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_naru-relay"));
    command.args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NARU_")) {
        command.env_remove(name);
    }
    command
}

struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(&["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().to_owned();
        Self {
            child,
            output,
            address,
        }
    }

    /// A failure as a person has it: its reference number.
    fn fail(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = "GET /v1/mailboxes/-_v7-_v7-_v7-_v7-_v7-w/frames HTTP/1.1\r\nhost: relay\r\n\
            authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        let line = answer
            .lines()
            .find(|line| line.starts_with("naru-reference: "));
        line.unwrap()
            .trim_start_matches("naru-reference: ")
            .to_owned()
    }

    fn stop(mut self) -> (String, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let (mut output, mut log) = (String::new(), String::new());
        self.output.read_to_string(&mut output).unwrap();
        self.child
            .stderr
            .as_mut()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        assert!(self.child.wait().unwrap().success());
        (output, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}

fn audit(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(&["audit"]).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("audit.sqlite").display())
}

#[test]
fn finds_a_failure_by_its_number_while_the_relay_runs() {
    let folder = TempDir::new().unwrap();
    let store = sqlite(folder.path());
    let relay = Running::start(&["--audit", &store]);
    let reference = relay.fail();
    // The relay notes it beside the answer.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let sloppy = reference.to_lowercase().replace('-', "");
    let found = loop {
        let (status, found, _) = audit(&["--audit", &store, "--reference", &sloppy]);
        if status == Some(0) {
            break found;
        }
        assert!(std::time::Instant::now() < deadline, "nothing is found");
    };
    assert!(found.contains("failure=mailbox_unknown"), "{found}");
    assert!(found.contains("from=127.0.0.1"), "{found}");
    let (_, log) = relay.stop();
    assert!(log.contains(&reference), "{log}");
    assert!(
        !log.contains("-_v7-_v7") && !log.contains("AAAAAAAA"),
        "{log}"
    );
    assert!(!log.contains("kept in memory"), "{log}");
    let (status, said, _) = audit(&["--audit", &store, "--verify"]);
    assert_eq!(status, Some(0));
    assert!(said.contains("all as they were written"), "{said}");
    // Whoever looks something up is noted too.
    let (_, all, _) = audit(&["--audit", &store, "--all"]);
    assert!(
        all.lines()
            .any(|line| line.contains("look_up") && line.contains(&reference)),
        "{all}"
    );
    let unknown = if reference == "0000-000" {
        "0000-011"
    } else {
        "0000-000"
    };
    let (status, _, said) = audit(&["--audit", &store, "--reference", unknown]);
    assert_eq!(status, Some(1));
    assert!(said.contains("nothing is known"), "{said}");
}

#[test]
fn tells_that_an_entry_was_taken_away() {
    let folder = TempDir::new().unwrap();
    let store = sqlite(folder.path());
    let relay = Running::start(&["--audit", &store]);
    relay.fail();
    relay.fail();
    relay.stop();
    let connection = rusqlite::Connection::open(folder.path().join("audit.sqlite")).unwrap();
    connection
        .execute("DELETE FROM entry WHERE sequence = 1", [])
        .unwrap();
    let (status, _, said) = audit(&["--audit", &store, "--verify"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("entry 1 is missing"), "{said}");
}

#[test]
fn writes_json_lines_to_standard_output() {
    let relay = Running::start(&["--audit-export", "-"]);
    let reference = relay.fail();
    let (output, log) = relay.stop();
    let entry: serde_json::Value = serde_json::from_str(output.trim()).unwrap();
    assert_eq!(entry["event"]["reference"], reference.as_str());
    assert_eq!(entry["event"]["kind"], "failure");
    assert!(log.contains("kept in memory"), "{log}");
}

#[test]
fn refuses_questions_that_cannot_be_answered() {
    let folder = TempDir::new().unwrap();
    let store = sqlite(folder.path());
    let file = folder.path().join("naru.toml");
    fs::write(&file, "audit = 'postgres://user:secret@host'").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, status, named) in [
        (&["--verify"][..], 1, "memory"),
        (&["--audit", &store], 2, "--reference"),
        (&["--audit", &store, "--verify", "--all"], 2, "--verify"),
        (
            &["--audit", &store, "--reference", "4F7K-22*"],
            2,
            "reference number",
        ),
        (
            &["--audit", "sqlite:/no/such/folder/a", "--verify"],
            1,
            "database",
        ),
        (&["--audit-years", "3", "--verify"], 2, "--audit-years"),
        (&["--config", file, "--verify"], 2, "audit"),
    ] {
        let (code, _, said) = audit(arguments);
        assert_eq!(code, Some(status), "{arguments:?}: {said}");
        assert!(said.contains(named), "{arguments:?}: {said}");
        assert!(
            !said.contains("secret") && !said.contains("panicked"),
            "{said}"
        );
    }
}
