//! An OpenID provider without a grant for devices, at which people log in by a browser.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use hyper::{Request, StatusCode, body::Bytes};
use naru_samples::TokenIssuer;
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use reqwest::Url;
use serde_json::json;

use super::{Answer, CHANNEL, CLIENT, PAGE, json as answered, serve};

static ISSUES: LazyLock<TokenIssuer> = LazyLock::new(|| TokenIssuer::new(7).unwrap());

type Parameters = BTreeMap<String, String>;

pub struct LoginServer {
    pub issuer: String,
    visits: Arc<Mutex<BTreeMap<String, Visit>>>,
}

/// Somebody who has been let in and whose code has not been used.
struct Visit {
    asked: Parameters,
    subject: String,
}

impl LoginServer {
    pub fn start() -> Self {
        let visits = Arc::<Mutex<BTreeMap<String, Visit>>>::default();
        let open = Arc::clone(&visits);
        let issuer = serve(|issuer| {
            move |request| {
                let answer = answer(&issuer, &open, &request);
                async { answer }
            }
        });
        Self { issuer, visits }
    }

    /// A person logs in with a browser that was shown this address; where it is sent then.
    pub fn let_in(&self, address: &str, subject: &str) -> Url {
        let asked = self.asked(address);
        let code = format!("code {}", self.visits.lock().unwrap().len());
        let back = back(&asked, &[("code", &code), ("session_state", "unknown")]);
        let subject = subject.to_owned();
        let visit = Visit { asked, subject };
        self.visits.lock().unwrap().insert(code, visit);
        back
    }

    /// The same for a person who is not let in.
    pub fn turn_away(&self, address: &str, error: &str) -> Url {
        back(&self.asked(address), &[("error", error)])
    }

    /// The token that an app was given, as it would be if that had been long ago.
    pub fn aged(&self, token: &str, subject: &str) -> String {
        let payload = token.split('.').nth(1).unwrap();
        let claims = Base64UrlUnpadded::decode_vec(payload).unwrap();
        let mut claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["sub"], subject);
        claims["iat"] = json!(now() - 4_000);
        claims["exp"] = json!(now() - 400);
        ISSUES.token("es256", &claims)
    }

    fn asked(&self, address: &str) -> Parameters {
        let address: Url = address.parse().unwrap();
        assert!(
            address
                .as_str()
                .starts_with(&format!("{}/auth?", self.issuer))
        );
        let asked: Parameters = address.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!([CLIENT, CHANNEL, PAGE].contains(&asked["client_id"].as_str()));
        let redirect: Url = asked["redirect_uri"].parse().unwrap();
        assert_eq!(redirect.host_str(), Some("127.0.0.1"));
        assert_eq!(redirect.path(), "/naru");
        asked
    }
}

fn back(asked: &Parameters, more: &[(&str, &str)]) -> Url {
    let state = ("state", asked["state"].as_str());
    let pairs = more.iter().copied().chain([state]);
    Url::parse_with_params(&asked["redirect_uri"], pairs).unwrap()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn answer(
    issuer: &str,
    visits: &Mutex<BTreeMap<String, Visit>>,
    request: &Request<Bytes>,
) -> Answer {
    match request.uri().path() {
        "/.well-known/openid-configuration" => answered(
            StatusCode::OK,
            &json!({ "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/auth"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"] }),
        ),
        "/jwks" => answered(StatusCode::OK, ISSUES.jwks()),
        "/token" => {
            let form: Parameters = serde_urlencoded::from_bytes(request.body()).unwrap();
            let visit = visits.lock().unwrap().remove(&form["code"]);
            match visit.filter(|visit| is_theirs(visit, &form)) {
                Some(visit) => answered(
                    StatusCode::OK,
                    &json!({ "access_token": "a", "token_type": "Bearer",
                        "id_token": token(issuer, &visit) }),
                ),
                None => answered(
                    StatusCode::BAD_REQUEST,
                    &json!({ "error": "invalid_grant" }),
                ),
            }
        }
        _ => answered(StatusCode::NOT_FOUND, &json!({})),
    }
}

/// RFC 6749 §4.1.3 and RFC 7636 §4.6.
fn is_theirs(Visit { asked, .. }: &Visit, form: &Parameters) -> bool {
    let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    form["grant_type"] == "authorization_code"
        && form["client_id"] == asked["client_id"]
        && form["redirect_uri"] == asked["redirect_uri"]
        && challenge.as_str() == asked["code_challenge"]
}

fn token(issuer: &str, Visit { asked, subject }: &Visit) -> String {
    let claims = json!({ "iss": issuer, "sub": subject, "aud": asked["client_id"], "name": subject,
        "nonce": asked["nonce"], "iat": now(), "exp": now() + 600 });
    ISSUES.token("es256", &claims)
}
