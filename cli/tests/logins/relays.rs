//! A relay where people log in, and one that only says so.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
};

use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Bytes, header::HeaderMap};
use naru_relay::{Application, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, CHANNEL, CLIENT, PAGE, json as answered, provider::LoginServer, serve};
use crate::talk::relay;

/// What a relay says of logins.
pub fn settings(server: &LoginServer, has_channel: bool) -> Value {
    let mut provider = json!({ "id": "interior", "issuer": server.issuer, "clientId": CLIENT });
    if has_channel {
        provider["channel"] = json!({ "pageClientId": PAGE, "appClientIds": [CHANNEL] });
    }
    json!({ "login": { "providers": [provider] } })
}

/// The production relay for people of this provider, until the test's process ends.
pub fn honest_relay(server: &LoginServer) -> String {
    // Its tokens' proofs name where it is, which has to be known before it starts.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let folder = TempDir::new().unwrap();
    let identity = folder.path().join("identity.toml");
    let text = format!(
        "origin = \"http://{address}\"\n[provider.interior]\nissuer = \"{}\"\nclient_id = \"naru-relay\"\n\
         app_client_ids = [\"{CLIENT}\"]\n\
         channel = {{ page_client_id = \"{PAGE}\", app_client_ids = [\"{CHANNEL}\"] }}\n",
        server.issuer
    );
    fs::write(&identity, text).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut settings = Settings::local().unwrap();
            settings.listen = address;
            settings.identity = Some(identity);
            let application = Application::build(settings).await.unwrap();
            drop(folder);
            sender.send(application.url().to_owned()).unwrap();
            application.run(std::future::pending()).await.unwrap();
        });
    });
    receiver.recv().unwrap()
}

/// A relay that says what it likes of logins, and then lets anybody do anything.
pub struct LyingRelay {
    pub origin: String,
    says: Arc<Mutex<Value>>,
}

impl LyingRelay {
    pub fn start(settings: Value) -> Self {
        let says = Arc::new(Mutex::new(settings));
        let (open, said) = (relay(), Arc::clone(&says));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let origin = serve(|_| {
            move |request: Request<Bytes>| {
                let (open, said, client) = (open.clone(), Arc::clone(&said), client.clone());
                async move {
                    match request.uri().path() {
                        "/v1/settings" => answered(StatusCode::OK, &said.lock().unwrap()),
                        "/v1/me" => answered(StatusCode::OK, &json!({ "name": "anybody" })),
                        "/logout" => answered(StatusCode::OK, &json!({})),
                        _ => passed_on(&client, &open, request).await,
                    }
                }
            }
        });
        Self { origin, says }
    }

    pub fn say(&self, settings: Value) {
        *self.says.lock().unwrap() = settings;
    }
}

async fn passed_on(client: &reqwest::Client, open: &str, request: Request<Bytes>) -> Answer {
    let (head, body) = request.into_parts();
    let mut headers = HeaderMap::new();
    for name in ["authorization", "content-type"] {
        if let Some(value) = head.headers.get(name) {
            headers.insert(name, value.clone());
        }
    }
    let sent = client
        .request(head.method, format!("{open}{}", head.uri))
        .headers(headers)
        .body(body)
        .send();
    let Ok(answer) = sent.await else {
        return answered(StatusCode::BAD_GATEWAY, &json!({}));
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = answer.status();
    for (name, value) in answer.headers() {
        if name.as_str().starts_with("naru-") || name == "content-type" {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = Full::new(answer.bytes().await.unwrap_or_default());
    response
}
