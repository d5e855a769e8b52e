//! Renders the list of apps and the page of each app.

use super::owner::developer;
use crate::domain::account::ForgetApp;
use crate::domain::client::Client;
use crate::domain::verification::VerifiedClient;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{FormPage, OUT_OF_DATE, OutdatedForm};
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::developers::{AppFields, AppKind, AppLine, DeveloperApp, Developers};
use crate::protocol::parameters::Parameters;

/// The message at the top of the page: what was done, or an error.
type Notice<'a> = Option<Result<&'a str, &'a str>>;

/// The status of a page, and the messages at its top.
pub(super) struct Banner<'a> {
    status: u16,
    notice: Notice<'a>,
    redrawn: Option<&'static str>,
}

impl<'a> Banner<'a> {
    /// A page that says what was done, if anything was.
    pub fn new(notice: Notice<'a>) -> Self {
        Self { status: 200, notice, redrawn: None }
    }

    /// A page that shows an error.
    pub fn error(status: u16, error: &'a str) -> Self {
        Self { status, notice: Some(Err(error)), redrawn: None }
    }

    /// A page that is shown again because its form was out of date.
    pub fn redrawn(outdated: &OutdatedForm) -> Self {
        Self { status: OUT_OF_DATE, notice: None, redrawn: Some(outdated.notice) }
    }
}

/// Renders the list of apps, or redirects to the sign-in page if nobody is signed in.
pub(super) async fn list(
    server: &Server<'_>,
    request: &Request<'_>,
    fields: AppFields,
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
        let Some(client) = server.registered_client(&client_id).await? else {
            let forget = ForgetApp { session: session.proof.clone(), client_id };
            server.ask(&session.address(), forget).await??;
            continue;
        };
        let name = client.display_name().into_owned();
        let verified = !server.settings.is_unverified(&client);
        apps.push(AppLine { name, verified, client_id });
    }
    let form = FormPage::of_session(server, request)?.with_notice(redrawn);
    let page = Developers {
        csrf: &form.csrf,
        apps,
        fields,
        notice: notice.and_then(Result::ok),
        error: notice.and_then(Result::err),
    };
    Ok(form.render(status, &page))
}

/// The fields as the user typed them. The form of a registered app doesn't have its kind.
pub(super) fn filled(form: &Parameters, kind: AppKind) -> AppFields {
    let text = |name| form.get(name).unwrap_or_default().to_owned();
    AppFields {
        kind,
        name: text("name"),
        redirect_uris: text("redirect_uris"),
        scope: text("scope"),
        logo_uri: text("logo_uri"),
        policy_uri: text("policy_uri"),
        tos_uri: text("tos_uri"),
    }
}

/// The fields as they are stored.
pub(super) fn fields(client: &Client) -> AppFields {
    let metadata = &client.metadata;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    AppFields {
        kind: AppKind::of(metadata),
        name: client.display_name().into_owned(),
        redirect_uris: metadata.redirect_uris.join("\n"),
        scope: metadata.scope.to_string(),
        logo_uri: text(&metadata.logo_uri),
        policy_uri: text(&metadata.policy_uri),
        tos_uri: text(&metadata.tos_uri),
    }
}

/// Renders the page of an app, with its secret if that is new.
pub(super) fn app_page(
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
