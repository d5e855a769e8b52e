//! What today's code stores and sends is in the newest folder, which no release has frozen yet. A scenario that reaches
//! every machine is recorded, and the folder has a sample of each shape that was met.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;

use serde_json::Value;

use super::folder::{self, File, TODAY};
use super::messages;
use super::scenario;
use super::shapes::{Describe, Shapes};
use super::type_shape;
use super::types::{self, Types};
use crate::support::recorder::{self, Record, name_of};

/// Commands that only workers and objects of the previous release send: the scenario can't reach them.
const EARLIER: [(&str, &str); 6] = [
    ("Account", "AddApp"),
    ("Account", "GrantRedeemed"),
    ("Account", "RemoveApp"),
    ("Grant", "Expect"),
    ("Grant", "Redeem"),
    ("Grant", "ReportRedemption"),
];

/// The machine whose state is never written: it counts its rows.
const IN_MEMORY: &str = "EventLog";

#[test]
fn what_today_s_code_stores_and_sends_is_in_the_newest_folder() {
    let records = recorder::record(scenario::run);
    let (machines, variants) = types::read();
    let missing = missing(&machines, &records);
    assert!(
        missing.is_empty(),
        "the scenario in tests/native/stored_versions/scenario doesn't reach these: {missing:#?}"
    );
    let describe = Describe { variants };
    let written = describe.samples(records);
    let shape = type_shape::lines(&written);
    if env::var("WRITE").is_ok_and(|write| write == "1") {
        write(&written, &shape);
    }
    let (now, stored) = (describe.folder(&written), describe.folder(&folder::read(TODAY)));
    let (new, gone) = (without(&now, &stored), without(&stored, &now));
    let read = fs::read_to_string(folder::root().join(TODAY).join("shape.txt")).unwrap_or_default();
    let (new_lines, gone_lines) = (lines_without(&shape, &read), lines_without(&read, &shape));
    assert!(
        new.is_empty() && gone.is_empty() && new_lines.is_empty() && gone_lines.is_empty(),
        "What is stored or sent has another form than in tests/stored/{TODAY}.\n\
         Only today: {new:#?}\nNo longer: {gone:#?}\n\
         In its shape.txt, only today: {new_lines:#?}\nNo longer: {gone_lines:#?}\n\
         The release before this one runs beside it for a while: it must read what is new, and this one reads what is \
         gone (migrations, defaults, commands that are still understood).\n\
         Where that holds, have the folder written again, and commit it with the change:\n\
         WRITE=1 cargo test --locked --test native stored_versions::today"
    );
}

/// The shapes that others don't have, and where their samples are.
fn without(shapes: &Shapes, others: &Shapes) -> BTreeMap<String, String> {
    let own = shapes.iter().filter(|(shape, _)| !others.contains_key(*shape));
    own.map(|(shape, place)| (place.clone(), shape.clone())).collect()
}

/// The lines that the other text doesn't have.
fn lines_without<'t>(text: &'t str, other: &str) -> Vec<&'t str> {
    let other: BTreeSet<&str> = other.lines().collect();
    text.lines().filter(|line| !other.contains(line)).collect()
}

/// Writes the folder.
fn write(files: &BTreeMap<String, File>, shape: &str) {
    let root = folder::root().join(TODAY);
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("shape.txt"), shape).unwrap();
    for (name, file) in files {
        let text = serde_json::to_string_pretty(file).unwrap() + "\n";
        fs::write(root.join(format!("{name}.json")), text).unwrap();
    }
}

/// Names of commands, variants of states, kinds of rows and effects that no record has.
fn missing(machines: &BTreeMap<String, Types>, records: &[Record]) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for (machine, types) in machines {
        let of = |section: &str| -> Vec<&Value> {
            let is_its = |record: &&Record| {
                record.section == section
                    && record.class.is_some_and(|class| class.name() == machine)
            };
            records.iter().filter(is_its).map(|record| &record.value).collect()
        };
        let mut expect = |what: &str, expected: &BTreeSet<String>, found: BTreeSet<String>| {
            missing.extend(
                expected.difference(&found).map(|name| format!("{machine}: {what} {name}")),
            );
        };
        let names = |values: Vec<&Value>| -> BTreeSet<String> {
            values.into_iter().filter_map(name_of).map(String::from).collect()
        };
        let is_sent = |name: &&String| {
            !EARLIER.contains(&(machine, name))
                && !messages::is_internal(&Value::from(name.as_str()))
        };
        let sent = types.commands.iter().filter(is_sent).cloned().collect();
        expect("command", &sent, names(of("command")));
        expect("row", &types.rows, names(of("row").iter().map(|row| &row["row"]).collect()));
        expect("effect", &types.effects, names(of("effect")));
        expect("state", &types.states, words(of("state").iter().map(|state| &state["state"])));
        // Some of them are told and not stored.
        let told = of("reply").into_iter().chain(of("state"));
        expect("part of a state", &types.parts, words(told));
        if of("state").is_empty() && machine != IN_MEMORY {
            missing.insert(format!("{machine}: state"));
        }
    }
    missing
}

/// The texts and the names of members in values.
fn words<'v>(values: impl Iterator<Item = &'v Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for value in values {
        match value {
            Value::String(text) => drop(found.insert(text.clone())),
            Value::Array(items) => found.extend(words(items.iter())),
            Value::Object(object) => {
                found.extend(object.keys().cloned());
                found.extend(words(object.values()));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

#[test]
fn every_command_that_only_an_earlier_release_sends_is_understood() {
    let (machines, _) = types::read();
    for (machine, name) in EARLIER {
        assert!(machines[machine].commands.contains(name), "{machine} has no command {name}");
    }
}
