//! The sign-in page.

use crate::endpoints::failure::Failure;
use crate::endpoints::form::FormPage;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::Interaction;
use crate::endpoints::outcome::SignInPage;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::company;
use crate::pages::sign_in::{ProviderLink, SignIn};
use crate::protocol::parameters;
use crate::upstream::provider::Provider;

/// Renders the page. If the email address can lead to a company's provider, the page asks for the address first.
pub(in crate::endpoints) fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    interaction: &Interaction,
    shown: SignInPage,
) -> Result<Response, Failure> {
    let address_first = company::any(server) && !shown.asks_password;
    let leads_to = match interaction.redirect_uri() {
        None if address_first => Some(server.issuer.as_str()),
        uri => uri,
    };
    let form = FormPage::of_browser(server, request).leading_to(leads_to).with_notice(shown.notice);
    let flow = flow(server, interaction)?;
    let link = match interaction {
        Interaction::Link(pending) => {
            Some((pending.provider_name.as_str(), pending.identity.label()))
        }
        _ => None,
    };
    let takes_address = matches!(interaction, Interaction::Link(pending) if pending.is_unproven);
    let page = SignIn {
        csrf: &form.csrf,
        flow: &flow,
        sign_up: server
            .settings
            .sign_up
            .then(|| interaction.address(server, "/sign-up"))
            .transpose()?
            .filter(|_| link.is_none()),
        email: &shown.email,
        error: shown.error,
        asks_password: !address_first,
        providers: provider_links(server, interaction, &flow),
        link,
        takes_address,
    };
    Ok(form.render(shown.status, &page))
}

/// The providers that any user may choose. Company providers are left out, because the email address leads to them.
pub(in crate::endpoints) fn provider_links(
    server: &Server<'_>,
    interaction: &Interaction,
    flow: &str,
) -> Vec<ProviderLink> {
    let waits_for = match interaction {
        Interaction::Link(pending) => Some(&pending.identity.provider),
        _ => None,
    };
    let providers = server.settings.providers.iter().filter(|provider| {
        provider.signs_in && provider.domains.is_empty() && waits_for != Some(&provider.id)
    });
    let query = match flow {
        "" => String::new(),
        flow => format!("?{}", parameters::encode([("flow", flow)])),
    };
    let link = |provider: &Provider| ProviderLink {
        name: provider.name.clone(),
        address: server.url(&format!("/sign-in/{}{query}", provider.id)),
    };
    providers.map(link).collect()
}

/// The value of the hidden field that carries the interaction; empty for the account page.
pub(in crate::endpoints) fn flow(
    server: &Server<'_>,
    interaction: &Interaction,
) -> Result<String, Failure> {
    match interaction {
        Interaction::Account => Ok(String::new()),
        other => other.seal(server),
    }
}
