//! An API that checks its access tokens (RFC 9068 §4) by itself, with the keys that the server
//! publishes. Run it: cargo run --manifest-path docs/examples/api-rust/Cargo.toml

use std::sync::Mutex;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use tiny_http::{Header, Response, Server};

#[derive(Deserialize)]
struct AccessToken {
    sub: String,
    #[serde(default)]
    scope: String,
}

/// What RFC 6750 §3.1 says: a status, and the challenge.
type Refused = (u16, &'static str);

struct Api {
    issuer: String,
    audience: String,
    keys: Mutex<Option<JwkSet>>,
}

impl Api {
    /// The key of that name; a name that is not known has the set fetched again.
    fn key(&self, kid: &str) -> Option<DecodingKey> {
        let mut keys = self.keys.lock().ok()?;
        if keys.as_ref().is_none_or(|keys| keys.find(kid).is_none()) {
            *keys = ureq::get(&format!("{}/jwks", self.issuer)).call().ok()?.into_json().ok();
        }
        DecodingKey::from_jwk(keys.as_ref()?.find(kid)?).ok()
    }

    /// The claims of a token that is good here and has the scope.
    fn authorize(&self, header: Option<&str>, scope: &str) -> Result<AccessToken, Refused> {
        const INVALID: Refused = (401, "Bearer error=\"invalid_token\"");
        let token =
            header.and_then(|header| header.strip_prefix("Bearer ")).ok_or((401, "Bearer"))?;
        let head = decode_header(token).map_err(|_| INVALID)?;
        // An ID token of the same server is no access token.
        if head.typ.as_deref() != Some("at+jwt") {
            return Err(INVALID);
        }
        let key = self.key(&head.kid.ok_or(INVALID)?).ok_or(INVALID)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<AccessToken>(token, &key, &validation).map_err(|_| INVALID)?.claims;
        if claims.scope.split(' ').any(|granted| granted == scope) {
            Ok(claims)
        } else {
            Err((403, "Bearer error=\"insufficient_scope\", scope=\"photos.read\""))
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let variable = |name: &str, default: &str| std::env::var(name).unwrap_or(default.to_owned());
    let api = Api {
        issuer: variable("ISSUER", "http://localhost:8787"),
        audience: variable("AUDIENCE", "https://photos.example.com/"),
        keys: Mutex::new(None),
    };
    let server = Server::http(format!("127.0.0.1:{}", variable("PORT", "8080")))?;
    println!("listening on {}", server.server_addr().to_ip().map_or(0, |address| address.port()));
    for request in server.incoming_requests() {
        let is_authorization = |header: &&Header| header.field.equiv("authorization");
        let header = request.headers().iter().find(is_authorization).map(|h| h.value.to_string());
        let answer = match api.authorize(header.as_deref(), "photos.read") {
            Ok(token) => {
                Response::from_string(format!("{{\"photos\":[],\"sub\":{:?}}}", token.sub))
            }
            Err((status, challenge)) => {
                let mut answer = Response::from_string("").with_status_code(status);
                if let Ok(challenge) = Header::from_bytes("www-authenticate", challenge) {
                    answer.add_header(challenge);
                }
                answer
            }
        };
        request.respond(answer)?;
    }
    Ok(())
}
