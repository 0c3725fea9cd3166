//! The tests' OpenID provider as a program, and the people who are known to it, for tests in other languages. It says
//! its issuer, and answers each line with a line:
//!
//! - `PERSON`, a name or an address: an ID token of the app's for that person;
//! - `token PERSON NONCE`: the same, got with that nonce;
//! - `devices RELAY PERSON`: what the relay knows of that person's devices, as JSON;
//! - `revoke RELAY PERSON DEVICE`: nothing, once the person has revoked the device on the relay's page.

use std::{error::Error, io::BufRead};

use naru_tests::{
    http_client_without_redirects,
    provider::{HostileProvider, Lies, cookie},
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;

/// Under which name the tests' relays know this provider.
const NAME: &str = "mois";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = HostileProvider::start().await;
    println!("{}", provider.issuer);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = told.recv().await {
        // One after the other: what a person is called and logs in with is the provider's state.
        match *line.split_whitespace().collect::<Vec<_>>() {
            [person] => {
                introduce(&provider, person);
                println!("{}", provider.app_token(person));
            }
            ["token", person, nonce] => {
                introduce(&provider, person);
                println!("{}", provider.app_token_for(person, nonce));
            }
            ["devices", relay, person] => {
                let page = Page::log_in(&provider, relay, person).await?;
                println!("{}", page.call(Method::GET, "/v1/devices").await?);
            }
            ["revoke", relay, person, device] => {
                let page = Page::log_in(&provider, relay, person).await?;
                let device = format!("/v1/devices/{device}");
                println!("{}", page.call(Method::DELETE, &device).await?);
            }
            _ => return Err(format!("nothing is known of `{line}`").into()),
        }
    }
    Ok(())
}

fn introduce(provider: &HostileProvider, person: &str) {
    let address = person.contains('@').then(|| ("email", json!(person)));
    provider.lie(Lies {
        claims: address.into_iter().collect(),
        ..Lies::default()
    });
}

/// The relay's page in somebody's browser.
struct Page {
    client: Client,
    relay: String,
    session: String,
}

impl Page {
    async fn log_in(
        provider: &HostileProvider,
        relay: &str,
        person: &str,
    ) -> Result<Self, reqwest::Error> {
        introduce(provider, person);
        let mut page = Self {
            client: http_client_without_redirects(),
            relay: relay.to_owned(),
            session: String::new(),
        };
        let departing = page.request(Method::GET, &format!("/login/{NAME}"));
        let departed = departing.send().await?;
        let state = provider.receive(&departed, person);
        page.session = cookie(&departed);
        let back = format!("/login/callback?code=c&state={state}");
        let arriving = page.request(Method::GET, &back);
        page.session = cookie(&arriving.send().await?);
        Ok(page)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.relay))
            .header("cookie", &self.session)
            .header("sec-fetch-site", "same-origin")
    }

    async fn call(&self, method: Method, path: &str) -> Result<String, reqwest::Error> {
        let answer = self.request(method, path).send().await?;
        answer.error_for_status()?.text().await
    }
}
