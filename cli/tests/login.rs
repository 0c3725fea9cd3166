//! `naru login` with a browser of this machine, and whose word it takes.

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

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
};

use rustix::process::{Pid, Signal, kill_process};

use self::{
    logins::{
        get,
        person::{Person, typed},
        provider::LoginServer,
        relays::{LyingRelay, settings},
        request,
    },
    talk::Talk,
};

/// A person who is about to log in at a relay that wants no proof of devices.
fn begun() -> (LoginServer, LyingRelay, Person, Talk, String) {
    let server = LoginServer::start();
    let relay = LyingRelay::start(settings(&server, false));
    let person = Person::new("hong");
    let mut login = person.talk(&["login", "--relay", &relay.origin]);
    let address = login.hear("http").trim().to_owned();
    (server, relay, person, login, address)
}

#[test]
fn a_browser_of_this_machine_logs_in_where_the_provider_has_no_grant_for_devices() {
    let (server, _relay, person, login, address) = begun();
    let (status, page) = get(server.let_in(&address, "hong").as_str());
    assert_eq!(status, 200);
    assert!(page.contains("You may close this window"), "{page}");
    let (succeeded, said) = login.end();
    assert!(succeeded);
    assert!(
        said.contains(&format!("Login server: {}", server.issuer)),
        "{said}"
    );
    assert!(said.contains("Logged in: anybody"), "{said}");
    assert_eq!(person.kept().len(), 3);
    for path in person.kept() {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn the_browser_is_opened_where_there_is_a_program_for_it() {
    let server = LoginServer::start();
    let relay = LyingRelay::start(settings(&server, false));
    let person = Person::new("hong");
    let seen = person.programs().join("seen");
    assert!(
        Command::new("mkfifo")
            .arg(&seen)
            .status()
            .unwrap()
            .success()
    );
    for name in ["xdg-open", "open"] {
        let program = person.programs().join(name);
        let script = format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", seen.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
    }
    let mut login = person.talk(&["login", "--relay", &relay.origin]);
    let address = login.hear("http").trim().to_owned();
    assert_eq!(fs::read_to_string(seen).unwrap(), address);
    get(server.let_in(&address, "hong").as_str());
    assert!(login.end().0);
}

#[test]
fn every_other_request_is_refused_and_the_login_is_waited_for() {
    let (server, _relay, _person, login, address) = begun();
    let back = server.let_in(&address, "hong");
    let mut forged = back.clone();
    forged.set_query(Some("code=forged&state=forged"));
    let mut elsewhere = back.clone();
    elsewhere.set_path("/callback");
    let mut incomplete = back.clone();
    let state = back.query_pairs().find(|(name, _)| name == "state");
    incomplete.set_query(Some(&format!("state={}", state.unwrap().1)));
    for (method, address, expected) in [
        ("GET", &forged, 403),
        ("GET", &elsewhere, 404),
        ("GET", &incomplete, 403),
        ("POST", &back, 405),
    ] {
        let (status, page) = request(method, address.as_str());
        assert_eq!(status, expected, "{method} {address}");
        assert!(page.contains("No such login"), "{page}");
    }
    assert_eq!(get(back.as_str()).0, 200);
    assert!(login.end().0);
}

#[test]
fn what_the_provider_says_against_it_is_told() {
    let (server, _relay, person, login, address) = begun();
    let (status, page) = get(server.turn_away(&address, "access_denied").as_str());
    assert_eq!(status, 200);
    assert!(page.contains("Not logged in"), "{page}");
    let complained = login.fail();
    assert!(
        complained.contains("cancelled or is not allowed. (access_denied) [login_denied]"),
        "{complained}"
    );
    assert_eq!(person.kept().len(), 0);
}

#[test]
fn a_code_of_another_provider_or_login_is_not_used() {
    let (server, _relay, person, login, address) = begun();
    let mut back = server.let_in(&address, "hong");
    back.query_pairs_mut()
        .append_pair("iss", "http://127.0.0.1:1");
    get(back.as_str());
    assert!(login.fail().contains("[provider_invalid]"));
    let (other, _relay, _person, login, address) = begun();
    let mut back = other.let_in(&address, "hong");
    let state = back.query_pairs().find(|(name, _)| name == "state");
    let query = format!("state={}&code=forged", state.unwrap().1);
    back.set_query(Some(&query));
    get(back.as_str());
    assert!(login.fail().contains("(invalid_grant) [login_denied]"));
    assert_eq!(person.kept().len(), 0);
}

#[test]
fn whoever_stops_the_command_is_not_logged_in() {
    let (_server, _relay, person, login, _) = begun();
    let id = Pid::from_raw(login.id().try_into().unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
    assert!(!login.end().0);
    assert_eq!(person.kept().len(), 0);
}

#[test]
fn a_relay_cannot_name_another_login_server_later() {
    let (server, relay, person, login, address) = begun();
    get(server.let_in(&address, "hong").as_str());
    assert!(login.end().0);
    let other = LoginServer::start();
    relay.say(settings(&other, false));
    let (succeeded, said) = person.run(&["login", "--relay", &relay.origin]);
    assert!(!succeeded);
    assert!(said.contains("The login server has changed."), "{said}");
    assert!(said.contains(&other.issuer), "{said}");
    let (succeeded, said) = person.run(&["logout", "--relay", &relay.origin]);
    assert!(succeeded, "{said}");
    let (_, said) = person.run(&["login", "--relay", &relay.origin]);
    assert!(said.contains("[issuer_changed]"), "{said}");
    let wrong = [
        "login",
        "--relay",
        &relay.origin,
        "--issuer",
        &server.issuer,
    ];
    let (_, said) = person.run(&wrong);
    assert!(said.contains("[issuer_other]"), "{said}");
    let right = ["login", "--relay", &relay.origin, "--issuer", &other.issuer];
    let mut login = person.talk(&right);
    let address = login.hear("http");
    get(other.let_in(address.trim(), "hong").as_str());
    assert!(login.end().0);
}

#[test]
fn a_person_is_asked_once_whether_the_login_server_is_theirs() {
    let server = LoginServer::start();
    let relay = LyingRelay::start(settings(&server, false));
    let person = Person::new("hong");
    let login = || person.naru(&["login", "--relay", &relay.origin]);
    let (declined, _terminal) = typed(login(), "n");
    let complained = declined.fail();
    assert!(
        complained.contains("Is this your agency's login server?"),
        "{complained}"
    );
    assert!(complained.contains("[issuer_declined]"), "{complained}");
    for answer in ["y", ""] {
        let (mut login, _terminal) = typed(login(), answer);
        if !answer.is_empty() {
            assert!(
                login
                    .hear("A login server that is new here")
                    .contains("127.0.0.1")
            );
            login.hear(&server.issuer);
        }
        let address = login.hear("/auth?").trim().to_owned();
        get(server.let_in(&address, "hong").as_str());
        assert!(login.end().0);
    }
}

#[test]
fn without_a_person_to_ask_no_relay_says_who_vouches_for_devices() {
    let server = LoginServer::start();
    let relay = LyingRelay::start(settings(&server, true));
    let person = Person::new("hong");
    let (succeeded, said) = person.run(&["login", "--relay", &relay.origin]);
    assert!(!succeeded);
    assert!(
        said.contains(&server.issuer) && said.contains("[issuer_unconfirmed]"),
        "{said}"
    );
    let named = |clients: &str| {
        let arguments = [
            "login",
            "--relay",
            &relay.origin,
            "--issuer",
            &server.issuer,
        ];
        person.run(&[&arguments[..], &["--channel-clients", clients]].concat())
    };
    let (_, said) = named("naru-channel-page,evil");
    assert!(said.contains("[channel_changed]"), "{said}");
    assert_eq!(person.kept().len(), 0);
}
