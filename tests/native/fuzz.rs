//! The properties that `make fuzz` looks for inputs against (`tests/fuzz/`), checked for every seed and for mutations
//! of them, the same ones each time.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::fuzz_targets::{ALL, Target};

/// How many mutations are tried for a target.
const CASES: u32 = 2000;

/// What means something to one parser or another. Most bugs need it in an odd place.
const WORDS: [&str; 40] = [
    "&",
    "=",
    "%",
    "%00",
    "%0d%0a",
    "+",
    ";",
    " ",
    "\t",
    "\r\n",
    "\u{a0}",
    "\u{2003}",
    "\u{202e}",
    "\u{200d}",
    "\u{301}",
    "\"",
    "\\",
    "\\u0000",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-1",
    "1e400",
    "0.5",
    "9007199254740993",
    "http://",
    "//",
    "/",
    "@",
    "#",
    "?",
    ":80",
    ".",
    "..",
    "-",
];

/// One change of an input.
#[derive(Clone, Debug)]
enum Mutation {
    /// Removes bytes.
    Remove { at: usize, count: usize },
    /// Replaces a byte.
    Replace { at: usize, byte: u8 },
    /// Inserts one of [`WORDS`].
    Insert { at: usize, word: &'static str },
    /// Repeats a part elsewhere.
    Copy { from: usize, count: usize, to: usize },
    /// Continues with the rest of another seed.
    Splice { at: usize, seed: usize, from: usize },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = || 0..4096_usize;
    prop_oneof![
        2 => (place(), 1..16_usize).prop_map(|(at, count)| Mutation::Remove { at, count }),
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace { at, byte }),
        4 => (place(), prop::sample::select(WORDS.as_slice()))
            .prop_map(|(at, word)| Mutation::Insert { at, word }),
        2 => (place(), 1..64_usize, place())
            .prop_map(|(from, count, to)| Mutation::Copy { from, count, to }),
        1 => (place(), 0..64_usize, place())
            .prop_map(|(at, seed, from)| Mutation::Splice { at, seed, from }),
    ]
}

impl Mutation {
    fn apply(&self, mut input: Vec<u8>, seeds: &[Vec<u8>]) -> Vec<u8> {
        let within = |place: usize, bytes: &[u8]| place % (bytes.len() + 1);
        match self {
            Self::Remove { at, count } => {
                let at = within(*at, &input);
                let end = (at + count).min(input.len());
                input.drain(at..end);
            }
            Self::Replace { at, byte } => {
                let at = within(*at, &input);
                if let Some(there) = input.get_mut(at) {
                    *there = *byte;
                }
            }
            Self::Insert { at, word } => {
                let at = within(*at, &input);
                input.splice(at..at, word.bytes());
            }
            Self::Copy { from, count, to } => {
                let from = within(*from, &input);
                let part = input[from..(from + count).min(input.len())].to_vec();
                let to = within(*to, &input);
                input.splice(to..to, part);
            }
            Self::Splice { at, seed, from } => {
                let other = &seeds[seed % seeds.len()];
                input.truncate(within(*at, &input));
                input.extend_from_slice(&other[within(*from, other)..]);
            }
        }
        input
    }
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target.name);
    let mut files: Vec<_> = fs::read_dir(&root).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The first input for which the target's property doesn't hold, and why.
fn counterexample(target: &Target) -> Option<String> {
    let seeds = seeds(target);
    assert!(seeds.len() >= 2, "{} has seeds", target.name);
    let config = |cases| Config { cases, failure_persistence: None, ..Config::default() };
    let rng = || TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for seed in 0..seeds.len() {
        let outcome = TestRunner::new_with_rng(config(1), rng()).run(&Just(seed), |seed| {
            (target.run)(&seeds[seed]);
            Ok(())
        });
        if let Err(error) = outcome {
            return Some(format!("{}, seed {seed}: {error}", target.name));
        }
    }
    let mutated = (0..seeds.len(), vec(mutation(), 1..6));
    let input = |seed: usize, mutations: &[Mutation]| {
        mutations.iter().fold(seeds[seed].clone(), |input, mutation| mutation.apply(input, &seeds))
    };
    let outcome =
        TestRunner::new_with_rng(config(CASES), rng()).run(&mutated, |(seed, mutations)| {
            (target.run)(&input(seed, &mutations));
            Ok(())
        });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(why, (seed, mutations))) => {
            let input = input(seed, &mutations);
            Some(format!("{}: {:?}: {why}", target.name, String::from_utf8_lossy(&input)))
        }
        Err(error) => Some(format!("{}: {error}", target.name)),
    }
}

#[test]
fn the_properties_of_all_parsers_hold_for_seeds_and_mutations_of_them() {
    let found: Vec<_> = ALL.iter().filter_map(counterexample).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn every_target_has_a_binary_and_every_folder_of_seeds_a_target() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for Target { name, .. } in &ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name} has a binary");
        let binary = fs::read_to_string(root.join("fuzz_targets").join(format!("{name}.rs")));
        assert!(binary.unwrap().contains(&format!("\"{name}\"")), "{name} runs its own target");
    }
    for folder in fs::read_dir(root.join("seeds")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(ALL.iter().any(|target| target.name == name), "{name} is a target");
    }
}
