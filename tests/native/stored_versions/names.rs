//! Names of objects, by which what is stored is found again, and hashes and tokens of what users and clients hold. Each
//! function computes a sample again from what it belongs to.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use vestibule::domain::client::{self, Client};
use vestibule::domain::connection::{self, ConnectionId};
use vestibule::domain::machine::Address;
use vestibule::domain::password::{PasswordRecord, TypedPassword, Verified};
use vestibule::domain::secret::SecretHash;
use vestibule::domain::token::{Token, TokenKind};
use vestibule::domain::verification::VerifiedClient;
use vestibule::protocol::user_code::UserCode;
use vestibule::tenant::{ObjectName, Tenant};

use super::folder::Sample;

/// Fails if the sample of a name, a hash or a token is another one today.
pub fn check(sample: &Sample<'_>) -> Result<(), String> {
    let again = match sample.section {
        "object" => object(sample.value),
        "secret" => secret(sample.value),
        "password" => password(sample.value),
        "verified_client" => verified_client(sample.value),
        "refresh_token" => token(sample.value, TokenKind::RefreshToken),
        "device_code" => token(sample.value, TokenKind::DeviceCode),
        "session" => token(sample.value, TokenKind::Session),
        "client_id" => client_id(sample.value),
        _ => Err("nothing is known of the section".into()),
    }?;
    if again == *sample.value { Ok(()) } else { Err(format!("it is another one today: {again}")) }
}

/// The name of the object that is found by these.
fn object(sample: &Value) -> Result<Value, String> {
    let of = |name: &str| sample["from"][name].as_str();
    let issuer = of("issuer").unwrap_or_default();
    let name = if let Some(email) = of("email") {
        ObjectName::email(email)
    } else if let Some(subject) = of("subject") {
        ObjectName::identity(issuer, subject)
    } else if let Some(sid) = of("sid") {
        ObjectName::upstream_session(issuer, sid)
    } else if let Some(code) = of("user_code") {
        ObjectName::user_code(UserCode::parse(code).ok_or("no user code")?.as_str())
    } else {
        let provider = of("provider").ok_or("nothing that an object is found by")?;
        let id = ConnectionId::new(provider, of("client_id")).ok_or("no connection")?;
        match connection::address(of("account").ok_or("no account")?, &id) {
            Address::Name(name) => name,
            Address::Id(_) => return Err("not found by its name".into()),
        }
    };
    Ok(json!({ "from": sample["from"], "name": Tenant::ONLY.object(&name).as_str() }))
}

/// The hash of a client secret.
fn secret(sample: &Value) -> Result<Value, String> {
    let secret = sample["secret"].as_str().ok_or("no secret")?;
    Ok(json!({ "secret": secret, "hash": SecretHash::of_text(secret) }))
}

/// The record of a password, which must verify.
fn password(sample: &Value) -> Result<Value, String> {
    let password = TypedPassword::from(sample["password"].as_str().ok_or("no password")?);
    let record: PasswordRecord =
        serde_json::from_value(sample["record"].clone()).map_err(|error| error.to_string())?;
    match record.verify(&password) {
        Ok(Verified::Right | Verified::RightAndOutdated) => Ok(sample.clone()),
        other => Err(format!("the password is not right: {other:?}")),
    }
}

/// The entry of a client in the setting `VERIFIED_CLIENTS`.
fn verified_client(sample: &Value) -> Result<Value, String> {
    let client: Client =
        serde_json::from_value(sample["client"].clone()).map_err(|error| error.to_string())?;
    let entry = VerifiedClient::of(&client).to_string();
    Ok(json!({ "client": sample["client"], "entry": entry }))
}

/// The parts of a token that a client or a browser has.
fn token(sample: &Value, kind: TokenKind) -> Result<Value, String> {
    let text = sample["token"].as_str().ok_or("no token")?;
    let token = Token::decode(kind, text).ok_or("not read as a token")?;
    Ok(json!({
        "token": token.encode(kind),
        "object": token.object.as_str(),
        "number": token.number,
        "secret": Base64UrlUnpadded::encode_string(token.secret.as_bytes()),
    }))
}

/// An ID with which a worker looks for the client in its object.
fn client_id(sample: &Value) -> Result<Value, String> {
    let text = sample.as_str().ok_or("no text")?;
    if client::is_generated_id(text) { Ok(sample.clone()) } else { Err("not an ID".into()) }
}
