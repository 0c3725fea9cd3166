//! The tests' OpenID provider as a program, for tests in other languages: says its issuer, and for each line
//! with a person's name, or address, an ID token of the app's for that person.

use std::io::BufRead;

use naru_tests::provider::{HostileProvider, Lies};
use serde_json::json;

#[tokio::main]
async fn main() {
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
    while let Some(person) = told.recv().await {
        let person = person.trim();
        let address = person.contains('@').then(|| ("email", json!(person)));
        provider.lie(Lies {
            claims: address.into_iter().collect(),
            ..Lies::default()
        });
        println!("{}", provider.app_token(person));
    }
}
