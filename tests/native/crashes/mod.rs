//! The process dies at each moment in turn and starts again. What involves two objects is then either finished or never
//! begun, and repeating the request completes it.

mod accounts;
mod apps;
mod codes;
mod connections;
mod consents;
mod devices;
mod identities;
mod keys;
mod linked_by_address;
mod logouts;
mod passwords;
mod registrations;
mod revocations;

use std::borrow::Borrow;

use vestibule::endpoints::http::Response;

use crate::attacks::access::signed_up;
use crate::support::World;
use crate::support::browser::Browser;

/// More moments than any request has.
const MANY: u32 = 200;

/// Lets the process die at each moment of a request, each time in a new world. The check gets the response, if there
/// was one. Before the check, the alarm performs the effects that were left.
pub fn cut_everywhere<W: Borrow<World>, T>(
    prepare: impl Fn() -> (W, T),
    request: impl Fn(&mut W, &mut T) -> Response,
    check: impl Fn(&mut W, &mut T, Option<Response>),
) {
    cut(prepare, request, |world, given, response| {
        (*world).borrow().advance(11);
        check(world, given, response);
    });
}

/// Like [`cut_everywhere`], but also runs another check before the alarm.
fn cut_and_ask_at_once<W: Borrow<World>, T>(
    prepare: impl Fn() -> (W, T),
    request: impl Fn(&mut W, &mut T) -> Response,
    check: impl Fn(&mut W, &mut T, Option<Response>),
) {
    cut(&prepare, &request, &check);
    cut_everywhere(prepare, request, check);
}

fn cut<W: Borrow<World>, T>(
    prepare: impl Fn() -> (W, T),
    request: impl Fn(&mut W, &mut T) -> Response,
    check: impl Fn(&mut W, &mut T, Option<Response>),
) {
    for moments in 0..MANY {
        let (mut world, mut given) = prepare();
        world.borrow().fuse.light(moments);
        let response = request(&mut world, &mut given);
        let had_died = world.borrow().restart();
        eprintln!("cut after {moments} moments");
        check(&mut world, &mut given, (!had_died).then_some(response));
        if !had_died {
            assert!(moments > 2, "the request has moments");
            return;
        }
    }
    panic!("a request has more than {MANY} moments");
}

fn developer() -> (World, Browser) {
    let world = World::new(&[]);
    let browser = signed_up(&world, "person@example.test");
    (world, browser)
}

fn is_signed_up(world: &World, browser: &mut Browser) -> bool {
    browser.get(world, "/account").status == 200
}
