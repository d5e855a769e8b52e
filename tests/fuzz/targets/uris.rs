//! Addresses: redirect URIs, resources, and the addresses that the server itself calls.

use url::{Host, Url};
use vestibule::protocol::outbound;
use vestibule::protocol::redirect_uri::{
    Destination, check, form_action_source, is_loopback, matches,
};
use vestibule::protocol::resource::{self, Resources};

use super::{two, utf8};

/// A redirect URI that may be registered can be redirected to and named on a page. One that matches a registered one
/// (the first line of the input) is the same, or differs from it in the port of a loopback address and in nothing else
/// (RFC 8252 §7.3).
pub fn redirect_uris(input: &[u8]) {
    let Some(input) = utf8(input) else { return };
    let (registered, sent) = two(input);
    if check(registered).is_err() {
        return;
    }
    let url = Url::parse(registered).expect("a registered URI is a URL");
    assert!(registered.bytes().all(|byte| byte.is_ascii_graphic()), "fit for a header");
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
    assert!(!matches!(url.scheme(), "javascript" | "data" | "file" | "blob"));
    assert!(Destination::of(registered).is_some() && form_action_source(registered).is_some());
    assert!(matches(registered, registered));
    if sent == registered || !matches(registered, sent) {
        return;
    }
    assert_eq!(check(sent), Ok(()), "{sent:?} could have been registered");
    assert_eq!(url.scheme(), "http");
    assert!(is_loopback(&url), "{registered} has a port that may differ");
    assert_eq!(without_port(registered), without_port(sent), "only the port differs");
    assert!(matches(sent, registered));
}

/// The URI without a colon and digits at the end of its authority.
fn without_port(uri: &str) -> String {
    let after = uri.strip_prefix("http://").expect("an http URI");
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    format!("{host}{rest}")
}

/// Resources are absolute URIs, each once, and are read again as the same (RFC 8707 §2). The setting (the first line
/// of the input) admits only its own.
pub fn resources(input: &[u8]) {
    let Some(input) = utf8(input) else { return };
    let (setting, asked) = two(input);
    if let Ok(read) = resource::parse(asked.split(' '), &Resources::default()) {
        assert!(!read.is_empty() && read.len() <= 10);
        let again = resource::parse(read.iter().map(String::as_str), &Resources::default());
        assert_eq!(again.as_ref(), Ok(&read), "read again");
        for (index, one) in read.iter().enumerate() {
            assert!(Url::parse(one).is_ok_and(|url| url.fragment().is_none()), "{one}");
            assert!(!read.iter().skip(index + 1).any(|other| other == one), "{one} is there once");
        }
    }
    if let Ok(known) = Resources::read(setting) {
        if let Ok(read) = resource::parse(asked.split(' '), &known) {
            assert!(
                setting.trim().is_empty() || setting.contains('[') || {
                    read.iter().all(|one| setting.split_whitespace().any(|own| own == one))
                }
            );
        }
        for scope in known.scopes() {
            assert!(known.words(scope).is_some_and(|words| !words.words.is_empty()));
        }
    }
}

/// An address that the server may call is https, has a public name and no credentials, and is read again as the same.
pub fn outbound(input: &[u8]) {
    let Some(address) = utf8(input) else { return };
    let Ok(url) = outbound::check(address, false) else { return };
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    let Some(Host::Domain(name)) = url.host() else { panic!("{address} has no name") };
    assert!(name.contains('.'), "{name} is no name of one network alone");
    let bare = name.trim_end_matches('.');
    for private in [".localhost", ".local", ".internal", ".test", ".home.arpa"] {
        assert!(!bare.ends_with(private), "{name}");
    }
    assert_eq!(outbound::check(address, true), Ok(url), "development allows more, not less");
}
