//! The same person at both machines, over an honest relay and over one that lies.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "not every test file holds every conversation")]

mod logins;
mod talk;

use std::{fs, path::PathBuf};

use naru_samples::PASSWORD;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::{
    logins::{
        get,
        person::Person,
        provider::LoginServer,
        relays::{LyingRelay, honest_relay, settings},
    },
    talk::{Talk, gpki},
};

/// A certificate on its way.
struct Crossing {
    from: TempDir,
    files: Vec<PathBuf>,
    into: TempDir,
    relay: String,
}

impl Crossing {
    fn over(relay: &str) -> Self {
        let (from, files) = gpki();
        Self {
            from,
            files,
            into: TempDir::new().unwrap(),
            relay: relay.to_owned(),
        }
    }

    fn giver(&self, person: &Person) -> Talk {
        let from = self.from.path().to_str().unwrap();
        let mut giver = person.talk(&["give", from, "--keep", "--relay", &self.relay]);
        giver.say(PASSWORD);
        giver
    }

    fn receiver(&self, person: &Person, code: &str) -> Talk {
        let into = self.into.path().to_str().unwrap();
        let arguments = ["receive", "--yes", "--relay", &self.relay, "--into", into];
        person.talk(&[&arguments[..], &["--code", code]].concat())
    }

    fn finish(&self, mut giver: Talk, mut phone: Talk) {
        let code = phone.hear("Security code:");
        giver.hear("Connected:");
        giver.say(code.trim().rsplit(' ').next().unwrap());
        phone.hear("Stored in");
        phone.say(PASSWORD);
        assert!(phone.end().0 && giver.end().0);
        for path in &self.files {
            let below = path.strip_prefix(self.from.path()).unwrap();
            let arrived = fs::read(self.into.path().join(below)).unwrap();
            assert_eq!(arrived, fs::read(path).unwrap(), "{}", below.display());
        }
    }

    /// Nothing has arrived, and the original is where it was.
    fn assert_nothing(&self) {
        assert_eq!(fs::read_dir(self.into.path()).unwrap().count(), 0);
        assert!(self.files.iter().all(|path| path.exists()));
    }
}

fn shown(giver: &mut Talk) -> String {
    giver.hear("NARU:").trim().to_owned()
}

fn number(giver: &mut Talk) -> String {
    let line = giver.hear("Connection number:");
    line.trim().rsplit(": ").next().unwrap().to_owned()
}

/// One person's two machines, each logged in by itself.
fn machines(server: &LoginServer, relay: &str) -> (Person, Person) {
    let both = (Person::new("hong"), Person::new("hong"));
    both.0.log_in(server, relay);
    both.1.log_in(server, relay);
    both
}

fn lying_relay(server: &LoginServer) -> LyingRelay {
    LyingRelay::start(settings(server, true))
}

#[test]
fn one_persons_machines_recognise_each_other_by_code_and_by_number() {
    let server = LoginServer::start();
    let lying = lying_relay(&server);
    for relay in [honest_relay(&server), lying.origin] {
        let (pc, phone) = machines(&server, &relay);
        for by in [shown, number] {
            let crossing = Crossing::over(&relay);
            let mut giver = crossing.giver(&pc);
            let code = by(&mut giver);
            let receiver = crossing.receiver(&phone, &code);
            crossing.finish(giver, receiver);
        }
    }
}

#[test]
fn what_the_lying_relay_says_is_what_the_honest_one_does() {
    let server = LoginServer::start();
    let honest = honest_relay(&server);
    let said: Value = serde_json::from_str(&get(&format!("{honest}/v1/settings")).1).unwrap();
    let mut said = said["login"]["providers"][0].clone();
    said.as_object_mut().unwrap().remove("name");
    assert_eq!(said, settings(&server, true)["login"]["providers"][0]);
}

#[test]
fn another_persons_machine_gets_nothing_even_over_a_relay_that_lies() {
    let server = LoginServer::start();
    let lying = lying_relay(&server);
    for relay in [honest_relay(&server), lying.origin.clone()] {
        let (pc, thief) = (Person::new("hong"), Person::new("kim"));
        pc.log_in(&server, &relay);
        thief.log_in(&server, &relay);
        let crossing = Crossing::over(&relay);
        let mut giver = crossing.giver(&pc);
        let photographed = shown(&mut giver);
        let complained = crossing.receiver(&thief, &photographed).fail();
        assert!(
            complained.contains("belongs to another person"),
            "{complained}"
        );
        assert!(complained.contains("[other_person, "), "{complained}");
        if relay == lying.origin {
            // The honest one has not let the thief in at all.
            assert!(giver.fail().contains("[other_person, "));
        }
        crossing.assert_nothing();
    }
}

