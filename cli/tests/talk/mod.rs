//! The real binary in a conversation, and what it talks about.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
};

use naru_relay::{Application, Settings};
use naru_samples::{Period, Samples};
use tempfile::TempDir;

pub const NOW: u64 = 1_795_000_000;

pub fn naru(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_naru"));
    command
        .args(["--lang", "en"])
        .args(arguments)
        .env_remove("NARU_RELAY")
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

pub fn run(arguments: &[&str]) -> Output {
    naru(arguments).stdin(Stdio::null()).output().unwrap()
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn gpki() -> (TempDir, Vec<PathBuf>) {
    let folder = TempDir::new().unwrap();
    let files = Samples::new(3, Period::around(NOW))
        .gpki(folder.path())
        .unwrap();
    (folder, files)
}

/// A relay that runs until the test's process ends.
pub fn relay() -> String {
    relay_with(Settings::local().unwrap())
}

/// The same, set up by its operator.
pub fn relay_with(settings: Settings) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let application = Application::build(settings).await.unwrap();
            sender.send(application.url().to_owned()).unwrap();
            application.run(std::future::pending()).await.unwrap();
        });
    });
    receiver.recv().unwrap()
}

/// A command in a conversation.
pub struct Talk {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Drop for Talk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Talk {
    pub fn start(arguments: &[&str]) -> Self {
        Self::with(naru(arguments))
    }

    pub fn with(mut command: Command) -> Self {
        command.stdin(Stdio::piped());
        Self::alone(command)
    }

    /// A command that hears something else than the test.
    pub fn alone(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        Self {
            child,
            input,
            output: BufReader::new(output),
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn say(&mut self, line: &str) {
        writeln!(self.input.as_ref().unwrap(), "{line}").unwrap();
    }

    /// Reads until a line holds `wanted`.
    pub fn hear(&mut self, wanted: &str) -> String {
        let mut heard = String::new();
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                let complained = self.complained();
                panic!("{wanted:?} not in {heard}{complained}");
            }
            if line.contains(wanted) {
                return line;
            }
            heard += &line;
        }
    }

    pub fn end(mut self) -> (bool, String) {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().success(), rest)
    }

    /// What it complains about when it does not succeed.
    pub fn fail(mut self) -> String {
        drop(self.input.take());
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        assert!(!self.child.wait().unwrap().success(), "{said}");
        self.complained()
    }

    fn complained(&mut self) -> String {
        let mut complained = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut complained).unwrap();
        complained
    }
}
