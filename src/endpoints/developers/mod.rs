//! The developers' page (mode 3): users whom the operator allows register their own apps.

mod metadata;
mod owner;
mod page;

use self::metadata::metadata;
use self::owner::{developer, own};
use self::page::{Banner, app_page, fields, filled, list};
use super::account::confirm::{self, Question};
use super::browser;
use super::failure::Failure;
use super::form::{self, FormPage, OutdatedForm};
use super::http::{Request, Response};
use super::register;
use super::server::Server;
use crate::domain::account::{DeleteApp, RegisterApp, RegisterAppError};
use crate::domain::client::{self, Client};
use crate::domain::secret::SecretHash;
use crate::pages::developers::{AppFields, AppKind, DeleteApp as DeleteAppPage};
use crate::protocol::parameters::Parameters;

/// Shows the list of apps, or redirects to the sign-in page if nobody is signed in.
///
/// # Errors
/// A page if the user isn't allowed to register apps.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let notice = match request.query()?.get("done") {
        Some("deleted") => Some(Ok("The app was deleted.")),
        _ => None,
    };
    list(server, request, AppFields::default(), Banner::new(notice)).await
}

/// Registers an app, and shows its secret once.
///
/// # Errors
/// A page if the user isn't allowed to register apps or the form is not this server's own.
pub async fn create(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = match form::of_session(server, request)?.signed_in()? {
        Ok(sent) => sent,
        Err(outdated) => {
            let kind = AppKind::parse(outdated.typed.get("kind"));
            let typed = filled(&outdated.typed, kind);
            return list(server, request, typed, Banner::redrawn(&outdated)).await;
        }
    };
    let (view, _) = developer(server, &session).await?;
    let kind = AppKind::parse(form.get("kind"));
    let metadata = match metadata(server, &form, kind) {
        Ok(metadata) => metadata,
        Err(error) => {
            return list(server, request, filled(&form, kind), Banner::error(422, &error)).await;
        }
    };
    let secret = kind.is_confidential().then(|| client::generated_secret(server.random()));
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
    let command = RegisterApp { session: session.proof.clone(), client: client.clone() };
    match server.ask(&session.address(), command).await? {
        Ok(()) => {}
        Err(error @ RegisterAppError::TooManyApps) => {
            let message = format!("Nothing was registered: {error}.");
            return list(server, request, filled(&form, kind), Banner::error(409, &message)).await;
        }
        Err(error) => return Err(error.into()),
    }
    register::written(server, &client).await?;
    let notice = Some(Ok("The app was registered."));
    let banner = Banner::new(notice);
    app_page(server, request, (&client, fields(&client)), (secret.as_deref(), banner))
}

/// Shows an app.
///
/// # Errors
/// A page if the app isn't this user's.
pub async fn app(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let Some(session) = browser::claimed_session(request) else {
        return Ok(Response::see_other(&server.url("/sign-in")));
    };
    let client = own(server, &session, request.path_parameter()).await?;
    app_page(server, request, (&client, fields(&client)), (None, Banner::new(None)))
}

/// Changes an app's settings or secrets, or deletes the app.
///
/// # Errors
/// A page if the app isn't this user's or the form is not this server's own.
pub async fn change(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let client_id = request.path_parameter();
    let (form, session) = match form::of_session(server, request)?.signed_in()? {
        Ok(sent) => sent,
        Err(outdated) => return redraw_app(server, request, client_id, &outdated).await,
    };
    let client = own(server, &session, client_id).await?;
    // Anyone who creates a secret for an app or changes its redirect URIs can act as the app from then on.
    if let (view, Err(why)) = confirm::has_shown_lately(server, request, &session, &form).await? {
        let reason = format!("To change {}, confirm that it's you.", client.display_name());
        let question =
            Question { form: &form, why, reason, back: &request.path, is_any_sign_in_enough: true };
        return confirm::ask(server, request, &view, question).await;
    }
    // "Older" and "newest" may mean other secrets now than when the page was shown.
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
        // A secret is shown only once. If that page was lost, discarding it makes the older secret current again.
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
        Some("ask-delete") => {
            let form = FormPage::of_session(server, request)?;
            let name = client.display_name();
            Ok(form.render(200, &DeleteAppPage { csrf: &form.csrf, client_id, name: &name }))
        }
        Some("delete") => {
            let (proof, client_id) = (session.proof.clone(), client_id.to_owned());
            let command = DeleteApp { session: proof, client_id: client_id.clone() };
            server.ask(&session.address(), command).await??;
            server.ports.clients.forget(&client_id);
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
    let kind = AppKind::of(&client.metadata);
    let fields = if has_typed { filled(&outdated.typed, kind) } else { fields(&client) };
    app_page(server, request, (&client, fields), (None, Banner::redrawn(outdated)))
}

/// Creates a new secret. The previous one keeps working until it is retired.
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
        Some(Ok("A new secret was created. The previous one keeps working until you retire it."));
    let banner = Banner::new(notice);
    app_page(server, request, (&client, fields(&client)), (Some(&secret), banner))
}

async fn save(
    server: &Server<'_>,
    request: &Request<'_>,
    form: &Parameters,
    client: Client,
) -> Result<Response, Failure> {
    let kind = AppKind::of(&client.metadata);
    if form.get("metadata") != Some(&*client.metadata_fingerprint()) {
        let error =
            "The app was changed since you opened this page. Check its settings, then save again.";
        return app_page(
            server,
            request,
            (&client, filled(form, kind)),
            (None, Banner::error(409, error)),
        );
    }
    match metadata(server, form, kind) {
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
            app_page(server, request, (&client, filled(form, kind)), (None, banner))
        }
    }
}
