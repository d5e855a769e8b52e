//! Connecting and disconnecting outside accounts.

use vestibule::domain::machine::Class;

use super::{cut_and_ask_at_once, cut_everywhere};
use crate::app_connections::{App, Scene};
use crate::support::browser::csrf;

const CONNECTIONS: &[Class] = &[Class::Connection];

/// Connects for the app, or for every app that the user allows.
fn connect(scene: &mut Scene, app: &App, is_for_app: bool) {
    scene.connected(is_for_app.then_some((&*app.client_id, "read")));
}

/// Whether the user's list has the connection.
fn is_listed(scene: &mut Scene) -> bool {
    scene.account_page().contains("name=\"provider\" value=\"acme\"")
}

fn disconnect(scene: &mut Scene, app: &App, is_for_app: bool) {
    let mut fields = vec![("provider", "acme")];
    fields.extend(is_for_app.then_some(("client_id", &*app.client_id)));
    scene.post("/account/connections", &fields);
}

#[test]
fn an_outside_account_that_is_connected_is_in_the_list_and_works_or_is_neither() {
    for is_for_app in [true, false] {
        cut_everywhere(
            || {
                let mut scene = Scene::new();
                let app = scene.app("App");
                scene.issues("at-1", "read");
                let asked = is_for_app.then_some((&*app.client_id, "read"));
                let (_, callback) = scene.go(asked);
                (scene, (app, callback))
            },
            |scene, (_, callback)| scene.browser.get(&scene.world, callback),
            |scene, (app, _), answered| {
                let is_connected = scene.gets(app) == "at-1";
                assert_eq!(is_listed(scene), is_connected, "for the app: {is_for_app}");
                assert!(answered.is_none() || is_connected);
                scene.issues("at-2", "read");
                connect(scene, app, is_for_app);
                assert!(is_listed(scene) && scene.gets(app) == "at-2");
                assert_eq!(scene.world.objects.count(Class::Connection), 1);
                disconnect(scene, app, is_for_app);
                assert!(!is_listed(scene));
                assert!(scene.world.objects.outline(CONNECTIONS).is_empty());
            },
        );
    }
}

#[test]
fn whoever_connects_again_before_the_alarm_has_the_new_connection() {
    cut_and_ask_at_once(
        || {
            let mut scene = Scene::new();
            let app = scene.app("App");
            scene.issues("at-0", "read");
            // The provider's metadata and keys are cached.
            connect(&mut scene, &app, false);
            disconnect(&mut scene, &app, false);
            scene.issues("at-1", "read");
            let (_, callback) = scene.go(None);
            (scene, (app, callback))
        },
        |scene, (_, callback)| scene.browser.get(&scene.world, callback),
        |scene, (app, _), _| {
            scene.issues("at-2", "read");
            connect(scene, app, false);
            scene.world.advance(11);
            assert_eq!(scene.gets(app), "at-2");
        },
    );
}

#[test]
fn an_outside_account_that_is_disconnected_is_in_no_list_revoked_and_erased_or_still_works() {
    for is_for_app in [true, false] {
        cut_everywhere(
            || {
                let mut scene = Scene::new();
                let app = scene.app("App");
                scene.issues("at-1", "read");
                connect(&mut scene, &app, is_for_app);
                let csrf = csrf(&scene.world, &mut scene.browser);
                (scene, (app, csrf))
            },
            |scene, (app, csrf)| {
                let mut fields = vec![("csrf", csrf.as_str()), ("provider", "acme")];
                fields.extend(is_for_app.then_some(("client_id", &*app.client_id)));
                scene.browser.post(&scene.world, "/account/connections", &fields)
            },
            |scene, (app, _), answered| {
                let is_listed_still = is_listed(scene);
                assert_eq!(scene.gets(app) == "at-1", is_listed_still);
                assert_eq!(scene.world.objects.count(Class::Connection) == 1, is_listed_still);
                assert_eq!(!scene.is_revoked("refresh at-1"), is_listed_still);
                assert!(answered.is_none() || !is_listed_still);
                disconnect(scene, app, is_for_app);
                assert!(!is_listed(scene) && scene.is_revoked("refresh at-1"));
                assert_ne!(scene.gets(app), "at-1");
                assert!(scene.world.objects.outline(CONNECTIONS).is_empty());
            },
        );
    }
}

#[test]
fn whoever_connects_again_at_once_after_a_disconnection_that_was_cut_off_stays_connected() {
    cut_and_ask_at_once(
        || {
            let mut scene = Scene::new();
            let app = scene.app("App");
            scene.issues("at-1", "read");
            connect(&mut scene, &app, false);
            let csrf = csrf(&scene.world, &mut scene.browser);
            (scene, (app, csrf))
        },
        |scene, (_, csrf)| {
            let fields = [("csrf", csrf.as_str()), ("provider", "acme")];
            scene.browser.post(&scene.world, "/account/connections", &fields)
        },
        |scene, (app, _), _| {
            scene.issues("at-2", "read");
            connect(scene, app, false);
            scene.world.advance(11);
            assert!(is_listed(scene));
            assert_eq!(scene.gets(app), "at-2");
        },
    );
}

#[test]
fn a_disconnection_that_did_not_arrive_comes_before_the_connection_that_follows_it() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    scene.issues("at-1", "read");
    connect(&mut scene, &app, false);
    let csrf = csrf(&scene.world, &mut scene.browser);
    let fields = [("csrf", csrf.as_str()), ("provider", "acme")];
    scene.world.objects.unreached.set(Some((Class::Connection, 1)));
    let gone = scene.browser.post(&scene.world, "/account/connections", &fields);
    assert_eq!(gone.status, 303);
    scene.issues("at-2", "read");
    let (_, callback) = scene.go(None);
    scene.world.objects.unreached.set(Some((Class::Connection, 1)));
    assert_eq!(scene.browser.get(&scene.world, &callback).status, 303);
    scene.world.advance(11);
    assert!(is_listed(&mut scene) && scene.is_revoked("refresh at-1"));
    assert_eq!(scene.gets(&app), "at-2");
}

#[test]
fn a_disconnection_that_an_event_rides_with_never_comes_again_after_the_connection_that_follows_it()
{
    cut_everywhere(
        || {
            let mut scene = Scene::new();
            let app = scene.app("App");
            scene.issues("at-1", "read");
            connect(&mut scene, &app, true);
            let csrf = csrf(&scene.world, &mut scene.browser);
            let fields = [("csrf", csrf.as_str()), ("client_id", &*app.client_id)];
            scene.world.objects.events_fail.set(true);
            scene.world.objects.unreached.set(Some((Class::Connection, 1)));
            assert_eq!(scene.browser.post(&scene.world, "/account/apps", &fields).status, 303);
            scene.issues("at-2", "read");
            let (_, callback) = scene.go(Some((&*app.client_id, "read")));
            scene.world.objects.unreached.set(Some((Class::Connection, 1)));
            assert_eq!(scene.browser.get(&scene.world, &callback).status, 303);
            assert!(!scene.is_revoked("refresh at-1"));
            scene.world.objects.events_fail.set(false);
            (scene, app)
        },
        |scene, _| {
            scene.world.advance(11);
            scene.browser.get(&scene.world, "/account")
        },
        |scene, _, _| {
            assert!(is_listed(scene) && scene.is_revoked("refresh at-1"));
            assert!(!scene.is_revoked("refresh at-2"));
            assert_eq!(scene.world.objects.count(Class::Connection), 1);
        },
    );
}
