//! Creating and rotating signing keys.

use futures_lite::future::block_on;
use vestibule::domain::machine::Class;
use vestibule::host::KeyList;
use vestibule::ports::Signer;
use vestibule::protocol::client_metadata::SigningAlgorithm::ES256;

use crate::support::World;

const MANY: u32 = 60;
/// When the second key is created: two days before the first one stops signing, in seconds.
const ROTATION: u32 = 28 * 86_400;

fn signs(world: &World) -> String {
    let keys = block_on(world.signer.keys(ES256)).expect("a key that signs");
    let now = vestibule::ports::Clock::now(&*world.clock);
    keys.signing_key(ES256, now).expect("a key that signs").public.kid.clone()
}

/// The IDs of the published keys.
fn published(world: &World) -> Vec<String> {
    let keys = world.keys.published().keys.into_iter().map(|key| key.pair.public);
    keys.filter(|key| key.alg == ES256).map(|key| key.kid).collect()
}

/// Every published key is a hint key too.
fn check_lists(world: &World) {
    let hints = world.keys.lists.lists.borrow()[&KeyList::HintKeys].clone();
    for key in &world.keys.published().keys {
        assert!(hints.contains(&key.pair.public.kid), "{hints}");
    }
}

#[test]
fn the_first_key_is_made_once_though_the_process_dies_over_it() {
    for moments in 0..MANY {
        let world = World::new(&[]);
        world.fuse.light(moments);
        let made = world.fuse.run(world.signer.keys(ES256));
        let had_died = world.restart();
        // The process that made the key died, and the alarm has another one made.
        world.advance(11);
        let kid = signs(&world);
        if let Some(made) = made {
            let now = vestibule::ports::Clock::now(&*world.clock);
            let signing = made.unwrap().signing_key(ES256, now).unwrap().public.kid.clone();
            assert_eq!(signing, kid, "what has signed goes on signing");
        }
        world.restart();
        world.advance(30);
        assert_eq!(signs(&world), kid);
        assert_eq!(published(&world).len(), 1, "after {moments} moments");
        assert_eq!(world.objects.outline(&[Class::KeyRing]), ["KeyRing: state"]);
        check_lists(&world);
        if !had_died {
            assert!(moments > 2);
            return;
        }
    }
    panic!("more moments than {MANY}");
}

#[test]
fn a_rotation_that_was_cut_off_leaves_one_next_key_that_is_published_before_it_signs() {
    for moments in 0..MANY {
        let world = World::new(&[]);
        let first = signs(&world);
        world.fuse.light(moments);
        world.advance(ROTATION);
        let had_died = world.restart();
        assert_eq!(signs(&world), first);
        world.advance(11);
        world.advance(30);
        world.restart();
        let keys = published(&world);
        assert_eq!(keys.len(), 2, "after {moments} moments");
        assert_eq!(signs(&world), first);
        check_lists(&world);
        let two_days = 2 * 86_400 - 60;
        world.advance(two_days);
        assert_eq!(signs(&world), first, "the next key is in no cache yet");
        world.restart();
        world.advance(3600);
        assert_eq!(signs(&world), keys[1]);
        if !had_died {
            assert!(moments > 2);
            return;
        }
    }
    panic!("more moments than {MANY}");
}
