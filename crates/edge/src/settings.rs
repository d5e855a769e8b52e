//! The settings, and what is wrong with them.

use std::cell::OnceCell;
use std::rc::Rc;

use serde::Serialize;
use vestibule::endpoints::settings::Settings;
use vestibule::endpoints::settings::names::{self, UnknownName};
use wasm_bindgen::JsError;
use worker::Env;

use super::platform;

thread_local! {
    // The settings never change while an isolate lives, so they are read and checked once.
    static SETTINGS: OnceCell<Result<Rc<Settings>, String>> = const { OnceCell::new() };
}

/// The settings of the deployment.
pub(super) fn settings(env: &Env) -> Result<Rc<Settings>, String> {
    SETTINGS.with(|settings| {
        settings
            .get_or_init(|| {
                let names = platform::setting_names(env);
                let names: Vec<&str> = names.lines().collect();
                let lookup = |name: &str| platform::variable(env, name);
                Settings::read(&names, &lookup).map(Rc::new).map_err(|error| error.to_string())
            })
            .clone()
    })
}

/// What [`report_settings`] reports.
#[derive(Serialize)]
struct SettingsReport {
    /// Why the server doesn't start.
    error: Option<String>,
    /// The names that are no settings.
    unknown: Vec<UnknownName>,
    /// Whether `ENVIRONMENT` is `development`.
    development: bool,
}

/// The report on the settings for `make deploy` and `make serve`, as JSON. It never contains a value of a secret.
///
/// # Errors
/// None in practice: the report is text.
pub fn report_settings(env: &Env) -> Result<String, JsError> {
    let settings = settings(env);
    let names = platform::setting_names(env);
    let names: Vec<&str> = names.lines().collect();
    let providers = settings.as_ref().ok().map(|settings| &*settings.providers);
    let unknown = names::unknown(&names, providers);
    let development = settings.as_ref().is_ok_and(|settings| settings.development);
    let report = SettingsReport { error: settings.err(), unknown, development };
    Ok(serde_json::to_string(&report)?)
}
