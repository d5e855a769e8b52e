//! The signing keys.

use futures_lite::future::block_on;
use vestibule::domain::event_log::{self, Latest};
use vestibule::domain::machine::{Class, Command};
use vestibule::domain::time::Seconds;
use vestibule::ports::{Objects, Signer};
use vestibule::protocol::client_metadata::SigningAlgorithm::{ES256, RS256};

use super::{DAY, Scene};
use crate::secret_rotation::deployment;
use crate::support::browser::Browser;
use crate::support::recorder::step;

pub fn run(mut scene: Scene) {
    step("the keys rotate");
    for _ in 0..80 {
        scene.world.advance(DAY);
    }
    Browser::default().get(&scene.world, "/jwks");
    step("the secret of the deployment changes");
    for names in ["a", "ba", "b", "c"] {
        scene.world.set_sealer(deployment(names));
        for alg in [ES256, RS256] {
            block_on(scene.world.signer.keys(alg)).unwrap();
        }
    }
    scene.world.advance(DAY);
    step("an operator reads events");
    let log = event_log::address("dana");
    let newest = Latest { limit: 10 }.write().unwrap();
    let read = scene.world.objects.send(Class::EventLog, &log, newest, Seconds(0));
    block_on(read).unwrap();
}
