//! The developers' page (mode 3): people whom the operator allows register apps of their own.

use serde_json::json;

use super::account::confirm::{self, Question};
use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::form::{self, FormPage, OUT_OF_DATE, OutdatedForm};
use super::http::{Request, Response};
use super::register;
use super::server::Server;
use crate::domain::account::session::SessionView;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply};
use crate::domain::client::{self, Client};
use crate::domain::secret::SecretHash;
use crate::domain::verification::VerifiedClient;
use crate::pages::developers::{AppFields, AppLine, DeveloperApp, Developers};
use crate::protocol::client_metadata::{ClientMetadata, ClientMetadataError};
use crate::protocol::parameters::Parameters;
use crate::protocol::registration;

/// What the page says first: what was done, or what was wrong.
type Notice<'a> = Option<Result<&'a str, &'a str>>;

/// The person who is signed in, if the operator allows it.
async fn developer(
    server: &Server<'_>,
    session: &ClaimedSession,
) -> Result<(SessionView, Vec<String>), Failure> {
    let command = AccountCommand::Apps(session.proof.clone());
    let (view, apps) = match server.send::<Account>(&session.address(), command).await? {
        Ok(AccountReply::Apps(view, apps)) => (*view, apps),
        Ok(_) => return Err(Failure::internal("apps were answered by something else")),
        Err(error) => return Err(error.into()),
    };
    if server.settings.developers.allow(&view.claims) {
        return Ok((view, apps));
    }
    let message = "The people who run this service decide who registers apps. Ask them for it.";
    Err(Failure::page(403, "You cannot register apps here", message))
}

/// Shows the list; whoever is not signed in goes to the sign-in page.
///
/// # Errors
/// A page, where the person may not.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let notice = match request.query()?.get("done") {
        Some("deleted") => Some(Ok("The app was deleted.")),
        _ => None,
    };
    list(server, request, (AppFields::default(), true), Banner::new(notice)).await
}

/// The status of a page, and the messages at its top.
struct Banner<'a> {
    status: u16,
    notice: Notice<'a>,
    redrawn: Option<&'static str>,
}

impl<'a> Banner<'a> {
    fn new(notice: Notice<'a>) -> Self {
        Self { status: 200, notice, redrawn: None }
    }

    fn error(status: u16, error: &'a str) -> Self {
        Self { status, notice: Some(Err(error)), redrawn: None }
    }

    /// For a page that is shown again because its form was out of date.
    fn redrawn(outdated: &OutdatedForm) -> Self {
        Self { status: OUT_OF_DATE, notice: None, redrawn: Some(outdated.notice) }
    }
}

async fn list(
    server: &Server<'_>,
    request: &Request<'_>,
    (fields, confidential): (AppFields, bool),
    Banner { status, notice, redrawn }: Banner<'_>,
) -> Result<Response, Failure> {
    let Some(session) = browser::claimed_session(request) else {
        return Ok(Response::see_other(&server.url("/sign-in")));
    };
    let (_, owned) = match developer(server, &session).await {
        Err(Failure::SignedOut) => return Ok(Response::see_other(&server.url("/sign-in"))),
        other => other?,
    };
    let mut apps = Vec::new();
    for client_id in owned {
        if let Some(client) = server.registered_client(&client_id).await? {
            let name = client.display_name().into_owned();
            apps.push(AppLine {
                name,
                verified: !server.settings.is_unverified(&client),
                client_id,
            });
        }
    }
    let form = FormPage::of_session(server, request)?.with_notice(redrawn);
    let page = Developers {
        csrf: &form.csrf,
        apps,
        fields,
        confidential,
        notice: notice.and_then(Result::ok),
        error: notice.and_then(Result::err),
    };
    Ok(form.render(status, &page))
}

/// The metadata that a form describes (RFC 7591 §2), checked as any registration is.
fn metadata(
    server: &Server<'_>,
    form: &Parameters,
    confidential: bool,
) -> Result<ClientMetadata, String> {
    let text = |name: &str| form.get(name).map(str::trim).filter(|text| !text.is_empty());
    let redirect_uris: Vec<&str> =
        text("redirect_uris").unwrap_or_default().split_whitespace().collect();
    let mut json = json!({
        "client_name": text("name").ok_or("Give the app a name.")?,
        "redirect_uris": redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": if confidential { "client_secret_basic" } else { "none" },
    });
    for name in ["scope", "logo_uri", "policy_uri", "tos_uri"] {
        if let (Some(value), Some(members)) = (text(name), json.as_object_mut()) {
            members.insert(name.to_owned(), value.into());
        }
    }
    let metadata = registration::metadata(json.to_string().as_bytes());
    let metadata = metadata.map_err(|error| in_words(&error))?;
    register::check_name(server, &metadata, false).map_err(|error| in_words(&error))?;
    Ok(metadata)
}