#[test]
fn a_machine_where_nobody_is_logged_in_gives_and_gets_nothing() {
    let server = LoginServer::start();
    let relay = lying_relay(&server).origin;
    let (hong, nobody) = (Person::new("hong"), Person::new("nobody"));
    hong.log_in(&server, &relay);
    for (giving, receiving) in [(&hong, &nobody), (&nobody, &hong)] {
        let crossing = Crossing::over(&relay);
        let mut giver = crossing.giver(giving);
        let code = shown(&mut giver);
        let complained = crossing.receiver(receiving, &code).fail();
        assert!(
            complained.contains("Only one of the two devices is logged in"),
            "{complained}"
        );
        assert!(complained.contains("[identity_missing, "), "{complained}");
        assert!(giver.fail().contains("[identity_missing, "));
        crossing.assert_nothing();
    }
}

#[test]
fn machines_that_believe_different_login_servers_give_each_other_nothing() {
    let servers = (LoginServer::start(), LoginServer::start());
    let relay = lying_relay(&servers.0);
    let (pc, phone) = (Person::new("hong"), Person::new("hong"));
    pc.log_in(&servers.0, &relay.origin);
    relay.say(settings(&servers.1, true));
    phone.log_in(&servers.1, &relay.origin);
    let crossing = Crossing::over(&relay.origin);
    let mut giver = crossing.giver(&pc);
    let code = shown(&mut giver);
    let complained = crossing.receiver(&phone, &code).fail();
    let said = "Who is logged in on the other device could not be verified";
    assert!(complained.contains(said), "{complained}");
    assert!(complained.contains("[identity_invalid, "), "{complained}");
    assert!(giver.fail().contains("[identity_invalid, "));
    crossing.assert_nothing();
}

#[test]
fn a_stolen_token_is_of_no_use_without_its_key() {
    let server = LoginServer::start();
    let relay = lying_relay(&server).origin;
    let (pc, thief) = (Person::new("hong"), Person::new("kim"));
    pc.log_in(&server, &relay);
    thief.log_in(&server, &relay);
    thief.steal_from(&pc);
    let crossing = Crossing::over(&relay);
    let mut giver = crossing.giver(&pc);
    let photographed = shown(&mut giver);
    let complained = crossing.receiver(&thief, &photographed).fail();
    assert!(complained.contains("[identity_unverified]"), "{complained}");
    crossing.assert_nothing();
}

#[test]
fn without_the_login_servers_keys_nothing_goes_on() {
    let server = LoginServer::start();
    let relay = lying_relay(&server).origin;
    let pc = Person::new("hong");
    pc.log_in(&server, &relay);
    let kept = settings(&server, true)["login"]["providers"][0]["channel"].take();
    // Nothing listens there.
    let gone = json!({ "issuer": "http://127.0.0.1:1", "channel": kept });
    pc.damage("issuer", &gone.to_string());
    let refused = Crossing::over(&relay).giver(&pc).fail();
    assert!(refused.contains("[provider_unavailable]"), "{refused}");
}

#[test]
fn a_login_that_is_over_stops_everything_until_the_next_one() {
    let server = LoginServer::start();
    let relay = lying_relay(&server).origin;
    for changes_time in [true, false] {
        let (pc, phone) = machines(&server, &relay);
        pc.age(&server, changes_time);
        let crossing = Crossing::over(&relay);
        let refused = crossing.giver(&pc).fail();
        assert!(
            refused.contains("Log in again with `naru login`. Nothing was sent."),
            "{refused}"
        );
        assert!(refused.contains("[identity_expired]"), "{refused}");
        let show = ["receive", "--show", "--relay", &relay];
        let (succeeded, said) = pc.run(&show);
        assert!(!succeeded && !said.contains("NARU:"), "{said}");
        // A number that cannot be used is not used up.
        let mut giver = crossing.giver(&phone);
        let by_number = number(&mut giver);
        assert!(
            crossing
                .receiver(&pc, &by_number)
                .fail()
                .contains("[identity_expired]")
        );
        pc.log_in(&server, &relay);
        let receiver = crossing.receiver(&pc, &by_number);
        crossing.finish(giver, receiver);
    }
}

#[test]
fn a_machine_that_has_proved_itself_once_never_goes_on_without() {
    let server = LoginServer::start();
    let relay = lying_relay(&server);
    let pc = Person::new("hong");
    pc.log_in(&server, &relay.origin);
    let crossing = Crossing::over(&relay.origin);
    // The relay says that devices prove nothing, and then that nobody logs in at all.
    relay.say(settings(&server, false));
    let (_, said) = pc.run(&["login", "--relay", &relay.origin]);
    assert!(said.contains("[channel_gone]"), "{said}");
    relay.say(Value::Object(serde_json::Map::new()));
    assert!(pc.run(&["logout", "--relay", &relay.origin]).0);
    let refused = crossing.giver(&pc).fail();
    assert!(refused.contains("[identity_expired]"), "{refused}");
    pc.damage("issuer", "{}");
    let refused = crossing.giver(&pc).fail();
    assert!(refused.contains("[damaged_issuer]"), "{refused}");
    // Only the person can end it.
    assert!(pc.run(&["logout", "--forget", "--relay", &relay.origin]).0);
    let mut giver = crossing.giver(&pc);
    let code = shown(&mut giver);
    let receiver = crossing.receiver(&Person::new("nobody"), &code);
    crossing.finish(giver, receiver);
}
