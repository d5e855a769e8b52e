//! The registry finally equals the record, even if publishing a change fails (RFC 7592 §2).

use futures_lite::future::block_on;
use proptest::prelude::*;
use vestibule::domain::client::{self, Client};
use vestibule::domain::machine::Command;
use vestibule::domain::registration::{Delete, Read, RegistrationError, Write};
use vestibule::domain::time::Seconds;
use vestibule::ports::{self, SendResult};
use vestibule::protocol::registration;

use crate::support::{START, World, by_name};

fn named(client_id: &str, name: &str) -> Client {
    let metadata =
        format!(r#"{{"redirect_uris":["https://app.example.test/"],"client_name":"{name}"}}"#);
    Client {
        client_id: client_id.to_owned(),
        issued_at: START,
        secret: None,
        older_secret: None,
        owner: None,
        registration_access_token: None,
        verified: false,
        metadata: registration::metadata(metadata.as_bytes()).unwrap(),
    }
}

fn send<C: Command>(world: &World, id: &str, command: C) -> SendResult<C> {
    let address = by_name(id);
    block_on(ports::send(&world.ports(), &address, command, Seconds(0)))
}

fn write(world: &World, id: &str, name: &str) -> SendResult<Write> {
    send(world, id, Write(Box::new(named(id, name))))
}

#[test]
fn the_registry_ends_with_the_newer_change_even_if_the_older_could_not_be_published() {
    let world = World::new(&[]);
    let id = client::generated_id([1; 16]);
    let shown = || world.clients.get(&id).and_then(|client| client.metadata.client_name);
    write(&world, &id, "first").unwrap().unwrap();
    assert_eq!(shown().as_deref(), Some("first"));
    world.clients.fails.set(true);
    write(&world, &id, "second").unwrap().unwrap();
    write(&world, &id, "third").unwrap().unwrap();
    assert_eq!(shown().as_deref(), Some("first"), "the registry refuses writes");
    world.clients.fails.set(false);
    write(&world, &id, "fourth").unwrap().unwrap();
    assert_eq!(shown().as_deref(), Some("fourth"));
    world.advance(10);
    assert_eq!(shown().as_deref(), Some("fourth"), "an outdated change was published");
}

#[test]
fn a_client_that_is_deleted_stays_deleted() {
    let world = World::new(&[]);
    let id = client::generated_id([2; 16]);
    write(&world, &id, "first").unwrap().unwrap();
    world.clients.fails.set(true);
    write(&world, &id, "second").unwrap().unwrap();
    send(&world, &id, Delete).unwrap().unwrap();
    assert_eq!(write(&world, &id, "third").unwrap(), Err(RegistrationError::NotRegistered));
    world.clients.fails.set(false);
    world.advance(10);
    assert!(world.clients.get(&id).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn the_registry_ends_with_what_the_record_says(
        events in prop::collection::vec((0_u8..4, any::<bool>()), 1..20),
    ) {
        let world = World::new(&[]);
        let id = client::generated_id([3; 16]);
        for (index, (event, fails)) in events.into_iter().enumerate() {
            world.clients.fails.set(fails);
            match event {
                0 => drop(send(&world, &id, Delete).unwrap()),
                1 => world.advance(10),
                _ => drop(write(&world, &id, &format!("change {index}")).unwrap()),
            }
        }
        world.clients.fails.set(false);
        world.advance(10);
        let record = send(&world, &id, Read).unwrap().ok();
        prop_assert_eq!(world.clients.get(&id), record.map(|client| *client));
    }
}
