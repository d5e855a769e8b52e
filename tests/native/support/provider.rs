//! An upstream provider, in memory. It signs with its own key, and a test can change everything that it sends.

use std::cell::RefCell;
use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::alg::Es256;
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};
use vestibule::domain::http::HttpRequest;
use vestibule::endpoints::http::Response;
use vestibule::protocol::parameters::Parameters;

use super::World;
use super::browser::{Browser, answer};
use super::internet;

/// The provider's next responses.
pub struct Says {
    /// Claims that are added to the ID token; null removes one.
    pub id_token: Value,
    /// Claims that are added to the profile.
    pub userinfo: Value,
    /// Members of the token response.
    pub tokens: Value,
    /// Members of the header of the ID token.
    pub header: Value,
    /// One member of one document, as JSON text.
    pub bent: Option<Bent>,
}

/// A member in an unexpected form.
#[derive(Clone)]
pub struct Bent {
    /// `metadata`, `keys`, `key`, `token response`, `header`, `ID token` or `userinfo`.
    pub document: &'static str,
    pub member: String,
    /// The JSON text of the value, which a `Value` may be unable to represent.
    pub value: String,
}

impl Says {
    /// The text of an object with the member in its unexpected form.
    fn write(&self, document: &str, object: &Value) -> String {
        let bent = self.bent.as_ref().filter(|bent| bent.document == document);
        object_with(object, bent.map(|bent| (bent.member.as_str(), bent.value.as_str())))
    }
}

/// The JSON text of an object, with one member replaced by the given JSON text.
pub fn object_with(object: &Value, member: Option<(&str, &str)>) -> String {
    let members = object.as_object().unwrap().iter();
    let others = members.filter(|(name, _)| member.is_none_or(|(bent, _)| bent != *name));
    let mut all: Vec<String> =
        others.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    all.extend(member.map(|(name, value)| format!("{}:{value}", json!(name))));
    format!("{{{}}}", all.join(","))
}

pub struct TestProvider {
    pub issuer: String,
    pub says: Rc<RefCell<Says>>,
    /// The `nonce` of the next ID token.
    pub nonce: Rc<RefCell<String>>,
}

fn encode(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value.clone(),
        }
    }
    base
}

/// A setting for `World::new`: a provider with this issuer and more members.
pub fn setting(issuer: &str, more: Value) -> String {
    let base = json!({ "id": "acme", "name": "Acme", "issuer": issuer, "client_id": "here" });
    json!([merged(base, &more)]).to_string()
}

pub const SECRET: (&str, &str) = ("PROVIDER_ACME_SECRET", "the secret of the provider");

impl TestProvider {
    pub fn new(world: &World, issuer: &str) -> Self {
        let says = Rc::new(RefCell::new(Says {
            id_token: json!({}),
            userinfo: json!({}),
            tokens: json!({}),
            header: json!({}),
            bent: None,
        }));
        let nonce = Rc::new(RefCell::new(String::new()));
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let point = key.verifying_key().to_encoded_point(false);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig",
            "x": Base64UrlUnpadded::encode_string(point.x().unwrap()),
            "y": Base64UrlUnpadded::encode_string(point.y().unwrap()),
        });
        let at = |path: &str| format!("{issuer}{path}");
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/me"), "jwks_uri": at("/keys"), "revocation_endpoint": at("/revoke"),
            "authorization_response_iss_parameter_supported": true,
        });
        let net = &world.internet;
        let told = Rc::clone(&says);
        net.on(&at("/.well-known/openid-configuration"), move |_| {
            internet::json(&told.borrow().write("metadata", &metadata))
        });
        let told = Rc::clone(&says);
        net.on(&at("/keys"), move |_| {
            let key = told.borrow().write("key", &jwk);
            let keys = told.borrow().write("keys", &json!({ "keys": ["the key"] }));
            internet::json(&keys.replace("\"the key\"", &key))
        });
        let (told, sent, iss) = (Rc::clone(&says), Rc::clone(&nonce), issuer.to_owned());
        let clock = Rc::clone(&world.clock);
        net.on(&at("/token"), move |_: &HttpRequest| {
            let now = vestibule::ports::Clock::now(&*clock).seconds();
            let claims = merged(
                json!({
                    "iss": iss, "sub": "dana", "aud": "here", "iat": now, "exp": now + 300,
                    "nonce": *sent.borrow(),
                }),
                &told.borrow().id_token,
            );
            let header = merged(json!({ "alg": "ES256", "kid": "k1" }), &told.borrow().header);
            let said = told.borrow();
            let (header, claims) = (said.write("header", &header), said.write("ID token", &claims));
            let input = format!("{}.{}", encode(&header), encode(&claims));
            let signature = Es256.sign(&key, input.as_bytes()).as_bytes().into_owned();
            let id_token = format!("{input}.{}", Base64UrlUnpadded::encode_string(&signature));
            let tokens = json!({
                "access_token": "at", "token_type": "Bearer", "expires_in": 60,
                "id_token": id_token,
            });
            internet::json(&said.write("token response", &merged(tokens, &said.tokens)))
        });
        net.on(&at("/revoke"), |_| internet::json("{}"));
        let told = Rc::clone(&says);
        net.on(&at("/me"), move |_| {
            let profile = merged(json!({ "sub": "dana" }), &told.borrow().userinfo);
            internet::json(&told.borrow().write("userinfo", &profile))
        });
        Self { issuer: issuer.to_owned(), says, nonce }
    }

    /// A JWT of the provider, other than those of the token endpoint.
    pub fn signed(header: &Value, claims: &Value) -> String {
        let header = merged(json!({ "alg": "ES256", "kid": "k1" }), header);
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let input = format!("{}.{}", encode(&header.to_string()), encode(&claims.to_string()));
        let signature = Es256.sign(&key, input.as_bytes()).as_bytes().into_owned();
        format!("{input}.{}", Base64UrlUnpadded::encode_string(&signature))
    }

    /// The user's profile at the provider.
    pub fn tells(&self, profile: Value) {
        self.says.borrow_mut().userinfo = profile;
    }

    /// Goes to the provider and returns with its response.
    pub fn visit(&self, world: &World, browser: &mut Browser, page: &str) -> Response {
        let (state, _) = self.go(world, browser, page);
        let query = [("code", "a code"), ("state", &state), ("iss", &self.issuer)];
        browser.get(world, &callback(&query))
    }

    /// Goes to the provider; returns the `state` and the URL.
    pub fn go(&self, world: &World, browser: &mut Browser, page: &str) -> (String, String) {
        let there = browser.get(world, page);
        let location = there.header("location").expect("the way to the provider").to_owned();
        assert!(location.starts_with(&self.issuer), "{location}");
        self.expects(&there);
        (answer(&there, "state").unwrap(), location)
    }

    /// Accepts the authorization request to which a response redirects. The next ID token has its `nonce`.
    pub fn expects(&self, there: &Response) {
        *self.nonce.borrow_mut() = answer(there, "nonce").unwrap();
    }
}

pub fn callback(pairs: &[(&str, &str)]) -> String {
    let query = vestibule::protocol::parameters::encode(pairs.iter().copied());
    format!("/callback/acme?{query}")
}

/// A parameter of a URL.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    Parameters::parse(query.as_bytes()).ok()?.get(name).map(String::from)
}
