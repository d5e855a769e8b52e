//! What releases stored and sent stays readable: golden samples of what the previous release and those before it wrote,
//! in `tests/stored`. A gradual deployment runs two releases side by side, and stored data outlives them all.

mod accepted;
mod folder;
mod forms;
mod messages;
mod names;
mod probe;
mod reader;
mod replay;
mod scenario;
mod sealed;
mod shapes;
mod today;
mod type_shape;
mod types;

use folder::{ADVICE, each};

#[test]
fn what_releases_stored_and_sent_is_read() {
    let mut errors = Vec::new();
    each(|sample| {
        if let Err(error) = forms::read(sample) {
            errors.push(format!("{}: {error}", sample.place()));
        }
    });
    assert!(errors.is_empty(), "can't be read any more: {errors:#?}\n{ADVICE}");
}
