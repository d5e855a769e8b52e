//! The page where a person lets a device in (RFC 8628 §3.3).

use qrcodegen::{QrCode, QrCodeEcc};

use super::browser::{self, ClaimedSession};
use super::client_policy::{allowed_scope, terms};
use super::consent;
use super::failure::Failure;
use super::form::{self, FormPage, OUT_OF_DATE, SessionForm};
use super::http::{Request, Response};
use super::interaction::Interaction;
use super::server::Server;
use crate::domain::account::authorize::{AuthorizeRequest, Authorized, ConsentGiven};
use crate::domain::account::session::SessionView;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply};
use crate::domain::client::Client;
use crate::domain::distance;
use crate::domain::grant::device::{Decision, DeviceView};
use crate::domain::grant::{Authorization, Grant, GrantCommand, GrantError, GrantReply};
use crate::domain::machine::{Address, Class};
use crate::pages::consent::ScopeLine;
use crate::pages::device::{ApproveDevice, EnterCode};
use crate::pages::message::Message;
use crate::pages::who_asks::WhoAsks;
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::grant_type::GrantType;
use crate::protocol::resource;
use crate::protocol::scope::Scope;
use crate::protocol::user_code::UserCode;

/// Asks for the code, or, with a code in the address, shows what the device asks for.
///
/// # Errors
/// Only what is ours.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    match query.get("user_code") {
        None => Ok(enter(server, request, "", (200, None))),
        Some(typed) => look(server, request, (typed, None)).await,
    }
}

/// Takes the code that a person typed.
///
/// # Errors
/// A page, where the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    match form::of_browser(server, request)? {
        Ok(form) => look(server, request, (form.get("user_code").unwrap_or_default(), None)).await,
        Err(outdated) => {
            let typed = outdated.request_field("user_code").unwrap_or_default();
            Ok(enter(server, request, typed, (OUT_OF_DATE, Some(outdated.notice))))
        }
    }
}

fn enter(
    server: &Server<'_>,
    request: &Request<'_>,
    user_code: &str,
    (status, error): (u16, Option<&str>),
) -> Response {
    let form = FormPage::of_browser(server, request);
    // A link can put any text here, and the page displays it, so take only what is short enough to be a
    // code.
    let user_code = if user_code.len() <= 20 && user_code.is_ascii() { user_code } else { "" };
    form.render(status, &EnterCode { csrf: &form.csrf, user_code, error })
}

/// Shows the device's request for a user code; `notice` says why it is shown again.
async fn look(
    server: &Server<'_>,
    request: &Request<'_>,
    (typed, notice): (&str, Option<&'static str>),
) -> Result<Response, Failure> {
    let Some(user_code) = UserCode::parse(typed) else {
        let error = "A code has eight letters, such as BCDF-GHJK. Look at your device again.";
        return Ok(enter(server, request, typed, (400, Some(error))));
    };
    let session = match browser::claimed_session(request) {
        Some(claimed) => claimed.read(server).await?.map(|view| (claimed, view)),
        None => None,
    };
    let Some((_, session)) = session else {
        let interaction = Interaction::Device(user_code.to_string());
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    };
    match find(server, request, &session, &user_code).await? {
        Ok((client, view)) => {
            let form = FormPage::of_session(server, request)?.with_notice(notice);
            let page =
                approve_page(server, (&form, request), (&session, &user_code), (&client, &view));
            Ok(form.render(form.status(), &page))
        }
        Err(refused) => {
            Ok(enter(server, request, typed, (refused.status(), Some(refused.words()))))
        }
    }
}

/// Why a code leads nowhere.
#[derive(Clone, Copy)]
enum Refused {
    Unknown,
    Exhausted,
}

impl Refused {
    fn status(self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Exhausted => 429,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Unknown => {
                "No device is waiting with this code. It may have expired or been used: look at \
                 your device for a new one."
            }
            Self::Exhausted => {
                "Too many codes that do not exist were tried. Wait a few minutes, then try again."
            }
        }
    }
}

