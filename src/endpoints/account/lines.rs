//! The lines of the account page.

use crate::domain::account::{LinkedIdentity, Overview};
use crate::domain::connection::Standing;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::endpoints::{connections, upstream};
use crate::pages::account::{AppLine, ConnectionLine, IdentityLine};
use crate::pages::consent::ScopeLine;
use crate::upstream::provider::Provider;

/// The provider's display name, or its `id` if it is no longer configured.
fn provider_name(server: &Server<'_>, id: &str) -> String {
    upstream::find(server, id).map_or_else(|| id.to_owned(), |provider| provider.name.clone())
}

/// The linked identities.
pub(super) fn identity_lines(server: &Server<'_>, overview: &Overview) -> Vec<IdentityLine> {
    let line = |(key, linked): &(String, LinkedIdentity)| IdentityLine {
        key: key.clone(),
        provider: provider_name(server, &linked.provider),
        label: linked.label.clone(),
        ago: match linked.used_at.seconds_until(server.now()) {
            0..86_400 => "in the last day".to_owned(),
            seconds => ago(seconds),
        },
    };
    overview.identities.iter().map(line).collect()
}

/// The providers that a user may link: `id` and display name. Company providers are left out, because they are found by
/// the user's email address.
pub(super) fn linkable(server: &Server<'_>) -> Vec<(String, String)> {
    let providers = server.settings.providers.iter();
    let open = providers.filter(|provider| provider.signs_in && provider.domains.is_empty());
    open.map(|provider| (provider.id.clone(), provider.name.clone())).collect()
}

/// The account's connections, with the status of each.
pub(super) async fn connection_lines(
    server: &Server<'_>,
    overview: &Overview,
) -> Result<Vec<ConnectionLine>, Failure> {
    let mut lines = Vec::new();
    for id in &overview.connections {
        let standing = connections::standing(server, &overview.session.account, id).await?;
        let (label, broken) = match standing {
            Some(Standing { label, broken, .. }) => (Some(label), broken),
            None => (None, None),
        };
        let app = match id.client_id() {
            Some(client_id) => {
                let name = app_name(server, client_id).await?;
                Some(name.unwrap_or_else(|| "an app that no longer exists".to_owned()))
            }
            None => None,
        };
        lines.push(ConnectionLine {
            provider: id.provider().to_owned(),
            name: provider_name(server, id.provider()),
            client_id: id.client_id().unwrap_or_default().to_owned(),
            app,
            label,
            broken: broken.map(|why| why.to_string()),
        });
    }
    Ok(lines)
}

/// The providers that offer connections and to which the user has no account-wide one: `id` and display name.
pub(super) fn connectable(server: &Server<'_>, overview: &Overview) -> Vec<(String, String)> {
    let is_connected = |provider: &Provider| {
        let mut held = overview.connections.iter().filter(|id| id.client_id().is_none());
        held.any(|id| id.provider() == provider.id)
    };
    let offered = server.settings.providers.iter().filter(|one| one.connection.is_some());
    let open = offered.filter(|provider| !is_connected(provider));
    open.map(|provider| (provider.id.clone(), provider.name.clone())).collect()
}

/// The user's claims that came from providers, in words: provider name, and a list of claims.
pub(super) fn source_lines(server: &Server<'_>, overview: &Overview) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let believed = overview.memberships.iter().filter(|held| upstream::is_believed(server, held));
    let membership = believed.flat_map(|held| {
        let groups = (!held.groups.is_empty()).then_some(("groups", held.provider.as_str()));
        let roles = (!held.roles.is_empty()).then_some(("roles", held.provider.as_str()));
        groups.into_iter().chain(roles)
    });
    let claims =
        overview.sources.iter().map(|(claim, provider)| (claim.as_str(), provider.as_str()));
    let mut all: Vec<(&str, &str)> = claims.chain(membership).collect();
    all.sort_unstable();
    for (claim, provider) in all {
        let name = provider_name(server, provider);
        let words = claim_in_words(claim);
        match lines.iter_mut().find(|(held, _)| *held == name) {
            Some((_, claims)) => {
                claims.push_str(", ");
                claims.push_str(words);
            }
            None => lines.push((name, words.to_owned())),
        }
    }
    lines
}

fn claim_in_words(claim: &str) -> &str {
    match claim {
        "given_name" => "first name",
        "family_name" => "last name",
        "middle_name" => "middle name",
        "preferred_username" => "username",
        "phone_number" => "phone number",
        "birthdate" => "date of birth",
        "zoneinfo" => "time zone",
        "locale" => "language",
        "profile" => "profile page",
        other => other,
    }
}

/// The app's display name; `None` if its client was deleted.
async fn app_name(server: &Server<'_>, client_id: &str) -> Result<Option<String>, Failure> {
    let client = server.client(client_id).await?;
    Ok(client.map(|client| client.display_name().into_owned()))
}

/// The apps that have access.
pub(super) async fn app_lines(
    server: &Server<'_>,
    overview: &Overview,
) -> Result<Vec<AppLine>, Failure> {
    let mut lines = Vec::new();
    for app in &overview.apps {
        // A deleted client has lost its access (RFC 7592 §2.3).
        let Some(name) = app_name(server, &app.client_id).await? else { continue };
        lines.push(AppLine {
            client_id: app.client_id.clone(),
            name,
            scopes: ScopeLine::of(&app.scope, &server.settings.resources),
            ago: ago(app.since.seconds_until(server.now())),
        });
    }
    Ok(lines)
}

/// A duration in the past, in words.
pub(super) fn ago(seconds: u32) -> String {
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds.div_euclid(60), "minute"),
        3600..86_400 => (seconds.div_euclid(3600), "hour"),
        _ => (seconds.div_euclid(86_400), "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}
