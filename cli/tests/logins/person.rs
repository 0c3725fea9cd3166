//! Somebody's machine.

use std::{
    fs::{self, File},
    io::Write,
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Command, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use tempfile::TempDir;

use super::{CHANNEL, PAGE, get, provider::LoginServer};
use crate::talk::{self, Talk};

pub struct Person {
    pub subject: &'static str,
    folder: TempDir,
}

impl Person {
    pub fn new(subject: &'static str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("programs")).unwrap();
        Self { subject, folder }
    }

    /// Where programs are found by their name: none but what a test puts there, least of all a browser.
    pub fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    pub fn naru(&self, arguments: &[&str]) -> Command {
        let mut command = talk::naru(arguments);
        command
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path())
            .env("PATH", self.programs());
        command
    }

    pub fn talk(&self, arguments: &[&str]) -> Talk {
        Talk::with(self.naru(arguments))
    }

    /// A command that is over at once; what it says and complains about.
    pub fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.naru(arguments).stdin(Stdio::null()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    /// Logs in, once for the relay and once for the other device.
    pub fn log_in(&self, server: &LoginServer, relay: &str) {
        let clients = format!("{PAGE},{CHANNEL}");
        let named = ["--issuer", &server.issuer, "--channel-clients", &clients];
        let mut login = self.talk(&[&["login", "--relay", relay], &named[..]].concat());
        for _ in 0..2 {
            let address = login.hear("http");
            let (status, _) = get(server.let_in(address.trim(), self.subject).as_str());
            assert_eq!(status, 200);
            login.hear("Login server");
        }
        login.hear("Logged in");
        assert!(login.end().0);
    }

    /// What is kept of logins, by the ends of its names.
    pub fn kept(&self) -> Vec<PathBuf> {
        let listing = fs::read_dir(self.folder.path().join("naru/login"));
        let entries = listing.into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    fn file(&self, ending: &str) -> PathBuf {
        let mut kept = self.kept().into_iter();
        kept.find(|path| path.extension().is_some_and(|it| it == ending))
            .unwrap()
    }

    /// Somebody writes something else there.
    pub fn damage(&self, ending: &str, with: &str) {
        fs::write(self.file(ending), with).unwrap();
    }

    /// Time goes by until the login for the other device is over.
    pub fn age(&self, server: &LoginServer, changes_time: bool) {
        self.change_channel(|channel| {
            let token = channel["id_token"].as_str().unwrap();
            channel["id_token"] = server.aged(token, self.subject).into();
            if changes_time {
                channel["expires"] = 1.into();
            }
        });
    }

    /// Somebody has got hold of another's token, and of nothing else.
    pub fn steal_from(&self, other: &Self) {
        let kept = fs::read(other.file("json")).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        self.change_channel(|channel| channel["id_token"] = kept["channel"]["id_token"].clone());
    }

    fn change_channel(&self, change: impl FnOnce(&mut Value)) {
        let path = self.file("json");
        let mut kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut kept["channel"]);
        fs::write(path, kept.to_string()).unwrap();
    }
}

/// Runs a command at whose terminal somebody types this.
pub fn typed(mut command: Command, line: &str) -> (Talk, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal: OwnedFd = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap()
        .into();
    command.stdin(terminal);
    let mut master = File::from(master);
    writeln!(master, "{line}").unwrap();
    (Talk::alone(command), master)
}
