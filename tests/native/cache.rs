//! The cache of clients at the edge: bounded by bytes, and not emptied by strangers.

#[path = "../../crates/edge/src/cache.rs"]
mod bounded;

use self::bounded::Cache;

#[test]
fn a_thousand_large_clients_take_no_more_than_the_bound() {
    let mut cache = Cache::new(4_000);
    let keys: Vec<String> = (0..1000).map(|index| format!("client {index}")).collect();
    for key in &keys {
        cache.insert(key, 62, [0_u8; 62]);
        cache.insert(key, 62, [1_u8; 62]);
    }
    let held = keys.iter().filter(|key| cache.get(key).is_some()).count();
    assert!((32..=64).contains(&held), "{held} are held");
}

#[test]
fn used_entries_stay_however_many_strangers_come() {
    let mut cache = Cache::new(1_000);
    cache.insert("busy", 100, "busy");
    for stranger in 0..1000 {
        cache.insert(&format!("stranger {stranger}"), 100, "stranger");
        assert_eq!(cache.get("busy"), Some(&"busy"), "after {stranger} strangers");
    }
}

#[test]
fn removed_and_too_large_entries_are_not_cached() {
    let mut cache = Cache::new(1_000);
    cache.insert("one", 100, 1);
    cache.insert("one", 100, 2);
    assert_eq!(cache.get("one"), Some(&2));
    cache.remove("one");
    assert_eq!(cache.get("one"), None);
    cache.insert("one", 501, 3);
    assert_eq!(cache.get("one"), None);
}
