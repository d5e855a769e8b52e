//! Edits the profile (OpenID Connect Core §5.1).

use super::page::{profile_refused, signed_in_form, tell};
use crate::domain::account::ChangeClaims;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::protocol::claims::StandardClaims;
use crate::protocol::parameters::Parameters;
use crate::protocol::text;

/// Saves the profile.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    match changed_claims(&form) {
        Ok(claims) => {
            let command = ChangeClaims { session: session.proof.clone(), claims };
            tell(server, &session, command, "profile").await
        }
        Err(message) => profile_refused(server, request, &form, message).await,
    }
}

/// The claims that the form changes. The account keeps all others.
fn changed_claims(form: &Parameters) -> Result<StandardClaims, String> {
    let field = |name: &str| match form.get(name).map(text::cleaned) {
        Some(text) if text.chars().count() > 200 => {
            Err(format!("The field {name} takes at most 200 characters."))
        }
        text => Ok(text.filter(|text| !text.is_empty()).map(String::from)),
    };
    let birthdate = field("birthdate")?;
    let is_date = |text: &str| {
        let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        shape.eq(*b"0000-00-00")
    };
    if birthdate.as_deref().is_some_and(|date| !is_date(date)) {
        return Err("Enter the date of birth as year-month-day, such as 1990-12-31.".to_owned());
    }
    Ok(StandardClaims {
        name: field("name")?,
        given_name: field("given_name")?,
        family_name: field("family_name")?,
        nickname: field("nickname")?,
        phone_number: field("phone_number")?,
        birthdate,
        zoneinfo: field("zoneinfo")?,
        locale: field("locale")?,
        ..StandardClaims::default()
    })
}
