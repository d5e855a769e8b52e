//! The deployment's secret changes while outside accounts are connected.

use futures_lite::future::block_on;
use serde_json::{Value, json};
use vestibule::ports::Signer;
use vestibule::protocol::client_metadata::SigningAlgorithm;

use crate::app_connections::{App, Scene};
use crate::secret_rotation::deployment;

/// The provider issues an access token that lives for 100 seconds.
fn issues(scene: &Scene, access_token: &str, refresh_token: &Value) {
    let tokens = json!({
        "access_token": access_token, "refresh_token": refresh_token, "scope": "read",
        "expires_in": 100,
    });
    scene.provider.says.borrow_mut().tokens = tokens;
}

/// An app with a connection whose tokens were sealed with the secret `a`.
fn connected() -> (Scene, App) {
    let mut scene = Scene::new();
    scene.world.set_sealer(deployment("a"));
    let app = scene.app("App");
    issues(&scene, "at-1", &json!("refresh"));
    scene.connected(Some((&app.client_id, "read")));
    assert_eq!(scene.gets(&app), "at-1");
    (scene, app)
}

#[test]
fn an_access_token_is_sealed_anew_when_it_is_handed_out() {
    let (mut scene, app) = connected();
    scene.world.set_sealer(deployment("ba"));
    // The signing keys are sealed again too, once for all isolates.
    block_on(scene.world.signer.keys(SigningAlgorithm::ES256)).unwrap();
    let calls = scene.world.objects.calls.get();
    assert_eq!(scene.gets(&app), "at-1");
    assert_eq!(scene.world.objects.calls.get() - calls, 3);
    // After that, returning it takes two calls to objects again.
    assert_eq!(scene.gets(&app), "at-1");
    assert_eq!(scene.world.objects.calls.get() - calls, 5);
    scene.world.set_sealer(deployment("b"));
    assert_eq!(scene.gets(&app), "at-1");
    assert!(scene.world.log.0.borrow().is_empty());
}

#[test]
fn a_refresh_token_is_sealed_anew_by_the_refresh_even_where_the_provider_gives_no_new_one() {
    for refresh_token in [json!("another"), json!(null)] {
        let (mut scene, app) = connected();
        scene.world.set_sealer(deployment("ba"));
        scene.world.advance(95);
        issues(&scene, "at-2", &refresh_token);
        assert_eq!(scene.gets(&app), "at-2");
        scene.world.set_sealer(deployment("b"));
        scene.world.advance(95);
        issues(&scene, "at-3", &refresh_token);
        assert_eq!(scene.gets(&app), "at-3", "{refresh_token}");
    }
}

#[test]
fn a_lost_secret_asks_the_user_to_connect_again_and_finding_it_makes_the_connection_work() {
    for is_expired in [false, true] {
        let (mut scene, app) = connected();
        scene.world.set_sealer(deployment("b"));
        if is_expired {
            scene.world.advance(150);
        }
        for _ in 0..2 {
            let (status, body) = scene.outside(&app.token);
            assert_eq!((status, &body["error"]), (409, &json!("interaction_required")), "{body}");
            assert!(body["connect_uri"].as_str().unwrap().ends_with("/connect/acme"));
        }
        let log = scene.world.log.0.borrow().concat();
        assert!(is_expired || log.contains("VESTIBULE_SECRET"), "{log}");
        if is_expired {
            assert!(scene.account_page().contains("can no longer read the access"));
        }
        // Nothing was overwritten.
        scene.world.set_sealer(deployment("ba"));
        scene.world.advance(6);
        issues(&scene, "at-2", &json!("refresh"));
        assert_eq!(scene.gets(&app), if is_expired { "at-2" } else { "at-1" });
    }
}

#[test]
fn connecting_again_after_a_lost_secret_gives_a_connection_that_works() {
    let (mut scene, app) = connected();
    scene.world.set_sealer(deployment("b"));
    assert_eq!(scene.gets(&app), "interaction_required");
    issues(&scene, "at-2", &json!("refresh"));
    scene.connected(Some((&app.client_id, "read")));
    assert_eq!(scene.gets(&app), "at-2");
    scene.world.advance(95);
    issues(&scene, "at-3", &json!("refresh"));
    assert_eq!(scene.gets(&app), "at-3");
}

#[test]
fn a_connection_whose_tokens_cannot_be_opened_can_be_removed() {
    let (mut scene, app) = connected();
    scene.world.set_sealer(deployment("b"));
    let fields = [("provider", "acme"), ("client_id", app.client_id.as_str())];
    scene.post("/account/connections", &fields);
    assert!(!scene.is_revoked("refresh"), "nobody knows the token any more");
    scene.world.set_sealer(deployment("a"));
    assert_eq!(scene.gets(&app), "interaction_required");
}
