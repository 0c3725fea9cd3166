//! An OpenID provider that lies as it is told.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// As which client the relay is registered.
pub const RELAY_CLIENT: &str = "naru-relay";
/// The client of the phone's app.
pub const APP_CLIENT: &str = "mail-app";

/// What the provider does with the next requests.
#[derive(Clone, Default)]
pub struct Lies {
    /// Claims that stand in the ID token in place of the true ones; `null` leaves one out.
    pub claims: Vec<(&'static str, Value)>,
    /// Signs as this algorithm says it does.
    pub algorithm: Algorithm,
    /// Names another issuer in its description.
    pub other_issuer: bool,
    /// Takes every connection and never answers.
    pub silent: bool,
    /// Answers with something that is no JSON.
    pub garbage: bool,
    /// Refuses the code.
    pub refuses_code: bool,
}

/// How tokens are signed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// As they should be.
    #[default]
    Es256,
    /// Not at all.
    None,
    /// By a MAC whose secret is what everybody knows: the public key.
    Hs256,
    /// By a key that is not among the published ones, under the name of one that is.
    ForeignKey,
    /// By a key whose name nobody knows.
    UnknownKey,
}

/// A provider on the loopback interface, stopped when dropped.
pub struct HostileProvider {
    /// Its issuer.
    pub issuer: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

struct State {
    lies: Lies,
    key: SigningKey,
    kid: String,
    subject: String,
    nonce: String,
    asked: usize,
}

impl HostileProvider {
    /// Starts one that tells the truth for the time being.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            lies: Lies::default(),
            key: key(1),
            kid: "one".into(),
            subject: "hong".into(),
            nonce: String::new(),
            asked: 0,
        }));
        let (serving, own) = (Arc::clone(&state), issuer.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving), own.clone()));
            }
        });
        Self {
            issuer,
            state,
            task,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it lies so.
    pub fn lie(&self, lies: Lies) {
        self.state().lies = lies;
    }

    /// Signs with a new key from now on, and publishes that one only.
    pub fn rotate(&self) {
        let mut state = self.state();
        state.key = key(2);
        state.kid = "two".into();
    }

    /// Who logs in next, and with which nonce.
    pub fn expect(&self, subject: &str, nonce: &str) {
        let mut state = self.state();
        state.subject = subject.into();
        state.nonce = nonce.into();
    }

    /// Takes whoever a relay has sent here for `subject`; yields the state to go back with.
    ///
    /// # Panics
    /// When the answer sends nobody to a login.
    pub fn receive(&self, departed: &reqwest::Response, subject: &str) -> String {
        let to = departed.headers()["location"].to_str().expect("an address");
        let to: reqwest::Url = to.parse().expect("an address");
        let parameter = |name: &str| {
            let mut pairs = to.query_pairs();
            let pair = pairs.find(|it| it.0 == name);
            pair.expect("a parameter").1.into_owned()
        };
        self.expect(subject, &parameter("nonce"));
        parameter("state")
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        self.state().asked
    }

    /// An ID token of the app's own.
    pub fn app_token(&self, subject: &str) -> String {
        self.app_token_for(subject, "the app's own")
    }

    /// An ID token of the app's own, got with this nonce.
    pub fn app_token_for(&self, subject: &str, nonce: &str) -> String {
        self.expect(subject, nonce);
        token(&self.state(), &self.issuer, APP_CLIENT)
    }
}

impl Drop for HostileProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("a key")
}

/// The cookie that an answer sets, as it is sent back.
///
/// # Panics
/// When it sets none.
pub fn cookie(response: &reqwest::Response) -> String {
    let cookies = response.headers().get_all("set-cookie").iter();
    let mut cookies = cookies.filter_map(|it| it.to_str().ok());
    let whole = cookies.find(|it| !it.contains("Max-Age=0"));
    let whole = whole.expect("a cookie");
    whole.split(';').next().unwrap_or_default().to_owned()
}

/// Unix seconds.
///
/// # Panics
/// Before 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time")
        .as_secs()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn jwk(state: &State) -> Value {
    let point = state.key.verifying_key().to_sec1_point(false);
    let bytes = point.as_bytes();
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": state.kid,
        "x": encoded(&bytes[1..33]), "y": encoded(&bytes[33..]) })
}

fn token(state: &State, issuer: &str, audience: &str) -> String {
    let mut claims = json!({ "iss": issuer, "sub": state.subject, "aud": audience,
        "iat": now(), "exp": now() + 300, "nonce": state.nonce, "name": state.subject,
        "email": format!("{}@mois.example", state.subject), "email_verified": true });
    for (name, value) in &state.lies.claims {
        claims[*name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().expect("claims").remove(*name);
        }
    }
    let (algorithm, kid) = match state.lies.algorithm {
        Algorithm::Es256 | Algorithm::ForeignKey => ("ES256", state.kid.as_str()),
        Algorithm::UnknownKey => ("ES256", "nobody's"),
        Algorithm::None => ("none", state.kid.as_str()),
        Algorithm::Hs256 => ("HS256", state.kid.as_str()),
    };
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": kid });
    let signed = format!(
        "{}.{}",
        encoded(header.to_string()),
        encoded(claims.to_string())
    );
    let by = |key: &SigningKey| {
        let signature: Signature = key.sign(signed.as_bytes());
        encoded(signature.to_bytes())
    };
    let signature = match state.lies.algorithm {
        Algorithm::Es256 => by(&state.key),
        Algorithm::ForeignKey | Algorithm::UnknownKey => by(&key(9)),
        Algorithm::None => String::new(),
        Algorithm::Hs256 => {
            use hmac::{Hmac, KeyInit, Mac};
            let secret = jwk(state).to_string();
            let mut mac =
                Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
            mac.update(signed.as_bytes());
            encoded(mac.finalize().into_bytes())
        }
    };
    format!("{signed}.{signature}")
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>, issuer: String) {
    let mut request = Vec::new();
    let path = loop {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
        if body.len() >= length {
            break head.split(' ').nth(1).unwrap_or("/").to_owned();
        }
    };
    let silent = state
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .lies
        .silent;
    if silent {
        // Until the relay gives up.
        let _ = stream.read(&mut [0; 1]).await;
        return;
    }
    let (status, body) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        answer(&mut state, &issuer, &path)
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // The relay may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn answer(state: &mut State, issuer: &str, path: &str) -> (&'static str, String) {
    if state.lies.garbage {
        return ("200 OK", "<html>".into());
    }
    let own = match state.lies.other_issuer {
        true => "http://127.0.0.1:1",
        false => issuer,
    };
    match path {
        "/.well-known/openid-configuration" => (
            "200 OK",
            json!({ "issuer": own,
                "authorization_endpoint": format!("{issuer}/auth"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"] })
            .to_string(),
        ),
        "/jwks" => {
            state.asked += 1;
            ("200 OK", json!({ "keys": [jwk(state)] }).to_string())
        }
        "/token" if state.lies.refuses_code => (
            "400 Bad Request",
            json!({ "error": "invalid_grant" }).to_string(),
        ),
        "/token" => (
            "200 OK",
            json!({ "access_token": "a", "token_type": "Bearer",
                "id_token": token(state, issuer, RELAY_CLIENT) })
            .to_string(),
        ),
        _ => ("404 Not Found", "{}".into()),
    }
}