/// The error in the words of the form, whose user doesn't know the metadata names.
fn in_words(error: &ClientMetadataError) -> String {
    match error {
        ClientMetadataError::BrandName => {
            "This name belongs to the service itself. Choose another one.".to_owned()
        }
        ClientMetadataError::Text("client_name", why) => {
            format!("Choose another name: {why}.")
        }
        other => other.to_string(),
    }
}

fn filled(form: &Parameters) -> AppFields {
    let text = |name| form.get(name).unwrap_or_default().to_owned();
    AppFields {
        name: text("name"),
        redirect_uris: text("redirect_uris"),
        scope: text("scope"),
        logo_uri: text("logo_uri"),
        policy_uri: text("policy_uri"),
        tos_uri: text("tos_uri"),
    }
}

fn fields(client: &Client) -> AppFields {
    let metadata = &client.metadata;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    AppFields {
        name: client.display_name().into_owned(),
        redirect_uris: metadata.redirect_uris.join("\n"),
        scope: metadata.scope.to_string(),
        logo_uri: text(&metadata.logo_uri),
        policy_uri: text(&metadata.policy_uri),
        tos_uri: text(&metadata.tos_uri),
    }
}

/// Registers an app, and shows its secret once.
///
/// # Errors
/// A page, where the person may not or the form is not this server's own.
pub async fn create(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = match form::of_session(server, request)?.signed_in()? {
        Ok(sent) => sent,
        Err(outdated) => {
            let typed = (filled(&outdated.typed), outdated.typed.get("kind") != Some("public"));
            return list(server, request, typed, Banner::redrawn(&outdated)).await;
        }
    };
    let (view, _) = developer(server, &session).await?;
    let confidential = form.get("kind") != Some("public");
    let metadata = match metadata(server, &form, confidential) {
        Ok(metadata) => metadata,
        Err(error) => {
            let typed = (filled(&form), confidential);
            return list(server, request, typed, Banner::error(422, &error)).await;
        }
    };
    let secret = confidential.then(|| client::generated_secret(server.random()));
    let client = Client {
        client_id: client::generated_id(server.random()),
        issued_at: server.now(),
        secret: secret.as_deref().map(SecretHash::of_text),
        older_secret: None,
        owner: Some(view.account),
        registration_access_token: None,
        verified: false,
        metadata,
    };
    // The list first: what stands there can be deleted, whatever happens after.
    let command = AccountCommand::AddApp(session.proof.clone(), client.client_id.clone());
    match server.send::<Account>(&session.address(), command).await? {
        Ok(_) => {}
        Err(error @ AccountError::TooManyApps) => {
            let message = format!("Nothing was registered: {error}.");
            let typed = (filled(&form), confidential);
            return list(server, request, typed, Banner::error(409, &message)).await;
        }
        Err(error) => return Err(error.into()),
    }
    register::write(server, &client).await?;
    let notice = Some(Ok("The app was registered."));
    let banner = Banner::new(notice);
    app_page(server, request, (&client, fields(&client)), (secret.as_deref(), banner))
}

/// The app of that name, where it is this person's.
async fn own(
    server: &Server<'_>,
    session: &ClaimedSession,
    client_id: &str,
) -> Result<Client, Failure> {
    let (view, _) = developer(server, session).await?;
    let client = server.registered_client(client_id).await?;
    client.filter(|client| client.owner.as_deref() == Some(&view.account)).ok_or_else(|| {
        Failure::page(404, "There is no such app", "It may have been deleted, or be another's.")
    })
}

/// Shows an app.
///
/// # Errors
/// A page, where it is not this person's.
pub async fn app(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let Some(session) = browser::claimed_session(request) else {
        return Ok(Response::see_other(&server.url("/sign-in")));
    };
    let client = own(server, &session, request.path_parameter()).await?;
    app_page(server, request, (&client, fields(&client)), (None, Banner::new(None)))
}

