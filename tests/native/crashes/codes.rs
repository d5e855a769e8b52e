//! Authorization codes (RFC 6749 §4.1).

use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Response;

use super::{cut_everywhere, developer};
use crate::attacks::access::{CALLBACK, app, authorize_url};
use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{Browser, answer};

#[test]
fn a_code_whose_redemption_was_cut_off_is_redeemed_now_or_never() {
    // RFC 6749 §4.1.2
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let client_id = app(&world, "openid offline_access", true);
            let scope = "&scope=openid+offline_access";
            let response = browser.get(&world, &authorize_url(&client_id, scope));
            let code = answer(&response, "code").unwrap();
            (world, (client_id, code))
        },
        |world, (client_id, code)| redemption(world, client_id, code),
        |world, (client_id, code), answered| {
            let again = redemption(world, client_id, code);
            let is_first = answered.is_none_or(|response| response.status != 200);
            assert!(again.status == 400 || is_first);
            assert_eq!(redemption(world, client_id, code).status, 400, "not twice");
        },
    );
}

#[test]
fn an_authorization_that_was_cut_off_can_be_repeated_and_leaves_nothing_in_the_end() {
    cut_everywhere(
        || {
            let (world, browser) = developer();
            let client_id = app(&world, "openid offline_access", true);
            (world, (browser, client_id))
        },
        |world, (browser, client_id)| {
            browser.get(world, &authorize_url(client_id, "&scope=openid+offline_access"))
        },
        |world, (browser, client_id), _| {
            let again = browser.get(world, &authorize_url(client_id, "&scope=openid"));
            let code = answer(&again, "code").expect("a code");
            assert_eq!(redemption(world, client_id, &code).status, 200);
            world.advance(7 * 86_400);
            assert!(world.objects.count(Class::Grant) <= 1, "only what was redeemed");
        },
    );
}

fn redemption(world: &World, client_id: &str, code: &str) -> Response {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    Browser::default().post(world, "/token", &fields)
}