/// The request behind a code. A wrong code costs a try, of the network's and of the account's
/// (RFC 8628 §5.1).
async fn find(
    server: &Server<'_>,
    request: &Request<'_>,
    session: &SessionView,
    user_code: &UserCode,
) -> Result<Result<(Client, DeviceView), Refused>, Failure> {
    let limit = server.settings.limits.user_code;
    let throttles = [
        format!("user-code/{}", server.network_of(request)),
        format!("user-code/account/{}", session.account),
    ];
    for throttle in &throttles {
        if !server.guess(throttle, limit).await? {
            return Ok(Err(Refused::Exhausted));
        }
    }
    let address = Address::Name(user_code.as_str().to_owned());
    let answer = server.send::<Grant>(&address, GrantCommand::LookUp).await?;
    // A code that existed was no guess.
    let right = !matches!(answer, Err(GrantError::Unknown));
    for throttle in &throttles {
        server.guessed(throttle, limit, right).await?;
    }
    let view = match answer {
        Ok(GrantReply::Device(view)) => *view,
        Ok(_) => return Err(Failure::internal("a look-up was answered by something else")),
        Err(_) => return Ok(Err(Refused::Unknown)),
    };
    let client = server.client(&view.client_id).await?;
    let renewed = client.and_then(|client| Some((renewed(server, &client, view)?, client)));
    Ok(renewed.map(|(view, client)| (client, view)).ok_or(Refused::Unknown))
}

/// The request as the client could send it now; `None` if it can't send it any more. Scopes that the client may no
/// longer have are left out, as in a new request.
fn renewed(server: &Server<'_>, client: &Client, mut view: DeviceView) -> Option<DeviceView> {
    let resources = view.resources.iter().map(String::as_str);
    let is_allowed = client.may_use(GrantType::DeviceCode)
        && resource::parse(resources, &server.settings.resources).is_ok();
    let scope = allowed_scope(client, &view.scope);
    if !is_allowed || (scope.is_empty() && !view.scope.is_empty()) {
        return None;
    }
    view.scope = scope;
    Some(view)
}

fn approve_page<'a>(
    server: &'a Server<'_>,
    (form, request): (&'a FormPage<'_, '_>, &Request<'_>),
    (session, user_code): (&'a SessionView, &UserCode),
    (client, view): (&'a Client, &'a DeviceView),
) -> ApproveDevice<'a> {
    ApproveDevice {
        csrf: &form.csrf,
        user_code: user_code.to_string(),
        who: WhoAsks::new(client, server.settings.is_unverified(client), None),
        email: session.label(),
        scopes: ScopeLine::of(&view.scope, &server.settings.resources),
        resources: consent::names(server, &view.resources),
        place: view.location.place(),
        network_operator: view.location.network_operator.as_deref(),
        comparison: distance::compare(&view.location, &request.location()),
        minutes: view.requested_at.seconds_until(server.now()).div_euclid(60),
    }
}

/// Takes the person's decision.
///
/// # Errors
/// A page, where the form is not this server's own.
pub async fn decide(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, claimed) = match form::of_session(server, request)? {
        SessionForm::Current(form, claimed) => (form, Some(claimed)),
        SessionForm::Outdated(outdated) => {
            let typed = outdated.request_field("user_code").unwrap_or_default();
            return look(server, request, (typed, Some(outdated.notice))).await;
        }
        SessionForm::SignedOut(form) => (form, None),
    };
    let typed = form.get("user_code").unwrap_or_default();
    let Some(user_code) = UserCode::parse(typed) else {
        return Ok(enter(server, request, typed, (400, None)));
    };
    let claimed = match claimed {
        Some(claimed) => claimed.read(server).await?.map(|view| (claimed, view)),
        None => None,
    };
    let Some((claimed, session)) = claimed else {
        let interaction = Interaction::Device(user_code.to_string());
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    };
    let (client, view) = match find(server, request, &session, &user_code).await? {
        Ok(found) => found,
        Err(refused) => {
            return Ok(enter(server, request, typed, (refused.status(), Some(refused.words()))));
        }
    };
    let approves = form.get("decision") == Some("allow");
    let decided = if approves {
        approve(server, &claimed, &user_code, &client, view).await?
    } else {
        tell(server, &user_code, Decision::Deny).await?
    };
    let page = match (decided, approves) {
        (true, true) => Message {
            title: "Your device is signed in",
            text: "Go back to your device: it goes on by itself. You can close this page.",
            link: None,
        },
        (true, false) => Message {
            title: "The device was not let in",
            text: "If you did not ask for this, someone may have tried to use your account. \
                   Nothing was shared. You can close this page.",
            link: None,
        },
        (false, _) => {
            let refused = Refused::Unknown;
            return Ok(enter(server, request, "", (refused.status(), Some(refused.words()))));
        }
    };
    Ok(browser::html(server, 200, &page))
}

