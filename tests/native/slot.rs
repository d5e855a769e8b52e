//! How a task of the edge waits for several promises at once: one has the fast way, and no outcome reaches another's
//! future.

#[path = "../../crates/edge/src/slot.rs"]
mod state;

use self::state::Slot;

#[test]
fn only_one_future_of_a_task_has_the_fast_way() {
    let mut slot = Slot::<u8>::default();
    assert!(slot.claim());
    assert!(!slot.claim());
    assert_eq!(slot.take(), None);
    // The other future woke the task: the first still waits.
    let mut slot = slot.between_turns();
    assert!(!slot.claim());
}

#[test]
fn an_outcome_is_taken_once_and_only_then_is_the_fast_way_free() {
    let mut slot = Slot::Arrived(7);
    assert!(
        !slot.claim(),
        "a new future must not take the place of the one that the outcome is for"
    );
    assert_eq!(slot.take(), Some(7));
    assert_eq!(slot.take(), None);
    assert!(slot.claim());
}

#[test]
fn the_outcome_of_a_future_that_was_dropped_reaches_no_other() {
    let mut slot = Slot::Arrived(7).between_turns();
    assert_eq!(slot, Slot::Free);
    assert_eq!(slot.take(), None);
    assert!(slot.claim());
}