fn app_page(
    server: &Server<'_>,
    request: &Request<'_>,
    (client, fields): (&Client, AppFields),
    (secret, Banner { status, notice, redrawn }): (Option<&str>, Banner<'_>),
) -> Result<Response, Failure> {
    let form = FormPage::of_session(server, request)?.with_notice(redrawn);
    let page = DeveloperApp {
        csrf: &form.csrf,
        client_id: &client.client_id,
        fields,
        verify_with: server
            .settings
            .is_unverified(client)
            .then(|| VerifiedClient::of(client).to_string()),
        confidential: !client.metadata.is_public(),
        has_older_secret: client.older_secret.is_some(),
        secrets: client.secrets_fingerprint(),
        metadata: client.metadata_fingerprint(),
        secret,
        discovery: &server.url("/.well-known/openid-configuration"),
        notice: notice.and_then(Result::ok),
        error: notice.and_then(Result::err),
    };
    Ok(form.render(status, &page))
}

/// Changes an app: its settings, its secrets, or that it is.
///
/// # Errors
/// A page, where it is not this person's or the form is not this server's own.
pub async fn change(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let client_id = request.path_parameter();
    let (form, session) = match form::of_session(server, request)?.signed_in()? {
        Ok(sent) => sent,
        Err(outdated) => return redraw_app(server, request, client_id, &outdated).await,
    };
    let client = own(server, &session, client_id).await?;
    // Whoever makes a secret for an app or changes its redirect URIs can act as the app from then on.
    if let (view, Err(why)) = confirm::has_shown_lately(server, request, &session, &form).await? {
        let reason = format!("To change {}, show that it's you.", client.display_name());
        let question =
            Question { form: &form, why, reason, back: &request.path, is_any_sign_in_enough: true };
        return confirm::ask(server, request, &view, question).await;
    }
    // "Older" and "newest" may be other secrets than those that the page showed.
    let secrets_action = matches!(form.get("action"), Some("rotate" | "retire" | "discard"));
    if secrets_action && form.get("secrets") != Some(&*client.secrets_fingerprint()) {
        let error = "The secrets changed since you opened this page. Check which one your app uses, \
                     then try again.";
        let banner = Banner::error(409, error);
        return app_page(server, request, (&client, fields(&client)), (None, banner));
    }
    match form.get("action") {
        Some("rotate") => rotate(server, request, client).await,
        Some("retire") => {
            let client = Client { older_secret: None, ..client };
            register::write(server, &client).await?;
            let banner =
                Banner::new(Some(Ok("The older secret no longer works. Only the newest does.")));
            app_page(server, request, (&client, fields(&client)), (None, banner))
        }
        // A secret is shown only once. If that page was lost, the older secret becomes the current one again.
        Some("discard") if client.older_secret.is_some() => {
            let client = Client { secret: client.older_secret, older_secret: None, ..client };
            register::write(server, &client).await?;
            let banner = Banner::new(Some(Ok(
                "The newest secret was discarded. Your app's older secret still works.",
            )));
            app_page(server, request, (&client, fields(&client)), (None, banner))
        }
        Some("discard") => {
            let banner =
                Banner::error(409, "There is nothing to discard: this app has only one secret.");
            app_page(server, request, (&client, fields(&client)), (None, banner))
        }
        Some("delete") => {
            register::delete(server, client_id).await?;
            let command = AccountCommand::RemoveApp(session.proof.clone(), client_id.to_owned());
            server.send::<Account>(&session.address(), command).await??;
            Ok(Response::see_other(&server.url("/developers?done=deleted")))
        }
        _ => save(server, request, &form, client).await,
    }
}

/// Shows the app's page again, with what was typed in an outdated form.
async fn redraw_app(
    server: &Server<'_>,
    request: &Request<'_>,
    client_id: &str,
    outdated: &OutdatedForm,
) -> Result<Response, Failure> {
    let session = browser::claimed_session(request).ok_or(Failure::SignedOut)?;
    let client = own(server, &session, client_id).await?;
    let has_typed = outdated.typed.get("name").is_some();
    let fields = if has_typed { filled(&outdated.typed) } else { fields(&client) };
    app_page(server, request, (&client, fields), (None, Banner::redrawn(outdated)))
}

/// Makes a new secret; the one before goes on until it is retired.
async fn rotate(
    server: &Server<'_>,
    request: &Request<'_>,
    client: Client,
) -> Result<Response, Failure> {
    if client.metadata.is_public() || client.older_secret.is_some() {
        let error = "An app has at most two secrets. Retire the older one first.";
        let banner = Banner::error(409, error);
        return app_page(server, request, (&client, fields(&client)), (None, banner));
    }
    let secret = client::generated_secret(server.random());
    let older_secret = client.secret;
    let client = Client { secret: Some(SecretHash::of_text(&secret)), older_secret, ..client };
    register::write(server, &client).await?;
    let notice =
        Some(Ok("A new secret was made. The one before keeps working until you retire it."));
    let banner = Banner::new(notice);
    app_page(server, request, (&client, fields(&client)), (Some(&secret), banner))
}

async fn save(
    server: &Server<'_>,
    request: &Request<'_>,
    form: &Parameters,
    client: Client,
) -> Result<Response, Failure> {
    if form.get("metadata") != Some(&*client.metadata_fingerprint()) {
        let error =
            "The app was changed since you opened this page. Check its settings, then save again.";
        return app_page(
            server,
            request,
            (&client, filled(form)),
            (None, Banner::error(409, error)),
        );
    }
    match metadata(server, form, !client.metadata.is_public()) {
        Ok(metadata) => {
            let was_unverified = server.settings.is_unverified(&client);
            let client = Client { metadata, ..client };
            register::write(server, &client).await?;
            let notice = Some(Ok(if server.settings.is_unverified(&client) && !was_unverified {
                "The app was saved. It is unverified again, because its name, logo, links or \
                 redirect URIs changed."
            } else {
                "The app was saved."
            }));
            let banner = Banner::new(notice);
            app_page(server, request, (&client, fields(&client)), (None, banner))
        }
        Err(error) => {
            let banner = Banner::error(422, &error);
            app_page(server, request, (&client, filled(form)), (None, banner))
        }
    }
}