/// The account records the grant and remembers the consent; then the device is told.
async fn approve(
    server: &Server<'_>,
    claimed: &ClaimedSession,
    user_code: &UserCode,
    client: &Client,
    view: DeviceView,
) -> Result<bool, Failure> {
    let grant_id = server.ports.objects.id_of_name(Class::Grant, user_code.as_str())?.to_string();
    let asks = AuthorizeRequest {
        client_id: client.client_id.clone(),
        scope: view.scope.clone(),
        resources: view.resources.clone(),
        claims: ClaimsRequest::default(),
        grant_id: grant_id.clone(),
        // The browser in which a device was approved is not the device: signing out of one does
        // not sign the other out.
        offline: true,
        expires_at: server.now().plus(terms(server, client).grant),
        tokens: server.settings.lifetimes.access_token,
        signed_in_since: None,
        sub: None,
        consent: ConsentGiven::JustNow,
        declined: Scope::default(),
    };
    let command = AccountCommand::Authorize(claimed.proof.clone(), Box::new(asks));
    let Authorized { account, authentication, sid, not_after, .. } =
        match server.send::<Account>(&claimed.address(), command).await? {
            Ok(AccountReply::Authorized(authorized)) => *authorized,
            Ok(_) => return Err(Failure::internal("authorize was answered by something else")),
            Err(error) => return Err(error.into()),
        };
    let authorization = Authorization {
        grant_id: grant_id.clone(),
        account,
        client_id: client.client_id.clone(),
        scope: view.scope,
        resources: view.resources,
        nonce: None,
        claims: ClaimsRequest::default(),
        authentication,
        sid,
        not_after,
    };
    if tell(server, user_code, Decision::Approve(Box::new(authorization))).await? {
        return Ok(true);
    }
    // The request expired in between: the account forgets the grant that came to nothing.
    let forget = AccountCommand::GrantEnded(grant_id);
    match server.send::<Account>(&claimed.address(), forget).await? {
        Ok(_) | Err(AccountError::Unknown) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn tell(
    server: &Server<'_>,
    user_code: &UserCode,
    decision: Decision,
) -> Result<bool, Failure> {
    let address = Address::Name(user_code.as_str().to_owned());
    let command = GrantCommand::Decide(Box::new(decision));
    Ok(server.send::<Grant>(&address, command).await?.is_ok())
}

/// `verification_uri_complete` as a QR code, for the device to show (RFC 8628 §3.3.1).
///
/// # Errors
/// `invalid_request` for a code of another form. Nothing is looked up: any code has a picture.
pub async fn qr(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let user_code = query.get("user_code").and_then(UserCode::parse).ok_or_else(|| {
        crate::protocol::error::OAuthError::invalid_request("user_code must be eight letters")
    })?;
    let uri = server.url(&format!("/device?user_code={user_code}"));
    let code = QrCode::encode_text(&uri, QrCodeEcc::Medium)
        .map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Response::empty(200)
        .with("content-type", "image/svg+xml")
        .with("cache-control", "public, max-age=600")
        .with("content-security-policy", "default-src 'none'")
        // A television's page stands on another site.
        .with("cross-origin-resource-policy", "cross-origin")
        .with_body(svg(&code, &user_code)))
}

/// Draws the code with the quiet zone of four modules that readers need (ISO/IEC 18004 §6.3.8).
fn svg(code: &QrCode, user_code: &UserCode) -> String {
    const QUIET: i32 = 4;
    let size = code.size();
    let side = size.saturating_add(QUIET * 2);
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            let (x, y) = (x.saturating_add(QUIET), y.saturating_add(QUIET));
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         shape-rendering=\"crispEdges\"><title>QR code for {user_code}</title>\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}
